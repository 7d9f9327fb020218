#ifndef WXS_WAXSEAL_EVENTS_FILTER_H
#define WXS_WAXSEAL_EVENTS_FILTER_H

#include "client.h"

/* Which events the commands about them are for; a part that is NULL, or false,
 * lets every event through. */
typedef struct {
    const char *domain; /* name or id */
    const char *message;
    const char *type;
    const char *verdict;
    const char *link;
    const char *tag; /* "name" or "name:value" */
    const char *from;
    const char *to;
    bool is_final;
} wxs_events_filter;

/* Where the macros stand, filter is a wxs_events_filter. */

#define WXS_EVENTS_FILTER_OPTIONS                                              \
    {"domain", &filter.domain, NULL}, {"message", &filter.message, NULL},      \
        {"type", &filter.type, NULL}, {"verdict", &filter.verdict, NULL},      \
        {"link", &filter.link, NULL}, {"tag", &filter.tag, NULL},              \
        {"from", &filter.from, NULL}, {"to", &filter.to, NULL},                \
    {                                                                          \
        "final", NULL, &filter.is_final                                        \
    }

#define WXS_EVENTS_FILTER_HELP                                                 \
    "  --domain NAME    of this domain (or its id)\n"                          \
    "  --message ID     of this message\n"                                     \
    "  --type T         click, open or unsubscribe\n"                          \
    "  --verdict V      human, proxy, machine or unknown\n"                    \
    "  --link URL       clicks on this destination\n"                          \
    "  --tag NAME[:VALUE]\n"                                                   \
    "                   whose message or link has this tag\n"                  \
    "  --from T, --to T from this time on, before this time: 2026-11-25 or\n"  \
    "                   2026-11-25T09:00:00Z (UTC)\n"                          \
    "  --final          only events whose verdict can no longer change\n"

#define WXS_EVENTS_PATH 4096

/* Makes the path with the query of the filter; start is "/events" or
 * "/events/export". A domain's name is looked up. */
bool wxs_events_path(wxs_client *client, const char *start,
                     const wxs_events_filter *filter,
                     char path[WXS_EVENTS_PATH], wxs_error *error);

#endif
