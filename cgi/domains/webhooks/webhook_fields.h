#ifndef WXS_DOMAINS_WEBHOOK_FIELDS_H
#define WXS_DOMAINS_WEBHOOK_FIELDS_H

#include "service.h"
#include "webhook_store.h"

/* Reads endpoint, events and status of a body into the webhook, and leaves
 * alone what is absent; required says that the first two must be there. False
 * after answering with an error that names the field. */
bool wxs_webhook_parse(const json_t *body, bool required,
                       const wxs_networks *allow, wxs_webhook *webhook,
                       wxs_response *response);

#endif
