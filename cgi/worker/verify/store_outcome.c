#include <stdlib.h>
#include <string.h>

#include "detail.h"
#include "store.h"
#include "store_cdn.h"
#include "store_holder.h"
#include "store_key.h"
#include "store_zone.h"
#include "webhook_outbox.h"

/* What a check found out, written as a whole or not at all. */

/* 0 is no time, and no duration. */
static void
bind_time(sqlite3_stmt *statement, int index, int64_t time)
{
    if (time == 0) {
        sqlite3_bind_null(statement, index);
    } else {
        sqlite3_bind_int64(statement, index, time);
    }
}

/* Is the domain still in the state the check started from? Then *next is when
 * it is to be checked again: as planned, or sooner if somebody asked. */
static bool
still_same(wxs_db *db, const wxs_job *job, const wxs_state_row *row,
           int64_t *next, bool *same, wxs_error *error)
{
    static const char sql[] =
        "SELECT coalesce(next_check_at, 0) FROM domains WHERE number = ?1 "
        "AND state = ?2 AND state_since = ?3 AND deleted_at IS NULL";
    sqlite3_stmt *select = wxs_db_prepare(db, sql, error);

    if (select == NULL) {
        return false;
    }
    sqlite3_bind_int64(select, 1, job->number);
    sqlite3_bind_text(select, 2, wxs_state_name(job->row.state), -1,
                      SQLITE_STATIC);
    sqlite3_bind_int64(select, 3, job->row.since);
    int got = wxs_db_step(db, select, error);

    *same = got == 1;
    *next = row->next_check_at;
    if (got == 1 && *next != 0) {
        int64_t wanted = sqlite3_column_int64(select, 0);

        if (wanted != 0 && wanted != job->lease && wanted < *next) {
            *next = wanted;
        }
    }
    wxs_db_done(select);
    return got >= 0;
}

static bool
write_domain(wxs_db *db, const wxs_job *job, const wxs_state_row *row,
             int64_t next, int64_t now, wxs_error *error)
{
    static const char sql[] =
        "UPDATE domains SET state = ?2, state_since = ?3, definite_since = ?4, "
        "missing_ms = ?5, checked_at = ?6, next_check_at = ?7, checks = ?8, "
        "checking_since = NULL, unknown_since = ?9, asked_at = "
        "CASE WHEN asked_at > ?10 THEN asked_at END WHERE number = ?1";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL) {
        return false;
    }
    sqlite3_bind_int64(update, 1, job->number);
    sqlite3_bind_text(update, 2, wxs_state_name(row->state), -1, SQLITE_STATIC);
    sqlite3_bind_int64(update, 3, row->since);
    bind_time(update, 4, row->definite_since);
    sqlite3_bind_int64(update, 5, row->missing_ms);
    sqlite3_bind_int64(update, 6, now);
    bind_time(update, 7, next);
    sqlite3_bind_int64(update, 8, row->checks);
    bind_time(update, 9, row->unknown_since);
    sqlite3_bind_int64(update, 10, job->taken_at);
    return wxs_db_run(db, update, error);
}

/* *same is cleared if the record is not the one that was checked. */
static bool
write_record(wxs_db *db, const wxs_job *job, size_t i, wxs_state status,
             const wxs_check_caches *caches, const char *detail, bool *same,
             wxs_error *error)
{
    static const char sql[] =
        "UPDATE records SET status = ?2, detail = ?3, other_ttl = ?6, "
        "cached_until = ?7 WHERE number = ?1 AND fqdn = ?4 AND value = ?5";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL) {
        return false;
    }
    sqlite3_bind_int64(update, 1, job->record[i].number);
    sqlite3_bind_text(update, 2, wxs_state_name(status), -1, SQLITE_STATIC);
    sqlite3_bind_text(update, 3, detail, -1, SQLITE_STATIC);
    const wxs_expected *expected = &job->check.record[i];

    sqlite3_bind_text(update, 4, expected->fqdn, -1, SQLITE_STATIC);
    sqlite3_bind_text(
        update, 5, expected->alias != NULL ? expected->alias : expected->value,
        -1, SQLITE_STATIC);
    bind_time(update, 6, caches->ttl);
    bind_time(update, 7, caches->until);
    if (!wxs_db_run(db, update, error)) {
        return false;
    }
    *same = *same && wxs_db_changes(db) == 1;
    return true;
}

/* A tracking host is served for ever from its first verification on. */
static bool
open_host(wxs_db *db, int64_t host, int64_t now, wxs_error *error)
{
    static const char sql[] =
        "UPDATE tracking_hosts SET verified_at = ?2 WHERE number = ?1 "
        "AND verified_at IS NULL";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL) {
        return false;
    }
    sqlite3_bind_int64(update, 1, host);
    sqlite3_bind_int64(update, 2, now);
    return wxs_db_run(db, update, error);
}

/* Is the domain's key in DNS? Only who runs the domain can have put it there;
 * the other records are the same for everybody who tries the name. */
static bool
is_proved(const wxs_job *job, const wxs_state_input *inputs, wxs_state domain)
{
    for (size_t i = 0; i < job->check.count; i++) {
        if (job->check.record[i].kind == WXS_RECORD_DKIM &&
            wxs_state_of_record(job->record[i].status, &inputs[i], domain) ==
                WXS_VERIFIED) {
            return true;
        }
    }
    return false;
}

/* A tracking host that a CDN may be in front of is served, so that the look at
 * it can succeed: who has proved the domain decides over its hosts. */
static bool
write_host(wxs_db *db, const wxs_job *job, int64_t host,
           const wxs_verdict *verdict, bool may_open, int64_t now,
           wxs_error *error)
{
    if (host == 0 || !may_open) {
        return true;
    }
    if (wxs_store_leads_to_cdn(verdict)) {
        return open_host(db, host, now, error) &&
               wxs_store_ask_look(db, job->number, now, error);
    }
    return !wxs_class_good(verdict->class) || wxs_store_no_cdn(db, host, error);
}

static bool
write_records(wxs_db *db, const wxs_job *job, const wxs_check_result *results,
              const wxs_state_input *inputs, const wxs_held *held,
              wxs_state domain, int64_t next, int64_t now, bool *same,
              wxs_error *error)
{
    bool may_open = !held->is_held && is_proved(job, inputs, domain);

    for (size_t i = 0; i < job->check.count; i++) {
        const wxs_expected *expected = &job->check.record[i];
        const wxs_job_record *record = &job->record[i];
        wxs_state status =
            wxs_state_of_record(record->status, &inputs[i], domain);
        char *detail = wxs_detail_record(expected, &results[i], now, next);
        bool ok = detail != NULL
                      ? write_record(db, job, i, status, &results[i].caches,
                                     detail, same, error)
                      : wxs_fail(error, "out of memory");

        free(detail);
        if (!ok) {
            return false;
        }
        if (!write_host(db, job, record->host, &results[i].verdict, may_open,
                        now, error)) {
            return false;
        }
        if (status != WXS_VERIFIED) {
            continue;
        }
        if ((record->host != 0 && may_open &&
             !open_host(db, record->host, now, error)) ||
            (expected->kind == WXS_RECORD_DKIM &&
             !wxs_store_activate_key(db, job->number, expected->fqdn, now,
                                     error))) {
            return false;
        }
    }
    return true;
}

static bool
write_history(wxs_db *db, const wxs_job *job, const wxs_state_step *step,
              const wxs_check_result *results, int64_t now, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO history (domain, at, from_state, to_state, cause, "
        "evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    sqlite3_stmt *insert;
    char *evidence;
    bool ok;

    if (step->cause == NULL) {
        return true;
    }
    evidence = wxs_detail_evidence(
        &job->check, results, step->unreachable ? "dns_unreachable" : NULL);
    insert = wxs_db_prepare(db, sql, error);
    if (evidence == NULL || insert == NULL) {
        free(evidence);
        wxs_db_done(insert);
        return insert != NULL && wxs_fail(error, "out of memory");
    }
    sqlite3_bind_int64(insert, 1, job->number);
    sqlite3_bind_int64(insert, 2, now);
    sqlite3_bind_text(insert, 3, wxs_state_name(job->row.state), -1,
                      SQLITE_STATIC);
    sqlite3_bind_text(insert, 4, wxs_state_name(step->row.state), -1,
                      SQLITE_STATIC);
    sqlite3_bind_text(insert, 5, step->cause, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 6, evidence, -1, SQLITE_STATIC);
    ok = wxs_db_run(db, insert, error);
    free(evidence);
    return ok;
}

/* Tells webhooks of a new state of the domain or of one of its records. */
static bool
tell_webhooks(wxs_db *db, const wxs_job *job, const wxs_state_input *inputs,
              const wxs_state_step *step, int64_t now, wxs_error *error)
{
    bool changed = step->cause != NULL;

    for (size_t i = 0; !changed && i < job->check.count; i++) {
        wxs_state before = job->record[i].status;

        changed =
            wxs_state_of_record(before, &inputs[i], step->row.state) != before;
    }
    return !changed ||
           wxs_webhook_tell(db, job->number, WXS_DOMAIN_UPDATED, now, error);
}

static bool
savepoint(wxs_db *db, const char *sql, wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(db, sql, error);

    return statement != NULL && wxs_db_run(db, statement, error);
}

static bool
write_all(wxs_db *db, const wxs_job *job, const wxs_check_result *results,
          const wxs_state_input *inputs, const wxs_state_step *outcome,
          int64_t now, bool *same, wxs_error *error)
{
    wxs_state_step step = *outcome;
    wxs_held held = {0};
    int64_t next = 0;

    if (!wxs_store_settle_holder(db, job,
                                 is_proved(job, inputs, step.row.state), now,
                                 &held, error)) {
        return false;
    }
    if (held.is_held && step.row.state == WXS_VERIFIED) {
        wxs_store_keep_waiting(&job->row, now, &step);
    }
    if (!still_same(db, job, &step.row, &next, same, error)) {
        return false;
    }
    return !*same || (write_domain(db, job, &step.row, next, now, error) &&
                      write_records(db, job, results, inputs, &held,
                                    step.row.state, next, now, same, error) &&
                      write_history(db, job, &step, results, now, error) &&
                      wxs_store_zone(db, job, results, error) &&
                      tell_webhooks(db, job, inputs, &step, now, error));
}

bool
wxs_store_write(wxs_db *db, const wxs_job *job, const wxs_check_result *results,
                const wxs_state_input *inputs, const wxs_state_step *step,
                int64_t now, bool *written, wxs_error *error)
{
    static const char begin[] = "SAVEPOINT outcome";
    static const char undo[] = "ROLLBACK TO outcome";
    static const char end[] = "RELEASE outcome";

    *written = false;
    return savepoint(db, begin, error) &&
           write_all(db, job, results, inputs, step, now, written, error) &&
           (*written || savepoint(db, undo, error)) &&
           savepoint(db, end, error);
}
