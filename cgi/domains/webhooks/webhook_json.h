#ifndef WXS_DOMAINS_WEBHOOK_JSON_H
#define WXS_DOMAINS_WEBHOOK_JSON_H

#include <jansson.h>

#include "webhook_store.h"

/* The webhook as it stands in lists. NULL without memory. */
json_t *wxs_webhook_summary(const wxs_webhook *webhook);

/* {"object":"webhook","id":…} and, where given, the signing secret. */
json_t *wxs_webhook_reference(const wxs_webhook *webhook,
                              const uint8_t secret[WXS_WEBHOOK_SECRET_SIZE]);

#endif
