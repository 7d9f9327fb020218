#ifndef WXS_CLASSIFY_AGENT_H
#define WXS_CLASSIFY_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent_list.h"
#include "verdict.h"

/* What a User-Agent tells. */
typedef struct {
    uint8_t machine; /* wxs_agent_kind, by the longest pattern; 0 = none */
    uint8_t device;  /* wxs_device */
    uint8_t client;  /* names[] of the list: of a mail client; 0 = none */
    bool is_empty;
    bool is_bare;    /* "Mozilla/5.0" and nothing else, as Apple's proxy */
    bool is_proxy;   /* another image proxy of a mailbox */
    bool is_app;     /* an HTTP stack of apps */
    bool has_engine; /* of a browser */
    bool is_ancient; /* a browser that hardly anybody has any more */
} wxs_agent;

wxs_agent wxs_agent_read(const wxs_agent_list *list, const char *agent,
                         size_t len);

/* Agents repeat: what was read of the last few thousand is kept. Its size is
 * fixed; entries are told by a keyed hash, so that nobody can make two agents
 * that are taken for each other. */
#define WXS_AGENT_SETS 1024
#define WXS_AGENT_WAYS 4

typedef struct {
    uint64_t key[2]; /* random */
    struct {
        uint64_t hash[WXS_AGENT_WAYS]; /* lately used first */
        wxs_agent agent[WXS_AGENT_WAYS];
    } sets[WXS_AGENT_SETS];
} wxs_agent_cache;

/* The same as wxs_agent_read(); hash: of the agent, for those who compare. */
wxs_agent wxs_agent_recall(wxs_agent_cache *cache, const wxs_agent_list *list,
                           const char *agent, size_t len, uint64_t *hash);

#endif
