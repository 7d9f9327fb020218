#ifndef WXS_WORKER_CURL_GUARD_H
#define WXS_WORKER_CURL_GUARD_H

#include <curl/curl.h>

#include "config.h"

/* Keeps requests to places that others choose away from networks that are not
 * theirs: judged when the socket is made, after the name was resolved. */
typedef struct {
    const wxs_networks *allow; /* besides public addresses */
    bool only_listed;          /* no public addresses either */
    bool refused;              /* out: an address was not allowed */
} wxs_curl_guard;

/* Sets the guard on a handle, and what goes with it: http and https only, no
 * proxy, no signals, no redirect is followed. The guard must outlive the
 * requests of the handle. False if curl refuses an option. */
bool wxs_curl_guard_set(CURL *easy, wxs_curl_guard *guard);

#endif
