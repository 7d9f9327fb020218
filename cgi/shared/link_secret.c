#include "link_secret.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define SEALED_SIZE  (WXS_LINK_SECRET_SIZE + WXS_SEAL_OVERHEAD)
#define CONTEXT_SIZE 48

static void
seal_context(int64_t domain, char context[CONTEXT_SIZE])
{
    snprintf(context, CONTEXT_SIZE, "waxseal-link-v1|%" PRId64, domain);
}

/* Reads the row that the statement is at. */
static bool
read_row(sqlite3_stmt *row, const wxs_seal_key *key, int64_t domain,
         wxs_link_secret *secret, wxs_error *error)
{
    char context[CONTEXT_SIZE];
    const void *sealed = sqlite3_column_blob(row, 0);
    const void *valid_keys = sqlite3_column_blob(row, 2);

    if (sqlite3_column_bytes(row, 0) != SEALED_SIZE ||
        sqlite3_column_bytes(row, 2) != WXS_VALID_KEYS_SIZE)
        return wxs_fail(
            error, "the link secret of domain %" PRId64 " is damaged", domain);
    seal_context(domain, context);
    if (!wxs_unseal(key, context, sealed, SEALED_SIZE, secret->secret, error))
        return false;
    secret->current_key = (uint8_t)sqlite3_column_int(row, 1);
    memcpy(secret->valid_keys, valid_keys, WXS_VALID_KEYS_SIZE);
    return true;
}

bool
wxs_link_secret_get(wxs_db *control, const wxs_seal_key *key, int64_t domain,
                    bool *found, wxs_link_secret *secret, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(
        control,
        "SELECT sealed, current_key, valid_keys FROM link_secrets "
        "WHERE domain = ?",
        error);
    bool ok = false;
    int step;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, domain);
    step = wxs_db_step(control, row, error);
    if (step >= 0) {
        *found = step > 0;
        ok = step == 0 || read_row(row, key, domain, secret, error);
    }
    wxs_db_done(row);
    return ok;
}

/* Makes a sealed secret. */
static bool
make_secret(const wxs_seal_key *key, int64_t domain,
            uint8_t sealed[SEALED_SIZE], wxs_error *error)
{
    uint8_t secret[WXS_LINK_SECRET_SIZE];
    char context[CONTEXT_SIZE];
    bool ok;

    if (RAND_bytes(secret, sizeof(secret)) != 1)
        return wxs_fail(error, "the system gives no random bytes");
    seal_context(domain, context);
    ok = wxs_seal(key, context, secret, sizeof(secret), sealed, error);
    OPENSSL_cleanse(secret, sizeof(secret));
    return ok;
}

bool
wxs_link_secret_ensure(wxs_db *control, const wxs_seal_key *key, int64_t domain,
                       wxs_error *error)
{
    static const uint8_t valid_keys[WXS_VALID_KEYS_SIZE] = {1}; /* key 0 */
    uint8_t sealed[SEALED_SIZE];
    sqlite3_stmt *insert;

    if (!make_secret(key, domain, sealed, error))
        return false;
    insert = wxs_db_prepare(
        control,
        "INSERT INTO link_secrets (domain, sealed, current_key, valid_keys) "
        "VALUES (?, ?, 0, ?) ON CONFLICT (domain) DO NOTHING",
        error);
    if (insert == NULL)
        return false;
    sqlite3_bind_int64(insert, 1, domain);
    sqlite3_bind_blob(insert, 2, sealed, sizeof(sealed), SQLITE_TRANSIENT);
    sqlite3_bind_blob(insert, 3, valid_keys, sizeof(valid_keys), SQLITE_STATIC);
    return wxs_db_run(control, insert, error);
}
