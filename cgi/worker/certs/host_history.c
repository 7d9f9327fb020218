#include "host_history.h"

#include <jansson.h>
#include <stdlib.h>

#include "clock.h"

static char *
evidence_text(wxs_db *db, const char *host, const char *code,
              const char *message, wxs_error *error)
{
    static const char sql[] =
        "SELECT expires_at FROM certificate_hosts WHERE host = ?1";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    char expires[WXS_TIME_TEXT] = "";
    int64_t at = 0;

    if (row == NULL)
        return NULL;
    sqlite3_bind_text(row, 1, host, -1, SQLITE_STATIC);
    if (wxs_db_step(db, row, error) == 1)
        at = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    if (at != 0)
        wxs_time_text(at, expires);
    json_t *json = json_pack("{s:{s:s, s:s?, s:s?, s:s?}}", "certificate",
                             "host", host, "code", code, "message", message,
                             "expires_at", at == 0 ? NULL : expires);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

    json_decref(json);
    if (text == NULL)
        (void)wxs_fail(error, "out of memory");
    return text;
}

bool
wxs_host_history(wxs_db *db, const char *host, const char *cause,
                 const char *code, const char *message, int64_t now,
                 wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO history (domain, at, from_state, to_state, cause, "
        "evidence) SELECT DISTINCT d.number, ?2, d.state, d.state, ?3, ?4 "
        "FROM tracking_hosts t JOIN domains d ON d.number = t.domain "
        "WHERE t.host = ?1 AND t.verified_at IS NOT NULL "
        "AND d.deleted_at IS NULL";
    char *evidence = evidence_text(db, host, code, message, error);
    sqlite3_stmt *insert;
    bool ok = false;

    if (evidence == NULL)
        return false;
    insert = wxs_db_prepare(db, sql, error);
    if (insert != NULL) {
        sqlite3_bind_text(insert, 1, host, -1, SQLITE_STATIC);
        sqlite3_bind_int64(insert, 2, now);
        sqlite3_bind_text(insert, 3, cause, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 4, evidence, -1, SQLITE_STATIC);
        ok = wxs_db_run(db, insert, error);
    }
    free(evidence);
    return ok;
}
