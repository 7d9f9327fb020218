#ifndef WXS_EVENTS_EVENT_QUERY_H
#define WXS_EVENTS_EVENT_QUERY_H

#include "service.h"
#include "uuid.h"

#define WXS_QUERY_LINK_MAX 2048 /* bytes of a destination */
#define WXS_QUERY_TAG_MAX  1000 /* bytes of a tag's name, and of its value */

typedef enum {
    WXS_FINAL_ANY,
    WXS_FINAL_YES,
    WXS_FINAL_NO
} wxs_final;

/* Which events a request asks for. */
typedef struct {
    bool ascending;
    int limit;        /* of a page */
    int64_t after;    /* the number of an event, 0 = from the first on */
    int64_t domain;   /* number, 0 = any */
    int type;         /* a character code as in the events, 0 = any */
    int64_t from, to; /* milliseconds: from on, before to; 0 = open */
    wxs_final final;
    unsigned verdicts; /* as in wxs_event_filter, 0 = any */
    bool by_message;
    uint8_t message[WXS_UUID_SIZE];
    char link[WXS_QUERY_LINK_MAX + 1]; /* "" = any */
    char tag[WXS_QUERY_TAG_MAX + 1];   /* name, "" = any */
    char value[WXS_QUERY_TAG_MAX + 1]; /* of the tag, if has_value */
    bool has_value;
} wxs_event_query;

/* Reads the parameters of a list (is_export: of an export, which goes from the
 * oldest on and has no limit). False after answering 422, or 404 where the
 * domain is not one of the account. */
bool wxs_event_query_read(wxs_context *context, const wxs_request *request,
                          bool is_export, wxs_event_query *query,
                          wxs_response *response);

#endif
