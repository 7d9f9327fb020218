#include "record_store.h"

#include "sql.h"

bool
wxs_record_add(wxs_db *db, int64_t domain, const wxs_record *record,
               int64_t host, const char *status, wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "INSERT INTO records (domain, kind, fqdn, type, value, "
                       "priority, tracking_host, status) "
                       "VALUES (?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0), ?)",
                       "ittttiit", domain, record->kind, record->fqdn,
                       record->type, record->value, (int64_t)record->priority,
                       host, status);
}

bool
wxs_records_restart(wxs_db *db, int64_t domain, wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "UPDATE records SET status = 'pending' "
                       "WHERE domain = ? AND NOT (kind = 'tracking' "
                       "AND status = 'verified')",
                       "i", domain);
}

sqlite3_stmt *
wxs_records_walk(wxs_db *db, int64_t domain, wxs_error *error)
{
    return wxs_sql(db, error,
                   "SELECT kind, fqdn, type, value, priority, status, detail "
                   "FROM records WHERE domain = ? ORDER BY number",
                   "i", domain);
}

bool
wxs_tracking_host_add(wxs_db *db, int64_t domain, const char *label,
                      const char *host, int64_t now, int64_t *number,
                      wxs_error *error)
{
    if (!wxs_sql_run(db, error,
                     "INSERT INTO tracking_hosts (domain, label, host, "
                     "created_at) VALUES (?, ?, ?, ?)",
                     "itti", domain, label, host, now))
        return false;
    *number = wxs_db_last_id(db);
    return true;
}

int
wxs_tracking_host_return(wxs_db *db, int64_t domain, const char *label,
                         wxs_error *error)
{
    if (!wxs_sql_run(db, error,
                     "UPDATE tracking_hosts SET number = "
                     "(SELECT max(number) + 1 FROM tracking_hosts) "
                     "WHERE domain = ? AND label = ?",
                     "it", domain, label))
        return -1;
    return wxs_db_changes(db) > 0;
}

int64_t
wxs_tracking_host_count(wxs_db *db, int64_t domain, wxs_error *error)
{
    sqlite3_stmt *row = wxs_sql(
        db, error, "SELECT count(*) FROM tracking_hosts WHERE domain = ?", "i",
        domain);
    int64_t count = -1;

    if (row != NULL && wxs_db_step(db, row, error) == 1)
        count = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return count;
}
