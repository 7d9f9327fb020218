#ifndef WXS_WAXSEAL_PROBE_H
#define WXS_WAXSEAL_PROBE_H

#include "address.h"

/* Does something accept connections there? Within timeout_ms. */
bool wxs_probe_connect(const wxs_address *address, int timeout_ms);

/* The status code of GET path over HTTP, 0 if there is no answer within
 * timeout_ms. */
int wxs_probe_http(const wxs_address *address, const char *path,
                   int timeout_ms);

#endif
