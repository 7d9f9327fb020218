#include "auth.h"

#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "admin_key.h"
#include "clock.h"
#include "log.h"
#include "service.h"

#define PREFIX "re_"
#define FIRST  8
#define SECOND 24
#define ALPHABET                                                               \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

#define USED_INTERVAL_US INT64_C(60000000)

_Static_assert(sizeof(PREFIX) - 1 + FIRST + 1 + SECOND < WXS_API_KEY_TEXT,
               "room for a key");

/* Draws len characters, all equally likely. */
static bool
random_text(char *text, size_t len)
{
    const unsigned letters = sizeof(ALPHABET) - 1;
    unsigned char byte;

    for (size_t i = 0; i < len;) {
        if (RAND_bytes(&byte, 1) != 1)
            return false;
        if (byte < 256 - 256 % letters)
            text[i++] = ALPHABET[byte % letters];
    }
    text[len] = '\0';
    return true;
}

bool
wxs_api_key_new(char key[WXS_API_KEY_TEXT], uint8_t hash[WXS_API_KEY_HASH])
{
    char first[FIRST + 1];
    char second[SECOND + 1];

    if (!random_text(first, FIRST) || !random_text(second, SECOND))
        return false;
    snprintf(key, WXS_API_KEY_TEXT, PREFIX "%s_%s", first, second);
    SHA256((const unsigned char *)key, strlen(key), hash);
    return true;
}

/* Key of "Bearer <key>", without the blanks around it; NULL for any other
 * header. */
static const char *
bearer(const char *authorization, size_t *len)
{
    static const char scheme[] = "bearer";
    const char *key;

    if (strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    key = authorization + sizeof(scheme) - 1;
    if (*key != ' ')
        return NULL;
    key += strspn(key, " ");
    *len = strlen(key);
    while (*len > 0 && key[*len - 1] == ' ')
        (*len)--;
    return *len == 0 ? NULL : key;
}

static void
read_identity(sqlite3_stmt *row, wxs_identity *identity)
{
    const char *permission = (const char *)sqlite3_column_text(row, 2);

    snprintf(identity->key_id, sizeof(identity->key_id), "%s",
             (const char *)sqlite3_column_text(row, 0));
    identity->account = sqlite3_column_int64(row, 1);
    identity->permission =
        permission != NULL && strcmp(permission, "full_access") == 0
            ? WXS_FULL_ACCESS
            : WXS_SENDING_ACCESS;
    identity->domain = sqlite3_column_int64(row, 3);
    identity->rate_limit = sqlite3_column_int(row, 5);
}

/* Finds the key by its hash, so that the time it takes tells nothing about
 * keys that exist. Returns 1 found, 0 unknown, -1 failed. */
static int
find_key(wxs_db *control, const uint8_t hash[WXS_API_KEY_HASH],
         wxs_identity *identity, int64_t *last_used, wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_db_prepare(control,
                       "SELECT k.id, k.account, k.permission, k.domain, "
                       "k.last_used_at, a.rate_limit FROM api_keys k "
                       "JOIN accounts a ON a.number = k.account "
                       "WHERE k.hash = ? AND a.deleted_at IS NULL",
                       error);
    int step;

    if (row == NULL)
        return -1;
    sqlite3_bind_blob(row, 1, hash, WXS_API_KEY_HASH, SQLITE_TRANSIENT);
    step = wxs_db_step(control, row, error);
    if (step > 0) {
        read_identity(row, identity);
        *last_used = sqlite3_column_int64(row, 4);
    }
    wxs_db_done(row);
    return step;
}

static bool
store_use(const wxs_identity *identity, int64_t now, wxs_error *error)
{
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, error);
    sqlite3_stmt *update;

    if (db == NULL)
        return false;
    update = wxs_db_prepare(
        db, "UPDATE api_keys SET last_used_at = ? WHERE id = ?", error);
    if (update == NULL)
        goto abort;
    sqlite3_bind_int64(update, 1, now);
    sqlite3_bind_text(update, 2, identity->key_id, -1, SQLITE_TRANSIENT);
    if (wxs_db_run(db, update, error))
        return wxs_write_commit(db, error);

abort:
    wxs_write_abort(db);
    return false;
}

/* The time of the last use is a convenience: it is kept to the minute, and a
 * request does not fail for it. */
static void
note_use(const wxs_identity *identity, int64_t last_used)
{
    int64_t now = wxs_now_us();
    wxs_error error;

    if (last_used <= now && now - last_used < USED_INTERVAL_US)
        return;
    if (!store_use(identity, now, &error))
        wxs_log(WXS_LOG_WARN, "the last use of an API key was not stored",
                "key_id", identity->key_id, "error", error.text, NULL);
}

/* 1 and its number, 0 there is no such account, -1 failed. */
static int
find_account(wxs_db *control, const char *id, int64_t *number, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(control,
                                       "SELECT number FROM accounts "
                                       "WHERE id = ? AND deleted_at IS NULL",
                                       error);
    int step;

    if (row == NULL)
        return -1;
    sqlite3_bind_text(row, 1, id, -1, SQLITE_TRANSIENT);
    step = wxs_db_step(control, row, error);
    if (step > 0)
        *number = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return step;
}

/* The admin is nobody's account, or acts for the one that is named. */
static bool
be_admin(wxs_db *control, const wxs_request *request, wxs_permission needed,
         wxs_identity *identity, wxs_response *response)
{
    wxs_error error;
    int found;

    snprintf(identity->key_id, sizeof(identity->key_id), "admin");
    identity->permission = WXS_ADMIN;
    if (needed == WXS_ADMIN)
        return true;
    if (request->account == NULL || request->account[0] == '\0') {
        wxs_answer_error(response, 422, "validation_error",
                         "The admin key needs to know for which account: give "
                         "its id in the header Waxseal-Account.");
        return false;
    }
    found = find_account(control, request->account, &identity->account, &error);
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_answer_error(response, 404, "not_found", "Account not found");
    return found > 0;
}

static bool
is_permitted(const wxs_identity *identity, wxs_permission needed,
             wxs_response *response)
{
    if (needed == WXS_ADMIN) {
        wxs_answer_error(response, 401, "restricted_api_key",
                         "Accounts are managed with the admin key.");
        return false;
    }
    if (needed == WXS_FULL_ACCESS && identity->permission != WXS_FULL_ACCESS) {
        wxs_answer_error(response, 401, "restricted_api_key",
                         "This API key is restricted to only send emails.");
        return false;
    }
    return true;
}

bool
wxs_authenticate(wxs_db *control, const wxs_request *request,
                 wxs_permission needed, wxs_identity *identity,
                 wxs_response *response)
{
    uint8_t hash[WXS_API_KEY_HASH];
    wxs_error error;
    const char *key;
    size_t len = 0;
    int64_t last_used;
    int found;

    memset(identity, 0, sizeof(*identity));
    if (request->authorization == NULL || *request->authorization == '\0') {
        wxs_answer_error(response, 401, "missing_api_key",
                         "Missing API key in the authorization header. "
                         "Include \"Authorization: Bearer YOUR_API_KEY\" in "
                         "the request.");
        return false;
    }
    key = bearer(request->authorization, &len);
    if (key != NULL) {
        SHA256((const unsigned char *)key, len, hash);
        if (wxs_admin_key_is(hash))
            return be_admin(control, request, needed, identity, response);
    }
    found =
        key == NULL ? 0 : find_key(control, hash, identity, &last_used, &error);
    if (found < 0) {
        wxs_answer_internal(response, request, &error);
        return false;
    }
    if (found == 0) {
        wxs_answer_error(response, 403, "invalid_api_key",
                         "API key is invalid.");
        return false;
    }
    note_use(identity, last_used);
    return is_permitted(identity, needed, response);
}
