#ifndef WXS_DOMAINS_ENDPOINT_URL_H
#define WXS_DOMAINS_ENDPOINT_URL_H

#include "config.h"

#define WXS_ENDPOINT_MAX 2048

/* May webhooks be sent to this URL? An https URL without credentials and
 * fragment whose host, where it is an address, is public or in allow; http is
 * for hosts in allow. What a name resolves to is judged when it is connected
 * to. False with an error about the `endpoint` field. */
bool wxs_endpoint_allowed(const char *url, const wxs_networks *allow,
                          wxs_error *error);

#endif
