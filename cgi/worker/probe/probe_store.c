#include "probe_store.h"

#include <stdio.h>

bool
wxs_probe_resume(wxs_db *db, wxs_error *error)
{
    static const char sql[] =
        "UPDATE tracking_checks SET started_at = NULL WHERE ended_at IS NULL";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    return update != NULL && wxs_db_run(db, update, error);
}

/* 1 a check, 0 none waits, -1 error filled. */
static int
next_waiting(wxs_db *db, wxs_probe_job *job, wxs_error *error)
{
    static const char sql[] =
        "SELECT d.number, t.host, d.region, t.verified_at IS NOT NULL "
        "FROM tracking_checks c "
        "JOIN domains d ON d.number = c.domain "
        "JOIN tracking_hosts t ON t.domain = d.number "
        "WHERE c.ended_at IS NULL AND c.started_at IS NULL "
        "ORDER BY c.asked_at, t.number DESC LIMIT 1";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int found;

    if (row == NULL)
        return -1;
    found = wxs_db_step(db, row, error);
    if (found == 1) {
        job->domain = sqlite3_column_int64(row, 0);
        (void)snprintf(job->host, sizeof job->host, "%s",
                       (const char *)sqlite3_column_text(row, 1));
        (void)snprintf(job->region, sizeof job->region, "%s",
                       (const char *)sqlite3_column_text(row, 2));
        job->is_served = sqlite3_column_int(row, 3) != 0;
    }
    wxs_db_done(row);
    return found;
}

static bool
mark_started(wxs_db *db, int64_t domain, int64_t now, wxs_error *error)
{
    static const char sql[] =
        "UPDATE tracking_checks SET started_at = ?2 WHERE domain = ?1";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL)
        return false;
    sqlite3_bind_int64(update, 1, domain);
    sqlite3_bind_int64(update, 2, now);
    return wxs_db_run(db, update, error);
}

bool
wxs_probe_take(wxs_db *db, int64_t now, wxs_probe_job *job, bool *taken,
               wxs_error *error)
{
    int found = next_waiting(db, job, error);

    *taken = false;
    if (found != 1)
        return found == 0; /* the usual case needs no transaction */
    if (!wxs_db_begin(db, error))
        return false;
    found = next_waiting(db, job, error); /* another thread may have it */
    if (found >= 0 &&
        (found == 0 || mark_started(db, job->domain, now, error)) &&
        wxs_db_commit(db, error)) {
        *taken = found == 1;
        return true;
    }
    wxs_db_rollback(db);
    return false;
}

/* Binds the domain and the time to a statement and runs it. */
static bool
run_timed(wxs_db *db, const char *sql, int64_t domain, int64_t now,
          wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(db, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, domain);
    sqlite3_bind_int64(statement, 2, now);
    return wxs_db_run(db, statement, error);
}

/* The record is judged anew after its first proof. */
static bool
note_proof(wxs_db *db, const wxs_probe_job *job, int64_t now, wxs_error *error)
{
#define BEHIND_CDN                                                             \
    "EXISTS (SELECT 1 FROM tracking_hosts t JOIN records r "                   \
    "ON r.tracking_host = t.number WHERE t.domain = ?1 AND t.cdn_at IS NULL "  \
    "AND json_extract(r.detail, '$.code') IN ('cname_other', "                 \
    "'cname_addresses', 'proxied_cloudflare', 'cname_cdn'))"
    static const char check[] =
        "UPDATE domains SET next_check_at = min(next_check_at, ?2) "
        "WHERE number = ?1 AND " BEHIND_CDN;
#undef BEHIND_CDN
    static const char prove[] =
        "UPDATE tracking_hosts SET cdn_at = ?2 WHERE number = "
        "(SELECT max(number) FROM tracking_hosts WHERE domain = ?1) "
        "AND EXISTS (SELECT 1 FROM records r "
        "WHERE r.tracking_host = tracking_hosts.number "
        "AND json_extract(r.detail, '$.code') IN ('cname_other', "
        "'cname_addresses', 'proxied_cloudflare', 'cname_cdn'))";

    return run_timed(db, check, job->domain, now, error) &&
           run_timed(db, prove, job->domain, now, error);
}

static bool
write_result(wxs_db *db, const wxs_probe_job *job, const char *result,
             int64_t now, wxs_error *error)
{
    static const char sql[] = "UPDATE tracking_checks SET ended_at = ?2, "
                              "result = ?3 WHERE domain = ?1";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL)
        return false;
    sqlite3_bind_int64(update, 1, job->domain);
    sqlite3_bind_int64(update, 2, now);
    sqlite3_bind_text(update, 3, result, -1, SQLITE_STATIC);
    return wxs_db_run(db, update, error);
}

bool
wxs_probe_end(wxs_db *db, const wxs_probe_job *job, const char *result,
              bool proved, int64_t now, wxs_error *error)
{
    if (!wxs_db_begin(db, error))
        return false;
    if (write_result(db, job, result, now, error) &&
        (!proved || note_proof(db, job, now, error)) &&
        wxs_db_commit(db, error))
        return true;
    wxs_db_rollback(db);
    return false;
}
