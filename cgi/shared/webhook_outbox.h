#ifndef WXS_SHARED_WEBHOOK_OUTBOX_H
#define WXS_SHARED_WEBHOOK_OUTBOX_H

#include "db.h"

/* Events for webhooks, left in control.db by the transaction that causes them;
 * the worker delivers them. Nothing is written for an account that has no
 * enabled webhook for the type. */

#define WXS_DOMAIN_CREATED "domain.created"
#define WXS_DOMAIN_UPDATED "domain.updated"
#define WXS_DOMAIN_DELETED "domain.deleted"

/* Tells of the domain with this number as it is now, records and all: call it
 * last in the write transaction. now in microseconds. */
bool wxs_webhook_tell(wxs_db *control, int64_t domain, const char *type,
                      int64_t now, wxs_error *error);

/* The same, for every domain of the account whose state began at now. */
bool wxs_webhook_tell_all(wxs_db *control, int64_t account, const char *type,
                          int64_t now, wxs_error *error);

/* Asks for another delivery of a message of webhooks.db to the webhook. */
bool wxs_webhook_replay(wxs_db *control, int64_t account, int64_t webhook,
                        const char *message, int64_t now, wxs_error *error);

#endif
