#include "idempotency.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "kept_answers.h"
#include "log.h"

#define KEY_MAX    256
#define BODY_MAX   (4UL << 20)
#define RUNNING_US INT64_C(60000000) /* longer than any request takes */

/* Keeps the sealed answer, or with NULL forgets the request. */
static bool
finish(wxs_db *db, const wxs_request *request, const wxs_identity *identity,
       const uint8_t *sealed, size_t len, wxs_error *error)
{
    static const char keep[] = "UPDATE idempotency SET sealed = ?3 "
                               "WHERE caller = ?1 AND name = ?2";
    static const char forget[] = "DELETE FROM idempotency "
                                 "WHERE caller = ?1 AND name = ?2";
    unsigned char name[WXS_KEPT_HASH];
    sqlite3_stmt *row =
        wxs_db_prepare(db, sealed != NULL ? keep : forget, error);

    if (row == NULL)
        return false;
    wxs_kept_name(request, name);
    sqlite3_bind_text(row, 1, identity->key_id, -1, SQLITE_STATIC);
    sqlite3_bind_blob(row, 2, name, WXS_KEPT_HASH, SQLITE_STATIC);
    if (sealed != NULL)
        sqlite3_bind_blob64(row, 3, sealed, len, SQLITE_STATIC);
    return wxs_db_run(db, row, error);
}

/* Forgets a request of the name that ended with its process, by kill -9 say; 1,
 * or 0 if there is none. */
static int
forget_dead(wxs_db *db, const wxs_request *request,
            const wxs_identity *identity, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(db,
                                       "SELECT pid FROM idempotency "
                                       "WHERE caller = ? AND name = ? "
                                       "AND sealed IS NULL AND pid > 0",
                                       error);
    unsigned char name[WXS_KEPT_HASH];
    bool is_dead;
    int step;

    if (row == NULL)
        return -1;
    wxs_kept_name(request, name);
    sqlite3_bind_text(row, 1, identity->key_id, -1, SQLITE_STATIC);
    sqlite3_bind_blob(row, 2, name, WXS_KEPT_HASH, SQLITE_STATIC);
    step = wxs_db_step(db, row, error);
    is_dead = step == 1 && kill((pid_t)sqlite3_column_int64(row, 0), 0) != 0 &&
              errno == ESRCH;
    wxs_db_done(row);
    if (step < 0 || !is_dead)
        return step < 0 ? -1 : 0;
    return finish(db, request, identity, NULL, 0, error) ? 1 : -1;
}

/* Stores that the request runs; 1, or 0 if another one has its name. One that
 * is older than any request takes, or of yesterday, is none. */
static int
insert(wxs_db *db, const wxs_request *request, const wxs_identity *identity,
       wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO idempotency (caller, name, fingerprint, started_at, pid) "
        "VALUES (?1, ?2, ?3, ?4, ?7) ON CONFLICT (caller, name) DO UPDATE "
        "SET fingerprint = ?3, started_at = ?4, sealed = NULL, pid = ?7 "
        "WHERE started_at < CASE WHEN sealed IS NULL THEN ?5 ELSE ?6 END";
    unsigned char name[WXS_KEPT_HASH], fingerprint[WXS_KEPT_HASH];
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int64_t now = wxs_now_us();

    if (row == NULL)
        return -1;
    wxs_kept_name(request, name);
    wxs_kept_fingerprint(request, fingerprint);
    sqlite3_bind_text(row, 1, identity->key_id, -1, SQLITE_STATIC);
    sqlite3_bind_blob(row, 2, name, WXS_KEPT_HASH, SQLITE_STATIC);
    sqlite3_bind_blob(row, 3, fingerprint, WXS_KEPT_HASH, SQLITE_STATIC);
    sqlite3_bind_int64(row, 4, now);
    sqlite3_bind_int64(row, 5, now - RUNNING_US);
    sqlite3_bind_int64(row, 6, now - WXS_KEPT_US);
    sqlite3_bind_int64(row, 7, getpid());
    return wxs_db_run(db, row, error) ? wxs_db_changes(db) : -1;
}

/* Answers what is known of the request that runs under the name, or ran. */
static bool
answer_earlier(wxs_db *db, const wxs_request *request,
               const wxs_identity *identity, wxs_response *response,
               wxs_error *error)
{
    return wxs_kept_answer(db,
                           "SELECT fingerprint, sealed FROM idempotency "
                           "WHERE caller = ?1 AND name = ?2 AND ?3 <> 0",
                           request, identity, response, error) == 1;
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

/* Lets the request be the one that runs: 1; 0 answered, -1. */
static int
enter(wxs_context *context, const wxs_request *request, wxs_response *response,
      wxs_error *error)
{
    const wxs_identity *identity = &context->identity;
    wxs_db *db = wxs_write_begin(WXS_DB_REQUESTS, error);
    int is_first;

    if (db == NULL)
        return -1;
    is_first = insert(db, request, identity, error);
    if (is_first == 0 && forget_dead(db, request, identity, error) == 1)
        is_first = insert(db, request, identity, error);
    if (is_first == 1)
        return wxs_write_commit(db, error) ? 1 : -1;
    if (is_first == 0 &&
        !answer_earlier(db, request, identity, response, error))
        is_first = -1;
    wxs_write_abort(db);
    return is_first;
}

wxs_idempotent
wxs_idempotency_begin(wxs_context *context, const wxs_request *request,
                      wxs_response *response)
{
    wxs_error error;
    int is_first;
    int kept;

    if (request->idempotency_key == NULL ||
        strcmp(request->method, "POST") != 0)
        return WXS_IDEMPOTENT_NONE;
    if (!check(request, response))
        return WXS_IDEMPOTENT_ANSWERED;
    kept = wxs_kept_beside(context, request, response, &error);
    is_first = kept == 0 ? enter(context, request, response, &error) : kept - 1;
    if (is_first == 1)
        return WXS_IDEMPOTENT_FIRST;
    if (is_first < 0)
        wxs_answer_internal(response, request, &error);
    return WXS_IDEMPOTENT_ANSWERED;
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

    if (response->kept)
        return;
    if (keeps) {
        sealed = wxs_kept_seal(request, response, &len, &error);
        ok = sealed != NULL;
    }
    if (ok)
        ok = store(request, identity, sealed, len, &error);
    free(sealed);
    if (!ok)
        wxs_log(WXS_LOG_ERROR, "an idempotent answer was not kept",
                "request_id", request->id, "error", error.text, NULL);
}
