#ifndef WXS_WORKER_FETCH_H
#define WXS_WORKER_FETCH_H

#include "verify/lookup.h"

/* One GET of a tracking host, as the world sees it: the name is looked up at
 * dns.resolver, and only public addresses and edge.probe_networks are
 * connected to. No redirect is followed. */

#define WXS_FETCH_MS       5000
#define WXS_FETCH_BODY     256
#define WXS_FETCH_VALUE    200
#define WXS_FETCH_LOCATION 1024

typedef enum {
    WXS_FETCH_ANSWERED,
    WXS_FETCH_NO_ADDRESS,  /* the name has none */
    WXS_FETCH_UNRESOLVED,  /* whether it has any is not known */
    WXS_FETCH_NOT_PUBLIC,  /* it has only addresses that are not connected to */
    WXS_FETCH_UNREACHABLE, /* no connection, or none in time */
    WXS_FETCH_CERTIFICATE, /* its certificate is not right; error tells why */
    WXS_FETCH_TLS,         /* TLS failed otherwise */
    WXS_FETCH_BROKEN,      /* the connection or the answer broke off */
} wxs_fetch_end;

typedef struct {
    wxs_fetch_end end;
    int status;                        /* of HTTP */
    char body[WXS_FETCH_BODY + 1];     /* its beginning */
    char location[WXS_FETCH_LOCATION]; /* headers, "" = absent or too long */
    char region[WXS_FETCH_VALUE];      /* X-Waxseal-Region */
    char protocol[WXS_FETCH_VALUE];    /* X-Waxseal-Request-Protocol */
    char cache_control[WXS_FETCH_VALUE];
    char age[WXS_FETCH_VALUE];
    char cache_state[WXS_FETCH_VALUE]; /* X-Cache or CF-Cache-Status */
    char server[WXS_FETCH_VALUE];
    char via[WXS_FETCH_VALUE];
    char error[300]; /* what libcurl says, UTF-8 */
} wxs_fetch_result;

typedef struct {
    const wxs_config *config;
    wxs_lookup *lookup;
    const char *ca_file; /* trusted instead of the system's, NULL = that */
} wxs_fetcher;

/* Fetches http(s)://host/path; path begins with "/" and is clean. */
void wxs_fetch(const wxs_fetcher *fetcher, bool https, const char *host,
               const char *path, wxs_fetch_result *result);

#endif
