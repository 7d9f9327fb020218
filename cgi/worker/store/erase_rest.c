#include <stdio.h>

#include "erase.h"
#include "uuid.h"

/* ---- webhooks ---- */

/* Numbers of messages of webhooks.db that have the word and are for one of the
 * account's webhooks; those with a delivery under way. */
#define TOLD                                                                   \
    "SELECT number FROM messages m WHERE instr(payload, ?1) > 0 AND EXISTS "   \
    "(SELECT 1 FROM deliveries d WHERE d.message = m.number "                  \
    "AND d.webhook IN (SELECT * FROM temp.hooks)) AND "
#define TAKEN                                                                  \
    "EXISTS (SELECT 1 FROM deliveries d WHERE d.message = m.number "           \
    "AND d.taken = 1)"

static bool
run_with(wxs_db *db, const char *sql, const char *word, wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(db, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_text(statement, 1, word, -1, SQLITE_STATIC);
    return wxs_db_run(db, statement, error);
}

static bool
is_under_way(wxs_db *db, const char *word, bool *waiting, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(db, TOLD TAKEN " LIMIT 1", error);
    int found;

    if (row == NULL)
        return false;
    sqlite3_bind_text(row, 1, word, -1, SQLITE_STATIC);
    found = wxs_db_step(db, row, error);
    *waiting = *waiting || found == 1;
    wxs_db_done(row);
    return found >= 0;
}

static bool
delete_told(wxs_db *db, const char *word, int64_t *deleted, wxs_error *error)
{
    static const char find[] = "INSERT INTO temp.told " TOLD "NOT " TAKEN;
    static const char attempts[] =
        "DELETE FROM attempts WHERE (webhook, message) IN (SELECT webhook, "
        "message FROM deliveries WHERE message IN (SELECT * FROM temp.told))";
    static const char deliveries[] =
        "DELETE FROM deliveries WHERE message IN (SELECT * FROM temp.told)";
    static const char messages[] =
        "DELETE FROM messages WHERE number IN (SELECT * FROM temp.told)";

    if (!run_with(db, find, word, error) ||
        !run_with(db, attempts, word, error) ||
        !run_with(db, deliveries, word, error))
        return false;
    *deleted += wxs_db_changes(db);
    return run_with(db, messages, word, error) &&
           run_with(db, "DELETE FROM temp.told", word, error);
}

static bool
insert_hook(wxs_db *db, int64_t number, wxs_error *error)
{
    sqlite3_stmt *insert =
        wxs_db_prepare(db, "INSERT INTO temp.hooks VALUES (?1)", error);

    if (insert == NULL)
        return false;
    sqlite3_bind_int64(insert, 1, number);
    return wxs_db_run(db, insert, error);
}

/* Notes the numbers of the account's webhooks. */
static bool
note_hooks(wxs_db *db, const char *dir, int64_t account, wxs_error *error)
{
    static const char tables[] = "CREATE TEMP TABLE told (number INTEGER); "
                                 "CREATE TEMP TABLE hooks (number INTEGER)";
    static const char sql[] = "SELECT number FROM webhooks WHERE account = ?1";
    wxs_db *control = NULL;
    sqlite3_stmt *row;
    bool ok = true;
    int more = -1;

    if (sqlite3_exec(wxs_db_handle(db), tables, NULL, NULL, NULL) != SQLITE_OK)
        return wxs_db_fail(db, error, "temporary tables");
    if (!wxs_db_open(&control, dir, WXS_DB_CONTROL, WXS_DB_READ, error))
        return false;
    row = wxs_db_prepare(control, sql, error);
    if (row != NULL)
        sqlite3_bind_int64(row, 1, account);
    while (ok && row != NULL && (more = wxs_db_step(control, row, error)) == 1)
        ok = insert_hook(db, sqlite3_column_int64(row, 0), error);
    wxs_db_done(row);
    wxs_db_close(control);
    return ok && more >= 0;
}

bool
wxs_erase_deliveries(const char *dir, int64_t account,
                     const wxs_message_id *message, size_t count,
                     int64_t *deleted, bool *waiting, wxs_error *error)
{
    char text[WXS_UUID_TEXT];
    wxs_db *db = NULL;
    bool ok = wxs_db_open(&db, dir, WXS_DB_WEBHOOKS, WXS_DB_WRITE, error) &&
              note_hooks(db, dir, account, error);

    *waiting = false;
    for (size_t i = 0; ok && i < count; i++) {
        wxs_uuid_format(message[i].id, text);
        ok = wxs_db_begin(db, error) &&
             is_under_way(db, text, waiting, error) &&
             delete_told(db, text, deleted, error) && wxs_db_commit(db, error);
    }
    if (db != NULL)
        wxs_db_rollback(db);
    ok = ok && wxs_erase_settle(db, error);
    wxs_db_close(db);
    return ok;
}

/* ---- requests ---- */

bool
wxs_erase_requests(const char *dir, int64_t account, const char *word,
                   wxs_error *error)
{
    static const char sql[] = "DELETE FROM log WHERE account = ?2 AND "
                              "(instr(lower(endpoint), lower(?1)) > 0 "
                              "OR instr(lower(request_body), lower(?1)) > 0 "
                              "OR instr(lower(response_body), lower(?1)) > 0)";
    wxs_db *db = NULL;
    sqlite3_stmt *statement;
    bool ok = false;

    if (!wxs_db_open(&db, dir, WXS_DB_REQUESTS, WXS_DB_WRITE, error))
        return false;
    statement = wxs_db_prepare(db, sql, error);
    if (statement != NULL) {
        sqlite3_bind_text(statement, 1, word, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 2, account);
        ok = wxs_db_run(db, statement, error) && wxs_erase_settle(db, error);
    }
    wxs_db_close(db);
    return ok;
}
