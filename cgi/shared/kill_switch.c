#include "kill_switch.h"

#include "clock.h"

/* Runs a bound statement that changes a row unless all is as wanted. */
static bool
change(wxs_db *control, sqlite3_stmt *statement, bool *changed,
       wxs_error *error)
{
    if (!wxs_db_run(control, statement, error))
        return false;
    *changed = wxs_db_changes(control) > 0;
    return true;
}

static bool
change_row(wxs_db *control, const char *sql, int64_t number, bool kill,
           bool *changed, wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(control, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, number);
    if (kill)
        sqlite3_bind_int64(statement, 2, wxs_now_us());
    return change(control, statement, changed, error);
}

bool
wxs_kill_link(wxs_db *control, int64_t id, bool kill, bool *changed,
              wxs_error *error)
{
    static const char killing[] =
        "UPDATE links SET killed_at = ?2 WHERE id = ?1 AND killed_at IS NULL";
    static const char reviving[] = "UPDATE links SET killed_at = NULL WHERE "
                                   "id = ?1 AND killed_at IS NOT NULL";

    return change_row(control, kill ? killing : reviving, id, kill, changed,
                      error);
}

bool
wxs_kill_domain(wxs_db *control, int64_t number, bool kill, bool *changed,
                wxs_error *error)
{
    static const char killing[] = "UPDATE domains SET killed_at = ?2 WHERE "
                                  "number = ?1 AND killed_at IS NULL";
    static const char reviving[] = "UPDATE domains SET killed_at = NULL WHERE "
                                   "number = ?1 AND killed_at IS NOT NULL";

    return change_row(control, kill ? killing : reviving, number, kill, changed,
                      error);
}

bool
wxs_kill_message(wxs_db *control, const uint8_t id[WXS_MESSAGE_ID_SIZE],
                 int64_t domain, bool kill, bool *changed, wxs_error *error)
{
    static const char killing[] =
        "INSERT INTO killed_messages (message, domain, killed_at) "
        "VALUES (?1, nullif(?2, 0), ?3) ON CONFLICT (message) DO NOTHING";
    static const char reviving[] =
        "DELETE FROM killed_messages WHERE message = ?1";
    sqlite3_stmt *statement =
        wxs_db_prepare(control, kill ? killing : reviving, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_blob(statement, 1, id, WXS_MESSAGE_ID_SIZE, SQLITE_TRANSIENT);
    if (kill) {
        sqlite3_bind_int64(statement, 2, domain);
        sqlite3_bind_int64(statement, 3, wxs_now_us());
    }
    return change(control, statement, changed, error);
}
