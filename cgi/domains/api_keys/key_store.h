#ifndef WXS_DOMAINS_KEY_STORE_H
#define WXS_DOMAINS_KEY_STORE_H

#include "auth.h"
#include "page.h"
#include "uuid.h"

#define WXS_KEY_NAME_CHARACTERS 50
#define WXS_KEY_NAME_TEXT       (WXS_KEY_NAME_CHARACTERS * 4 + 1)

/* A row of api_keys in control.db. Times in microseconds, 0 = none. */
typedef struct {
    char id[WXS_UUID_TEXT];
    char name[WXS_KEY_NAME_TEXT];
    bool full_access;
    char domain_id[WXS_UUID_TEXT]; /* that a sending key is limited to, or "" */
    int64_t created_at;
    int64_t last_used_at;
} wxs_api_key;

/* Every function below sees the keys of one account only. Inside a write
 * transaction where it changes something. */

/* domain is the number of the domain that the key is limited to, 0 = none. */
bool wxs_api_key_insert(wxs_db *db, int64_t account, const wxs_api_key *key,
                        int64_t domain, const uint8_t hash[WXS_API_KEY_HASH],
                        wxs_error *error);

/* 1 done, 0 there is no such key, -1 failed. */
int wxs_api_key_rename(wxs_db *db, int64_t account, const char *id,
                       const char *name, wxs_error *error);
int wxs_api_key_delete(wxs_db *db, int64_t account, const char *id,
                       wxs_error *error);

/* When the key of this id was made: 1 found, 0 not, -1 failed. */
int wxs_api_key_locate(wxs_db *db, int64_t account, const char *id,
                       int64_t *created_at, wxs_error *error);

/* A statement that walks from (created_at, id), exclusive, to older or newer
 * keys; each step is read by wxs_api_key_row(). NULL with error filled. */
sqlite3_stmt *wxs_api_key_walk(wxs_db *db, int64_t account, bool newer,
                               int64_t created_at, const char *id,
                               int64_t limit, wxs_error *error);
bool wxs_api_key_row(sqlite3_stmt *row, wxs_api_key *key);

#endif
