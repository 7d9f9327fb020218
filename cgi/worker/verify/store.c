#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detail.h"
#include "store_others.h"

#define DAY_US INT64_C(86400000000)

/* Domains that are due, and all that their checks have to know. */

#define CHECKED "state IN ('pending', 'verified', 'temporary_failure')"

bool
wxs_store_resume(wxs_db *db, int64_t now, wxs_error *error)
{
    static const char sql[] =
        "UPDATE domains SET next_check_at = min(next_check_at, ?1), "
        "checking_since = NULL WHERE checking_since IS NOT NULL";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL) {
        return false;
    }
    sqlite3_bind_int64(update, 1, now);
    return wxs_db_run(db, update, error);
}

bool
wxs_store_next_due(wxs_db *db, int64_t *at, wxs_error *error)
{
    static const char sql[] =
        "SELECT next_check_at FROM domains WHERE next_check_at IS NOT NULL "
        "AND deleted_at IS NULL AND " CHECKED " ORDER BY next_check_at LIMIT 1";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int got = row == NULL ? -1 : wxs_db_step(db, row, error);

    *at = got == 1 ? sqlite3_column_int64(row, 0) : INT64_MAX;
    wxs_db_done(row);
    return got >= 0;
}

bool
wxs_store_due(wxs_db *db, int64_t now, int64_t *numbers, size_t *count,
              wxs_error *error)
{
    static const char sql[] =
        "SELECT number FROM domains WHERE next_check_at <= ?1 "
        "AND deleted_at IS NULL AND " CHECKED
        " ORDER BY next_check_at LIMIT ?2";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int got = -1;

    *count = 0;
    if (row != NULL) {
        sqlite3_bind_int64(row, 1, now);
        sqlite3_bind_int64(row, 2, WXS_DUE_MAX);
        while ((got = wxs_db_step(db, row, error)) == 1 &&
               *count < WXS_DUE_MAX) {
            numbers[(*count)++] = sqlite3_column_int64(row, 0);
        }
    }
    wxs_db_done(row);
    return got >= 0;
}

static char *
copy_text(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return strdup(text == NULL ? "" : text);
}

static bool
load_domain(wxs_db *db, wxs_job *job, wxs_error *error)
{
    static const char sql[] =
        "SELECT id, name, state, state_since, definite_since, missing_ms, "
        "next_check_at, checks, asked_at IS NOT NULL, "
        "coalesce(unknown_since, 0) FROM domains WHERE number = ?1";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    bool ok = false;

    if (row == NULL) {
        return false;
    }
    sqlite3_bind_int64(row, 1, job->number);
    int got = wxs_db_step(db, row, error);

    if (got == 1) {
        job->id = copy_text(row, 0);
        job->name = copy_text(row, 1);
        job->row = (wxs_state_row){
            .state = wxs_state_parse((const char *)sqlite3_column_text(row, 2)),
            .since = sqlite3_column_int64(row, 3),
            .definite_since = sqlite3_column_int64(row, 4),
            .missing_ms = sqlite3_column_int64(row, 5),
            .next_check_at = sqlite3_column_int64(row, 6),
            .checks = sqlite3_column_int64(row, 7),
            .unknown_since = sqlite3_column_int64(row, 9)};
        job->check.asked_for = sqlite3_column_int(row, 8) != 0;
        ok = job->id != NULL && job->name != NULL;
    }
    wxs_db_done(row);
    return ok || (got >= 0 && wxs_fail(error, "domain %lld cannot be loaded",
                                       (long long)job->number));
}

static bool
parse_kind(const char *name, wxs_record_kind *kind)
{
    for (int k = WXS_RECORD_DKIM; k <= WXS_RECORD_TRACKING; k++) {
        if (name != NULL && strcmp(name, wxs_record_kind_name(k)) == 0) {
            *kind = (wxs_record_kind)k;
            return true;
        }
    }
    return false;
}

/* A DKIM key in the operator's zone: the record is a CNAME, and the key is what
 * receivers are to find behind it. */
static bool
set_value(wxs_expected *expected, sqlite3_stmt *row)
{
    const char *type = (const char *)sqlite3_column_text(row, 8);
    const char *key = (const char *)sqlite3_column_text(row, 9);
    char *text = NULL;

    if (expected->kind != WXS_RECORD_DKIM || key == NULL || type == NULL ||
        strcmp(type, "CNAME") != 0) {
        expected->value = copy_text(row, 3);
        return expected->value != NULL;
    }
    expected->alias = copy_text(row, 3);
    if (asprintf(&text, "v=DKIM1; k=%s; p=%s",
                 sqlite3_column_int(row, 10) != 0 ? "ed25519" : "rsa",
                 key) < 0) {
        return false;
    }
    expected->value = text;
    return expected->alias != NULL;
}

static bool
add_record(wxs_job *job, sqlite3_stmt *row)
{
    size_t i = job->check.count;
    wxs_expected *expected = &job->check.record[i];

    if (!parse_kind((const char *)sqlite3_column_text(row, 1),
                    &expected->kind)) {
        return false;
    }
    job->check.count++;
    job->record[i] = (wxs_job_record){
        .number = sqlite3_column_int64(row, 0),
        .status = wxs_state_parse((const char *)sqlite3_column_text(row, 5)),
        .host = sqlite3_column_int64(row, 6),
        .added_at = sqlite3_column_int64(row, 7),
        .optional = sqlite3_column_int(row, 11) != 0};
    job->check.caches[i] =
        (wxs_check_caches){.ttl = (uint32_t)sqlite3_column_int64(row, 12),
                           .until = sqlite3_column_int64(row, 13)};
    job->check.verified[i] = job->record[i].status == WXS_VERIFIED;
    expected->fqdn = copy_text(row, 2);
    expected->priority = sqlite3_column_int(row, 4);
    expected->behind_cdn = sqlite3_column_int64(row, 14) >
                           job->taken_at - WXS_CDN_PROOF_DAYS * DAY_US;
    return set_value(expected, row) && expected->fqdn != NULL;
}

static bool
load_records(wxs_db *db, wxs_job *job, wxs_error *error)
{
    /* the domain needs the RSA key that signs, or the one that is to be the
     * first to sign */
    static const char sql[] =
        "SELECT r.number, r.kind, r.fqdn, r.value, r.priority, r.status, "
        "r.tracking_host, coalesce(h.created_at, "
        "CASE k.state WHEN 'pending' THEN k.taken_at END), r.type, "
        "k.public_key, k.algorithm = 'ed25519', "
        "k.algorithm = 'ed25519' OR k.state = 'retiring' OR "
        "(k.state = 'pending' AND EXISTS (SELECT 1 FROM dkim_keys a "
        "WHERE a.domain = r.domain AND a.state = 'active' "
        "AND a.algorithm <> 'ed25519')), "
        "r.other_ttl, r.cached_until, h.cdn_at FROM records r "
        "LEFT JOIN tracking_hosts h ON h.number = r.tracking_host "
        "LEFT JOIN dkim_keys k ON r.kind = 'dkim' AND k.domain = r.domain "
        "AND k.selector = substr(r.fqdn, 1, instr(r.fqdn, '.') - 1) "
        "WHERE r.domain = ?1 ORDER BY r.number";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    bool ok = true;
    int got = -1;

    if (row == NULL) {
        return false;
    }
    sqlite3_bind_int64(row, 1, job->number);
    while (ok && job->check.count < WXS_CHECK_RECORDS_MAX &&
           (got = wxs_db_step(db, row, error)) == 1) {
        ok = add_record(job, row) ||
             wxs_fail(error, "the records of %s cannot be loaded", job->name);
    }
    wxs_db_done(row);
    return ok && got >= 0;
}

static bool
begin_check(wxs_db *db, const wxs_job *job, wxs_error *error)
{
    static const char sql[] =
        "UPDATE domains SET next_check_at = ?2, checking_since = ?3 "
        "WHERE number = ?1";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL) {
        return false;
    }
    sqlite3_bind_int64(update, 1, job->number);
    sqlite3_bind_int64(update, 2, job->lease);
    sqlite3_bind_int64(update, 3, job->taken_at);
    return wxs_db_run(db, update, error);
}

wxs_job *
wxs_store_take(wxs_db *db, int64_t number, int64_t now, int64_t lease,
               wxs_error *error)
{
    wxs_job *job = calloc(1, sizeof *job);

    if (job == NULL) {
        wxs_fail(error, "out of memory");
        return NULL;
    }
    job->number = number;
    job->lease = lease;
    job->taken_at = now;
    if (!load_domain(db, job, error) || !load_records(db, job, error) ||
        !wxs_store_load_others(db, job, error) ||
        !begin_check(db, job, error)) {
        wxs_job_free(job);
        return NULL;
    }
    job->check.domain = job->name;
    return job;
}

/* A time that is not the lease is somebody's wish, which stays. */
bool
wxs_store_extend(wxs_db *db, wxs_job *job, int64_t lease, wxs_error *error)
{
    static const char sql[] = "UPDATE domains SET next_check_at = ?2 "
                              "WHERE number = ?1 AND next_check_at = ?3";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL) {
        return false;
    }
    sqlite3_bind_int64(update, 1, job->number);
    sqlite3_bind_int64(update, 2, lease);
    sqlite3_bind_int64(update, 3, job->lease);
    job->lease = lease;
    return wxs_db_run(db, update, error);
}

void
wxs_job_free(wxs_job *job)
{
    if (job == NULL) {
        return;
    }
    for (size_t i = 0; i < job->check.count; i++) {
        free((char *)job->check.record[i].fqdn);
        free((char *)job->check.record[i].value);
        free((char *)job->check.record[i].alias);
    }
    for (size_t i = 0; i < WXS_WORLD_OTHERS_MAX; i++) {
        free((char *)job->check.other[i]);
    }
    free(job->id);
    free(job->name);
    free(job);
}
