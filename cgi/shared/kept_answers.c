#include "kept_answers.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "idempotency.h"
#include "seal.h"

#define CONTEXT   "waxseal-idempotency-v1"
#define TIDY_ROWS "1000"

/* The hash of the hashes of three texts, so that none runs into another. */
static void
hash_three(const char *a, const char *b, const char *c, size_t c_len,
           unsigned char hash[WXS_KEPT_HASH])
{
    unsigned char parts[3][WXS_KEPT_HASH];

    SHA256((const unsigned char *)a, strlen(a), parts[0]);
    SHA256((const unsigned char *)b, strlen(b), parts[1]);
    SHA256((const unsigned char *)c, c_len, parts[2]);
    SHA256(parts[0], sizeof(parts), hash);
    OPENSSL_cleanse(parts, sizeof(parts));
}

void
wxs_kept_name(const wxs_request *request, unsigned char hash[WXS_KEPT_HASH])
{
    SHA256((const unsigned char *)request->idempotency_key,
           strlen(request->idempotency_key), hash);
}

void
wxs_kept_fingerprint(const wxs_request *request,
                     unsigned char hash[WXS_KEPT_HASH])
{
    hash_three(request->path, request->account != NULL ? request->account : "",
               request->body, request->body_len, hash);
}

/* Only who has the API key can make it. */
static void
answer_key(const wxs_request *request, wxs_seal_key *key)
{
    hash_three(CONTEXT, request->authorization, request->idempotency_key,
               strlen(request->idempotency_key), key->key);
    memset(key->id, 0, sizeof(key->id));
}

/* Answers what a sealed answer holds. */
static bool
open_answer(const wxs_request *request, const uint8_t *sealed, size_t len,
            wxs_response *response, wxs_error *error)
{
    wxs_json_writer json = {0};
    wxs_seal_key key;
    bool ok;

    if (len <= WXS_SEAL_OVERHEAD)
        return wxs_fail(error, "a kept answer is damaged");
    wxs_buffer_reserve(&json.out, len);
    if (!wxs_json_done(&json))
        return wxs_fail(error, "out of memory");
    json.out.len = len - WXS_SEAL_OVERHEAD;
    answer_key(request, &key);
    ok =
        wxs_unseal(&key, CONTEXT, sealed, len, (uint8_t *)json.out.data, error);
    wxs_seal_key_clear(&key);
    if (!ok) {
        wxs_json_free(&json);
        return false;
    }
    wxs_answer_text(response, 201, &json);
    response->replayed = true;
    return true;
}

/* Answers what a row says of the request that has the name: fingerprint and
 * sealed answer, which is NULL while the request runs. */
static bool
answer_row(sqlite3_stmt *row, const wxs_request *request,
           wxs_response *response, wxs_error *error)
{
    unsigned char fingerprint[WXS_KEPT_HASH];
    const void *found = sqlite3_column_blob(row, 0);

    wxs_kept_fingerprint(request, fingerprint);
    if (found == NULL || memcmp(found, fingerprint, WXS_KEPT_HASH) != 0)
        wxs_answer_error(response, 409, "invalid_idempotent_request",
                         "This idempotency key was used with another request. "
                         "Use a new key, or send the same request.");
    else if (sqlite3_column_type(row, 1) == SQLITE_NULL)
        wxs_answer_error(response, 409, "concurrent_idempotent_requests",
                         "The first request with this idempotency key is still "
                         "running. Try again in a moment.");
    else
        return open_answer(request, sqlite3_column_blob(row, 1),
                           (size_t)sqlite3_column_bytes(row, 1), response,
                           error);
    return true;
}

int
wxs_kept_answer(wxs_db *db, const char *sql, const wxs_request *request,
                const wxs_identity *identity, wxs_response *response,
                wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    unsigned char name[WXS_KEPT_HASH];
    int step;

    if (row == NULL)
        return -1;
    wxs_kept_name(request, name);
    sqlite3_bind_text(row, 1, identity->key_id, -1, SQLITE_STATIC);
    sqlite3_bind_blob(row, 2, name, WXS_KEPT_HASH, SQLITE_STATIC);
    sqlite3_bind_int64(row, 3, wxs_now_us() - WXS_KEPT_US);
    step = wxs_db_step(db, row, error);
    if (step == 1 && !answer_row(row, request, response, error))
        step = -1;
    wxs_db_done(row);
    return step;
}

int
wxs_kept_beside(wxs_context *context, const wxs_request *request,
                wxs_response *response, wxs_error *error)
{
    static const char sql[] =
        "SELECT fingerprint, sealed FROM kept_answers "
        "WHERE caller = ? AND name = ? AND created_at > ?";
    int found = wxs_kept_answer(context->control, sql, request,
                                &context->identity, response, error);

    if (found == 0 && context->events != NULL)
        found = wxs_kept_answer(context->events, sql, request,
                                &context->identity, response, error);
    return found;
}

/* The text under the caller's key; NULL with error filled. */
static uint8_t *
seal_text(const wxs_request *request, const char *text, size_t text_len,
          size_t *len, wxs_error *error)
{
    uint8_t *sealed = malloc(text_len + WXS_SEAL_OVERHEAD);
    wxs_seal_key key;
    bool ok;

    if (sealed == NULL) {
        wxs_fail(error, "out of memory");
        return NULL;
    }
    answer_key(request, &key);
    ok =
        wxs_seal(&key, CONTEXT, (const uint8_t *)text, text_len, sealed, error);
    wxs_seal_key_clear(&key);
    *len = text_len + WXS_SEAL_OVERHEAD;
    if (ok)
        return sealed;
    free(sealed);
    return NULL;
}

uint8_t *
wxs_kept_seal(const wxs_request *request, const wxs_response *response,
              size_t *len, wxs_error *error)
{
    uint8_t *sealed;
    size_t text_len;
    char *text;

    if (response->json == NULL)
        return seal_text(request, response->text, response->text_len, len,
                         error);
    text = json_dumps(response->json, JSON_COMPACT);
    if (text == NULL) {
        wxs_fail(error, "out of memory");
        return NULL;
    }
    text_len = strlen(text);
    sealed = seal_text(request, text, text_len, len, error);
    OPENSSL_cleanse(text, text_len);
    free(text);
    return sealed;
}

/* Keeps the answer beside what was created. */
static bool
keep_beside(wxs_db *db, const wxs_request *request,
            const wxs_identity *identity, const wxs_response *response,
            wxs_error *error)
{
    static const char sql[] = "INSERT OR REPLACE INTO kept_answers "
                              "(caller, name, fingerprint, created_at, sealed) "
                              "VALUES (?, ?, ?, ?, ?)";
    unsigned char name[WXS_KEPT_HASH], fingerprint[WXS_KEPT_HASH];
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    uint8_t *sealed;
    size_t len;
    bool ok;

    if (row == NULL)
        return false;
    sealed = wxs_kept_seal(request, response, &len, error);
    if (sealed == NULL)
        return false;
    wxs_kept_name(request, name);
    wxs_kept_fingerprint(request, fingerprint);
    sqlite3_bind_text(row, 1, identity->key_id, -1, SQLITE_STATIC);
    sqlite3_bind_blob(row, 2, name, WXS_KEPT_HASH, SQLITE_STATIC);
    sqlite3_bind_blob(row, 3, fingerprint, WXS_KEPT_HASH, SQLITE_STATIC);
    sqlite3_bind_int64(row, 4, wxs_now_us());
    sqlite3_bind_blob64(row, 5, sealed, len, SQLITE_STATIC);
    ok = wxs_db_run(db, row, error);
    free(sealed);
    return ok;
}

/* Only creations are kept, and only where one asks for it. */
static bool
is_kept(const wxs_request *request, const wxs_response *response)
{
    return request->idempotency_key != NULL &&
           strcmp(request->method, "POST") == 0 && response->status == 201;
}

bool
wxs_commit_creation(wxs_db *db, const wxs_identity *identity,
                    const wxs_request *request, wxs_response *response)
{
    bool keeps = is_kept(request, response);
    wxs_error error;

    if (keeps && !keep_beside(db, request, identity, response, &error)) {
        wxs_write_abort(db);
    } else if (wxs_write_commit(db, &error)) {
        response->kept = keeps;
        return true;
    }
    wxs_answer_internal(response, request, &error);
    return false;
}

bool
wxs_idempotency_tidy(wxs_db_kind kind, bool *more, wxs_error *error)
{
    wxs_db *db = wxs_write_begin(kind, error);
    sqlite3_stmt *row;

    if (db == NULL)
        return false;
    row = wxs_db_prepare(db,
                         "DELETE FROM kept_answers WHERE (caller, name) IN "
                         "(SELECT caller, name FROM kept_answers "
                         "WHERE created_at < ? LIMIT " TIDY_ROWS ")",
                         error);
    if (row != NULL) {
        sqlite3_bind_int64(row, 1, wxs_now_us() - WXS_KEPT_US);
        if (wxs_db_run(db, row, error)) {
            *more = *more || wxs_db_changes(db) > 0;
            return wxs_write_commit(db, error);
        }
    }
    wxs_write_abort(db);
    return false;
}
