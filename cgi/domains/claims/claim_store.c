#include "claim_store.h"

#include <stdio.h>
#include <string.h>

#include "sql.h"

bool
wxs_claim_insert(wxs_db *db, const char *id, int64_t domain, int64_t now,
                 int64_t expires_at, wxs_error *error)
{
    return wxs_sql_run(db, error, "DELETE FROM claims WHERE domain = ?", "i",
                       domain) &&
           wxs_sql_run(db, error,
                       "INSERT INTO claims (id, domain, created_at, "
                       "expires_at) VALUES (?, ?, ?, ?)",
                       "tiii", id, domain, now, expires_at);
}

int
wxs_claim_find(wxs_db *db, int64_t domain, int64_t now, wxs_claim *claim,
               wxs_error *error)
{
    sqlite3_stmt *row = wxs_sql(db, error,
                                "SELECT id, status, created_at, expires_at "
                                "FROM claims WHERE domain = ?",
                                "i", domain);
    int step = row == NULL ? -1 : wxs_db_step(db, row, error);

    if (step == 1) {
        claim->created_at = sqlite3_column_int64(row, 2);
        claim->expires_at = sqlite3_column_int64(row, 3);
        if (!wxs_sql_text(row, 0, claim->id, sizeof(claim->id)) ||
            !wxs_sql_text(row, 1, claim->status, sizeof(claim->status)))
            step = wxs_fail(error, "a claim of control.db is damaged") - 1;
        else if (strcmp(claim->status, "pending") == 0 &&
                 claim->expires_at <= now)
            snprintf(claim->status, sizeof(claim->status), "expired");
    }
    wxs_db_done(row);
    return step;
}

int
wxs_claim_is_held(wxs_db *db, int64_t account, const char *name,
                  wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_sql(db, error,
                "SELECT 1 FROM domains WHERE name = ? AND account <> ? "
                "AND deleted_at IS NULL "
                "AND state IN ('verified', 'temporary_failure')",
                "ti", name, account);
    int step = row == NULL ? -1 : wxs_db_step(db, row, error);

    wxs_db_done(row);
    return step;
}
