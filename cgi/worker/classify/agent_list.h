#ifndef WXS_CLASSIFY_AGENT_LIST_H
#define WXS_CLASSIFY_AGENT_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "automaton.h"
#include "error.h"

/* The list conf/agents.txt: what the parts of a User-Agent tell. */

#define WXS_AGENT_PATTERNS_MAX 8192
#define WXS_AGENT_CLIENTS_MAX  64
#define WXS_AGENT_NAME         32

typedef enum {
    WXS_AGENT_NOT, /* what would be found inside of it does not count */
    WXS_AGENT_CLIENT,
    WXS_AGENT_APP,
    WXS_AGENT_ENGINE,
    WXS_AGENT_MOBILE,
    WXS_AGENT_ANDROID, /* a tablet unless it says mobile */
    WXS_AGENT_TABLET,
    WXS_AGENT_DESKTOP,
    WXS_AGENT_PROXY,
    WXS_AGENT_LIBRARY, /* from here on a machine */
    WXS_AGENT_AUTOMATION,
    WXS_AGENT_SCANNER,
    WXS_AGENT_CRAWLER,
    WXS_AGENT_PREVIEW,
    WXS_AGENT_MONITOR,
    WXS_AGENT_FEED,
    WXS_AGENT_KINDS
} wxs_agent_kind;

enum { /* flags of a pattern */
    WXS_AGENT_BEGIN = 1,
    WXS_AGENT_END = 2,
    WXS_AGENT_WORD_BEGIN = 4,
    WXS_AGENT_WORD_END = 8,
    WXS_AGENT_ANY_CASE = 16,
};

typedef struct {
    uint8_t kind; /* wxs_agent_kind */
    uint8_t flags;
    uint8_t length;
    uint8_t name;  /* in names */
    uint16_t same; /* another pattern of the same text in lower case, or NONE */
    char text[83]; /* as it has to be found */
} wxs_agent_pattern;

typedef struct {
    size_t count;
    wxs_agent_pattern *patterns;
    size_t names_count;
    char names[WXS_AGENT_CLIENTS_MAX][WXS_AGENT_NAME]; /* [0] is "-" */
    wxs_automaton
        automaton; /* its texts are patterns, the first of each text */
} wxs_agent_list;

/* Reads a list; on false the error names the line and what is expected. To be
 * freed with wxs_agent_list_free(). */
bool wxs_agent_list_parse(const char *text, wxs_agent_list *list,
                          wxs_error *error);

void wxs_agent_list_free(wxs_agent_list *list);

#endif
