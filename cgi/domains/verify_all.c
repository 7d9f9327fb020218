#include <string.h>

#include "clock.h"
#include "routes.h"
#include "sql.h"
#include "webhook_outbox.h"

/* A check of every domain of the account, and how far these checks are. */

/* Begins verification where none is under way; as for a single domain, nothing
 * that the records have earned is taken away. */
static bool
restart_all(wxs_db *db, int64_t account, int64_t now, wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "INSERT INTO history (domain, at, from_state, to_state, "
                       "cause) SELECT number, ?1, state, 'pending', 'verify' "
                       "FROM domains WHERE account = ?2 AND deleted_at IS NULL "
                       "AND state IN ('not_started', 'failed')",
                       "ii", now, account) &&
           wxs_sql_run(db, error,
                       "UPDATE records SET status = 'pending' WHERE domain IN "
                       "(SELECT number FROM domains WHERE account = ?1 "
                       "AND deleted_at IS NULL "
                       "AND state IN ('not_started', 'failed')) "
                       "AND NOT (kind = 'tracking' AND status = 'verified')",
                       "i", account) &&
           wxs_sql_run(
               db, error,
               "UPDATE domains SET state = 'pending', state_since = ?1, "
               "definite_since = NULL, missing_ms = 0, checks = 0, "
               "unknown_since = NULL, next_check_at = NULL "
               "WHERE account = ?2 AND deleted_at IS NULL "
               "AND state IN ('not_started', 'failed')",
               "ii", now, account) &&
           wxs_webhook_tell_all(db, account, WXS_DOMAIN_UPDATED, now, error);
}

/* Checks that began less than pause microseconds ago will do and are waited
 * for; the next ones begin so long after the last ended. */
static bool
request_all(wxs_db *db, int64_t account, int64_t now, int64_t pause,
            wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "UPDATE domains SET asked_at = "
                       "coalesce(asked_at, checking_since) "
                       "WHERE account = ?1 AND deleted_at IS NULL "
                       "AND checking_since >= ?2",
                       "ii", account, now - pause) &&
           wxs_sql_run(db, error,
                       "UPDATE domains SET asked_at = ?1, next_check_at = "
                       "min(max(?1, coalesce(checked_at, 0) + ?2), "
                       "coalesce(next_check_at, ?1 + ?2)) "
                       "WHERE account = ?3 AND deleted_at IS NULL "
                       "AND (checking_since IS NULL OR "
                       "checking_since < ?1 - ?2)",
                       "iii", now, pause, account);
}

static json_t *
states_json(sqlite3_stmt *rows, wxs_db *db, int64_t *total, int64_t *waiting,
            wxs_error *error)
{
    json_t *states = json_object();
    int more;

    *total = 0;
    *waiting = 0;
    while ((more = wxs_db_step(db, rows, error)) == 1) {
        const char *state = (const char *)sqlite3_column_text(rows, 0);

        *total += sqlite3_column_int64(rows, 1);
        *waiting += sqlite3_column_int64(rows, 2);
        if (state == NULL ||
            json_object_set_new(states, state,
                                json_integer(sqlite3_column_int64(rows, 1))) !=
                0) {
            wxs_fail(error, "out of memory");
            more = -1;
            break;
        }
    }
    if (more == 0 && states != NULL)
        return states;
    json_decref(states);
    return NULL;
}

/* NULL with error filled. */
static json_t *
progress(wxs_db *db, int64_t account, wxs_error *error)
{
    sqlite3_stmt *rows =
        wxs_sql(db, error,
                "SELECT state, count(*), count(asked_at) FROM domains "
                "WHERE account = ? AND deleted_at IS NULL GROUP BY state",
                "i", account);
    int64_t total, waiting;
    json_t *states;

    if (rows == NULL)
        return NULL;
    states = states_json(rows, db, &total, &waiting, error);
    wxs_db_done(rows);
    if (states == NULL)
        return NULL;
    return json_pack("{s:s, s:I, s:I, s:o}", "object", "domain_verification",
                     "total", (json_int_t)total, "waiting", (json_int_t)waiting,
                     "states", states);
}

void
wxs_domains_verify_all(wxs_context *context, const wxs_request *request,
                       wxs_response *response)
{
    int64_t account = context->identity.account;
    int64_t pause = context->config->verify.min_interval_ms * 1000;
    int64_t now = wxs_now_us();
    wxs_error error;
    json_t *answer = NULL;
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, &error);

    if (db != NULL && restart_all(db, account, now, &error) &&
        request_all(db, account, now, pause, &error))
        answer = progress(db, account, &error);
    if (answer != NULL) {
        if (wxs_write_commit(db, &error)) {
            wxs_answer(response, 200, answer);
            return;
        }
        json_decref(answer);
    } else if (db != NULL) {
        wxs_write_abort(db);
    }
    wxs_answer_internal(response, request, &error);
}

void
wxs_domains_verify_progress(wxs_context *context, const wxs_request *request,
                            wxs_response *response)
{
    wxs_error error;
    json_t *answer =
        progress(context->control, context->identity.account, &error);

    if (answer != NULL)
        wxs_answer(response, 200, answer);
    else
        wxs_answer_internal(response, request, &error);
}
