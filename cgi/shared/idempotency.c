#include "idempotency.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "seal.h"

#define KEY_MAX    256
#define BODY_MAX   (4UL << 20)
#define RUNNING_US INT64_C(60000000)    /* longer than any request takes */
#define KEPT_US    INT64_C(86400000000) /* 24 hours */
#define CONTEXT    "waxseal-idempotency-v1"
#define HASH       SHA256_DIGEST_LENGTH

/* The hash of the hashes of three texts, so that none runs into another. */
static void
hash_three(const char *a, const char *b, const char *c, size_t c_len,
           unsigned char hash[HASH])
{
    unsigned char parts[3][HASH];

    SHA256((const unsigned char *)a, strlen(a), parts[0]);
    SHA256((const unsigned char *)b, strlen(b), parts[1]);
    SHA256((const unsigned char *)c, c_len, parts[2]);
    SHA256(parts[0], sizeof(parts), hash);
    OPENSSL_cleanse(parts, sizeof(parts));
}

static void
hash_name(const wxs_request *request, unsigned char hash[HASH])
{
    SHA256((const unsigned char *)request->idempotency_key,
           strlen(request->idempotency_key), hash);
}

static void
hash_request(const wxs_request *request, unsigned char hash[HASH])
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

/* Stores that the request runs; 1, or 0 if another one has its name. One that
 * died with its program, or is older than a day, is none. */
static int
insert(wxs_db *db, const wxs_request *request, const wxs_identity *identity,
       wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO idempotency (caller, name, fingerprint, started_at) "
        "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (caller, name) DO UPDATE "
        "SET fingerprint = ?3, started_at = ?4, sealed = NULL "
        "WHERE started_at < CASE WHEN sealed IS NULL THEN ?5 ELSE ?6 END";
    unsigned char name[HASH], fingerprint[HASH];
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int64_t now = wxs_now_us();

    if (row == NULL)
        return -1;
    hash_name(request, name);
    hash_request(request, fingerprint);
    sqlite3_bind_text(row, 1, identity->key_id, -1, SQLITE_STATIC);
    sqlite3_bind_blob(row, 2, name, HASH, SQLITE_STATIC);
    sqlite3_bind_blob(row, 3, fingerprint, HASH, SQLITE_STATIC);
    sqlite3_bind_int64(row, 4, now);
    sqlite3_bind_int64(row, 5, now - RUNNING_US);
    sqlite3_bind_int64(row, 6, now - KEPT_US);
    return wxs_db_run(db, row, error) ? wxs_db_changes(db) : -1;
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

/* Answers what is known of the request that has the name. */
static bool
answer_earlier(wxs_db *db, const wxs_request *request,
               const wxs_identity *identity, wxs_response *response,
               wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(db,
                                       "SELECT fingerprint, sealed "
                                       "FROM idempotency "
                                       "WHERE caller = ? AND name = ?",
                                       error);
    unsigned char name[HASH], fingerprint[HASH];
    const void *found;
    bool ok = true;

    if (row == NULL)
        return false;
    hash_name(request, name);
    hash_request(request, fingerprint);
    sqlite3_bind_text(row, 1, identity->key_id, -1, SQLITE_STATIC);
    sqlite3_bind_blob(row, 2, name, HASH, SQLITE_STATIC);
    if (wxs_db_step(db, row, error) != 1) {
        wxs_db_done(row);
        return false;
    }
    found = sqlite3_column_blob(row, 0);
    if (found == NULL || memcmp(found, fingerprint, HASH) != 0)
        wxs_answer_error(response, 409, "invalid_idempotent_request",
                         "This idempotency key was used with another request. "
                         "Use a new key, or send the same request.");
    else if (sqlite3_column_type(row, 1) == SQLITE_NULL)
        wxs_answer_error(response, 409, "concurrent_idempotent_requests",
                         "The first request with this idempotency key is still "
                         "running. Try again in a moment.");
    else
        ok = open_answer(request, sqlite3_column_blob(row, 1),
                         (size_t)sqlite3_column_bytes(row, 1), response, error);
    wxs_db_done(row);
    return ok;
}

static bool
check(const wxs_request *request, wxs_response *response)
{
    size_t len = strlen(request->idempotency_key);

    if (len == 0 || len > KEY_MAX) {
        wxs_answer_error(response, 400, "invalid_idempotency_key",
                         "The idempotency key must have 1 to %d characters.",
                         KEY_MAX);
        return false;
    }
    if (request->body_len > BODY_MAX) {
        wxs_answer_error(response, 413, "validation_error",
                         "With an idempotency key the request body may have "
                         "at most %lu bytes.",
                         BODY_MAX);
        return false;
    }
    return true;
}

wxs_idempotent
wxs_idempotency_begin(const wxs_request *request, const wxs_identity *identity,
                      wxs_response *response)
{
    wxs_error error;
    wxs_db *db;
    int is_first;

    if (request->idempotency_key == NULL ||
        strcmp(request->method, "POST") != 0)
        return WXS_IDEMPOTENT_NONE;
    if (!check(request, response))
        return WXS_IDEMPOTENT_ANSWERED;
    db = wxs_write_begin(WXS_DB_REQUESTS, &error);
    if (db == NULL) {
        wxs_answer_internal(response, request, &error);
        return WXS_IDEMPOTENT_ANSWERED;
    }
    is_first = insert(db, request, identity, &error);
    if (is_first == 1) {
        if (wxs_write_commit(db, &error))
            return WXS_IDEMPOTENT_FIRST;
    } else {
        if (is_first == 0 &&
            !answer_earlier(db, request, identity, response, &error))
            is_first = -1;
        wxs_write_abort(db);
    }
    if (is_first != 0)
        wxs_answer_internal(response, request, &error);
    return WXS_IDEMPOTENT_ANSWERED;
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

/* The answer under the caller's key; NULL with error filled. */
static uint8_t *
seal_answer(const wxs_request *request, const wxs_response *response,
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

/* Keeps the sealed answer, or with NULL forgets the request. */
static bool
finish(wxs_db *db, const wxs_request *request, const wxs_identity *identity,
       const uint8_t *sealed, size_t len, wxs_error *error)
{
    static const char keep[] = "UPDATE idempotency SET sealed = ?3 "
                               "WHERE caller = ?1 AND name = ?2";
    static const char forget[] = "DELETE FROM idempotency "
                                 "WHERE caller = ?1 AND name = ?2";
    unsigned char name[HASH];
    sqlite3_stmt *row =
        wxs_db_prepare(db, sealed != NULL ? keep : forget, error);

    if (row == NULL)
        return false;
    hash_name(request, name);
    sqlite3_bind_text(row, 1, identity->key_id, -1, SQLITE_STATIC);
    sqlite3_bind_blob(row, 2, name, HASH, SQLITE_STATIC);
    if (sealed != NULL)
        sqlite3_bind_blob64(row, 3, sealed, len, SQLITE_STATIC);
    return wxs_db_run(db, row, error);
}

static bool
store(const wxs_request *request, const wxs_identity *identity,
      const uint8_t *sealed, size_t len, wxs_error *error)
{
    wxs_db *db = wxs_write_begin(WXS_DB_REQUESTS, error);

    if (db == NULL)
        return false;
    if (finish(db, request, identity, sealed, len, error))
        return wxs_write_commit(db, error);
    wxs_write_abort(db);
    return false;
}

void
wxs_idempotency_end(const wxs_request *request, const wxs_identity *identity,
                    const wxs_response *response)
{
    bool keeps = response->status == 201 &&
                 (response->json != NULL || response->text != NULL);
    uint8_t *sealed = NULL;
    size_t len = 0;
    wxs_error error;
    bool ok = true;

    if (keeps) {
        sealed = seal_answer(request, response, &len, &error);
        ok = sealed != NULL;
    }
    if (ok)
        ok = store(request, identity, sealed, len, &error);
    free(sealed);
    if (!ok)
        wxs_log(WXS_LOG_ERROR, "an idempotent answer was not kept",
                "request_id", request->id, "error", error.text, NULL);
}
