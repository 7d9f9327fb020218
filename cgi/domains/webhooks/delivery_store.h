#ifndef WXS_DOMAINS_DELIVERY_STORE_H
#define WXS_DOMAINS_DELIVERY_STORE_H

#include <jansson.h>

#include "db.h"

/* What the worker has written to webhooks.db of deliveries to a webhook, given
 * by its number. */

/* The number of the message with this id ("msg_…") if the webhook has it: 1,
 * 0, -1 with error filled. */
int wxs_delivery_find(wxs_db *webhooks, int64_t webhook, const char *id,
                      int64_t *message, wxs_error *error);

/* Statements that walk to older ones from a number (exclusive; INT64_MAX = the
 * newest) by at most limit. NULL with error filled. */
sqlite3_stmt *wxs_delivery_walk(wxs_db *webhooks, int64_t webhook,
                                int64_t message, int64_t limit,
                                wxs_error *error);
sqlite3_stmt *wxs_attempt_walk(wxs_db *webhooks, int64_t webhook,
                               int64_t message, int64_t attempt, int64_t limit,
                               wxs_error *error);

/* A row of these as an item of the API. NULL without memory. */
json_t *wxs_delivery_item(sqlite3_stmt *row, wxs_error *error);
json_t *wxs_attempt_item(sqlite3_stmt *row, wxs_error *error);

/* The number in the id of an attempt; false if it is none. */
bool wxs_attempt_id_parse(const char *text, int64_t *number);

/* The delivery in full, with its payload. NULL with error filled. */
json_t *wxs_delivery_json(wxs_db *webhooks, int64_t webhook, int64_t message,
                          wxs_error *error);

#endif
