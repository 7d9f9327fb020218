#include "store_others.h"

#include <string.h>

/* Adds the names that the statement yields to the job's other domains; takes
 * the statement. */
static bool
add_others(wxs_db *db, wxs_job *job, sqlite3_stmt *row, wxs_error *error)
{
    size_t count = 0;
    int got = 0;

    while (count < WXS_WORLD_OTHERS_MAX && job->check.other[count] != NULL) {
        count++;
    }
    while (count < WXS_WORLD_OTHERS_MAX &&
           (got = wxs_db_step(db, row, error)) == 1) {
        job->check.other[count++] =
            strdup((const char *)sqlite3_column_text(row, 0));
    }
    wxs_db_done(row);
    return got >= 0;
}

/* Verified domains of the account that are above this one. */
static bool
load_above(wxs_db *db, wxs_job *job, wxs_error *error)
{
    static const char sql[] =
        "SELECT o.name FROM domains d JOIN domains o ON o.account = d.account "
        "WHERE d.number = ?1 AND o.name = ?2 AND o.state = 'verified' "
        "AND o.deleted_at IS NULL";

    for (const char *dot = strchr(job->name, '.'); dot != NULL;
         dot = strchr(dot + 1, '.')) {
        sqlite3_stmt *row = wxs_db_prepare(db, sql, error);

        if (row == NULL) {
            return false;
        }
        sqlite3_bind_int64(row, 1, job->number);
        sqlite3_bind_text(row, 2, dot + 1, -1, SQLITE_STATIC);
        if (!add_others(db, job, row, error)) {
            return false;
        }
    }
    return true;
}

bool
wxs_store_load_others(wxs_db *db, wxs_job *job, wxs_error *error)
{
    static const char sql[] =
        "SELECT name FROM (SELECT o.number, o.name, o.state FROM domains d "
        "JOIN domains o ON o.account = d.account WHERE d.number = ?1 "
        "AND o.deleted_at IS NULL ORDER BY o.created_at DESC, o.number DESC "
        "LIMIT 16) WHERE state = 'verified' AND number <> ?1";
    sqlite3_stmt *row;

    if (!load_above(db, job, error) ||
        (row = wxs_db_prepare(db, sql, error)) == NULL) {
        return false;
    }
    sqlite3_bind_int64(row, 1, job->number);
    return add_others(db, job, row, error);
}
