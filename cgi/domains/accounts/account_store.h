#ifndef WXS_DOMAINS_ACCOUNT_STORE_H
#define WXS_DOMAINS_ACCOUNT_STORE_H

#include "db.h"
#include "uuid.h"

#define WXS_ACCOUNT_NAME_MAX 200 /* bytes */

/* A row of accounts in control.db. */
typedef struct {
    int64_t number;
    char id[WXS_UUID_TEXT];
    char name[WXS_ACCOUNT_NAME_MAX + 1];
    int64_t created_at;  /* microseconds */
    int64_t max_domains; /* -1 = no limit */
    int64_t rate_limit;  /* requests a second, -1 = none of its own */
    int64_t domains;     /* how many it has */
} wxs_account;

/* No function below sees a deleted account, but locate. Inside a write
 * transaction where they change something. */

bool wxs_account_insert(wxs_db *db, const wxs_account *account,
                        wxs_error *error);
bool wxs_account_save(wxs_db *db, const wxs_account *account, wxs_error *error);

/* Deletes the account with its keys, webhooks and domains; links that were sent
 * go on redirecting. */
bool wxs_account_delete(wxs_db *db, const wxs_account *account, int64_t now,
                        wxs_error *error);

/* 1 found, 0 not, -1 failed. */
int wxs_account_find(wxs_db *db, const char *id, wxs_account *account,
                     wxs_error *error);
int wxs_account_locate(wxs_db *db, const char *id, int64_t *number,
                       wxs_error *error);

/* A statement that walks from the number, exclusive, to older or newer
 * accounts; each step is read by wxs_account_row(). NULL with error filled. */
sqlite3_stmt *wxs_account_walk(wxs_db *db, bool newer, int64_t number,
                               int64_t limit, wxs_error *error);
bool wxs_account_row(sqlite3_stmt *row, wxs_account *account, wxs_error *error);

/* May the account have one more domain? 1; 0 and *max filled if not; -1. */
int wxs_account_has_room(wxs_db *db, int64_t number, int64_t *max,
                         wxs_error *error);

#endif
