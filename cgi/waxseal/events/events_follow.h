#ifndef WXS_WAXSEAL_EVENTS_FOLLOW_H
#define WXS_WAXSEAL_EVENTS_FOLLOW_H

#include "client.h"

/* Prints the newest events (limit, NULL: 10), or those that follow the id
 * after, the oldest first, and then what comes, until INT or TERM: then it
 * returns true. path is that of the list with its filters. A server that does
 * not answer is asked again; false with error filled if it refuses. */
bool wxs_events_follow(wxs_client *client, const char *path, const char *limit,
                       const char *after, bool as_json, wxs_error *error);

#endif
