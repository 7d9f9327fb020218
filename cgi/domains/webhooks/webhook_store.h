#ifndef WXS_DOMAINS_WEBHOOK_STORE_H
#define WXS_DOMAINS_WEBHOOK_STORE_H

#include "db.h"
#include "domain_store.h"
#include "endpoint_url.h"
#include "uuid.h"
#include "webhook_secret.h"

#define WXS_WEBHOOKS_MAX 100 /* an account */

/* A row of webhooks in control.db. Times in microseconds. */
typedef struct {
    int64_t number;
    int64_t account;
    char id[WXS_UUID_TEXT];
    char endpoint[WXS_ENDPOINT_MAX + 1];
    char events[2048];         /* JSON array of types */
    char status[16];           /* enabled, disabled */
    char disabled_reason[256]; /* "" unless it was disabled by itself */
    int64_t disabled_at;       /* 0 unless it was */
    int64_t enabled_at;
    int64_t created_at;
} wxs_webhook;

/* 1 found, 0 not (or of another account), -1 error filled. */
int wxs_webhook_find(wxs_db *db, int64_t account, const char *id,
                     wxs_webhook *webhook, wxs_error *error);

/* Like wxs_domain_walk(), from the webhook with this id ("" = the end of the
 * list); each step is read by wxs_webhook_row(). */
sqlite3_stmt *wxs_webhook_walk(wxs_db *db, int64_t account,
                               wxs_direction direction, const char *id,
                               int64_t limit, wxs_error *error);
bool wxs_webhook_row(sqlite3_stmt *row, wxs_webhook *webhook, wxs_error *error);

/* How many the account has; -1 with error filled. */
int64_t wxs_webhook_count(wxs_db *db, int64_t account, wxs_error *error);

/* Inside a write transaction. Insert fills the number. */
bool wxs_webhook_insert(wxs_db *db, wxs_webhook *webhook, wxs_error *error);
bool wxs_webhook_save(wxs_db *db, const wxs_webhook *webhook, wxs_error *error);
bool wxs_webhook_delete(wxs_db *db, const wxs_webhook *webhook,
                        wxs_error *error);

/* Makes the sealed secret the current one. The one before signs, too, until
 * expires_at; those that are over at now go. */
bool wxs_webhook_secret_add(wxs_db *db, const wxs_webhook *webhook,
                            const uint8_t sealed[WXS_WEBHOOK_SEALED_SIZE],
                            int64_t now, int64_t expires_at, wxs_error *error);

/* How many secrets sign at now; -1 with error filled. */
int64_t wxs_webhook_secret_count(wxs_db *db, const wxs_webhook *webhook,
                                 int64_t now, wxs_error *error);

/* The current secret. */
bool wxs_webhook_secret_get(wxs_db *db, const wxs_seal_key *key,
                            const wxs_webhook *webhook,
                            uint8_t secret[WXS_WEBHOOK_SECRET_SIZE],
                            wxs_error *error);

#endif
