#ifndef WXS_DOMAINS_WEBHOOK_LOOKUP_H
#define WXS_DOMAINS_WEBHOOK_LOOKUP_H

#include "service.h"
#include "webhook_store.h"

/* Reads the webhook of the route's {id} if it belongs to the account; false
 * after answering 404 or 422 (not a UUID). */
bool wxs_webhook_lookup(wxs_db *db, const wxs_context *context,
                        const wxs_request *request, wxs_webhook *webhook,
                        wxs_response *response);

/* A change to the webhook inside a write transaction. False after answering,
 * or with error filled. */
typedef bool wxs_webhook_change(wxs_db *db, wxs_webhook *webhook, void *arg,
                                wxs_response *response, wxs_error *error);

/* Looks the webhook up and changes it in one transaction. False after
 * answering; true when the change is durable and the answer is left to the
 * caller. */
bool wxs_webhook_apply(const wxs_context *context, const wxs_request *request,
                       wxs_webhook_change *change, void *arg,
                       wxs_webhook *webhook, wxs_response *response);

#endif
