#include "retention.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db.h"
#include "log.h"
#include "part_list.h"

#define MS_A_DAY INT64_C(86400000)
#define STEP     5000 /* messages */
#define PAUSE_MS 5

/* ---- partitions ---- */

/* The cursor as it survives a power loss: a commit of this connection syncs the
 * log, and with it all commits before. */
static bool
settled_cursor(const char *dir, int64_t *cursor, wxs_error *error)
{
    wxs_db *counts = NULL;
    sqlite3_stmt *row = NULL;
    bool ok = wxs_db_open(&counts, dir, WXS_DB_COUNTS, WXS_DB_WRITE, error) &&
              wxs_db_begin(counts, error);

    if (ok) {
        row = wxs_db_prepare(
            counts, "UPDATE cursor SET event = event RETURNING event", error);
        ok = row != NULL && wxs_db_step(counts, row, error) == 1;
        *cursor = ok ? sqlite3_column_int64(row, 0) : 0;
        wxs_db_done(row);
    }
    ok = ok && wxs_db_commit(counts, error);
    wxs_db_close(counts);
    return ok;
}

/* Is the partition full, old and counted? */
static bool
is_over(const char *path, int64_t before_ms, int64_t cursor, bool *over,
        wxs_error *error)
{
    static const char sql[] =
        "SELECT 1 FROM about WHERE sealed_at IS NOT NULL AND last_at < ?1 "
        "AND last_id <= ?2";
    wxs_db *db = NULL;
    sqlite3_stmt *row;
    int found = -1;

    *over = false;
    if (!wxs_db_open_file(&db, path, WXS_DB_PART, WXS_DB_READ, error))
        return false;
    row = wxs_db_prepare(db, sql, error);
    if (row != NULL) {
        sqlite3_bind_int64(row, 1, before_ms);
        sqlite3_bind_int64(row, 2, cursor);
        found = wxs_db_step(db, row, error);
    }
    *over = found == 1;
    wxs_db_done(row);
    wxs_db_close(db);
    return found >= 0;
}

/* The log goes last: without it a file that comes back would not be whole. */
static bool
drop(const char *path, wxs_error *error)
{
    static const char *const ends[] = {"", "-shm", "-wal"};
    char name[WXS_PART_PATH + 8];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        if (unlink(name) == -1 && errno != ENOENT)
            return wxs_fail(error, "cannot remove %s: %s", name,
                            strerror(errno));
    }
    wxs_log(WXS_LOG_INFO, "removed events of a time that is over", "partition",
            path, NULL);
    return true;
}

bool
wxs_retention_drop(const char *dir, int64_t before_ms, size_t *dropped,
                   wxs_error *error)
{
    char path[WXS_PART_PATH];
    wxs_part_list list;
    int64_t cursor;
    bool ok, over;

    *dropped = 0;
    if (!wxs_part_list_read(&list, dir, error))
        return false;
    ok = list.count < 2 || settled_cursor(dir, &cursor, error);
    for (size_t i = 0; ok && i + 1 < list.count; i++) {
        ok = wxs_part_path(dir, list.first_id[i], path, error) &&
             is_over(path, before_ms, cursor, &over, error) &&
             (!over || drop(path, error));
        *dropped += ok && over;
    }
    wxs_part_list_free(&list);
    return ok;
}

/* ---- counts ---- */

/* Runs the statement with these numbers in a transaction of its own. */
static bool
run_with(wxs_db *db, const char *sql, const int64_t *value, int count,
         wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(db, sql, error);

    if (statement == NULL)
        return false;
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(statement, i + 1, value[i]);
    return wxs_db_run(db, statement, error);
}

/* The message some way behind this one: the end of the next step. */
static int
next_step(wxs_db *counts, const uint8_t from[16], uint8_t to[16],
          wxs_error *error)
{
    static const char sql[] =
        "SELECT max(message) FROM (SELECT message FROM message_counts "
        "WHERE message > ?1 ORDER BY message LIMIT ?2)";
    sqlite3_stmt *row = wxs_db_prepare(counts, sql, error);
    int found;

    if (row == NULL)
        return -1;
    sqlite3_bind_blob(row, 1, from, 16, SQLITE_STATIC);
    sqlite3_bind_int(row, 2, STEP);
    found = wxs_db_step(counts, row, error);
    if (found == 1 && sqlite3_column_bytes(row, 0) == 16)
        memcpy(to, sqlite3_column_blob(row, 0), 16);
    else if (found == 1)
        found = 0;
    wxs_db_done(row);
    return found;
}

static bool
forget_step(wxs_db *counts, const uint8_t from[16], const uint8_t to[16],
            int64_t before_ms, wxs_error *error)
{
    static const char sql[] =
        "DELETE FROM message_counts WHERE message > ?1 AND message <= ?2 AND "
        "message NOT IN (SELECT message FROM message_counts WHERE message > ?1 "
        "AND message <= ?2 AND link = 0 AND last_at >= ?3)";
    sqlite3_stmt *statement = wxs_db_prepare(counts, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_blob(statement, 1, from, 16, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, to, 16, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, before_ms);
    return wxs_db_run(counts, statement, error);
}

bool
wxs_retention_forget_messages(const char *dir, int64_t before_ms,
                              wxs_error *error)
{
    uint8_t from[16] = {0}, to[16];
    wxs_db *counts = NULL;
    int found = 1;
    bool ok = wxs_db_open(&counts, dir, WXS_DB_COUNTS, WXS_DB_WRITE, error);

    while (ok && (found = next_step(counts, from, to, error)) == 1) {
        ok = forget_step(counts, from, to, before_ms, error);
        memcpy(from, to, sizeof from);
        sqlite3_sleep(PAUSE_MS);
    }
    wxs_db_close(counts);
    return ok && found >= 0;
}

/* The domain behind this one that has roll-ups. */
static int
next_domain(wxs_db *counts, int64_t *account, int64_t *domain, wxs_error *error)
{
    static const char sql[] =
        "SELECT account, domain FROM rollup_hours WHERE (account, domain) > "
        "(?1, ?2) ORDER BY account, domain LIMIT 1";
    sqlite3_stmt *row = wxs_db_prepare(counts, sql, error);
    int found;

    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, *account);
    sqlite3_bind_int64(row, 2, *domain);
    found = wxs_db_step(counts, row, error);
    if (found == 1) {
        *account = sqlite3_column_int64(row, 0);
        *domain = sqlite3_column_int64(row, 1);
    }
    wxs_db_done(row);
    return found;
}

static bool
forget_domain(wxs_db *counts, int64_t account, int64_t domain, int64_t before,
              wxs_error *error)
{
    static const char *const sql[] = {
        "DELETE FROM rollup_links WHERE account = ?1 AND domain = ?2 "
        "AND day < ?3",
        "DELETE FROM rollup_tags WHERE account = ?1 AND domain = ?2 "
        "AND day < ?3",
        "DELETE FROM rollup_hours WHERE account = ?1 AND domain = ?2 "
        "AND hour < ?3 * 24"};
    const int64_t value[] = {account, domain, before / MS_A_DAY};
    bool ok = wxs_db_begin(counts, error);

    for (size_t i = 0; ok && i < sizeof sql / sizeof sql[0]; i++)
        ok = run_with(counts, sql[i], value, 3, error);
    if (ok && wxs_db_commit(counts, error))
        return true;
    wxs_db_rollback(counts);
    return false;
}

bool
wxs_retention_forget_rollups(const char *dir, int64_t before_ms,
                             wxs_error *error)
{
    static const char urls[] = "DELETE FROM links WHERE id IN (SELECT id FROM "
                               "links WHERE last_day < ?1 "
                               "LIMIT 5000)";
    const int64_t day = before_ms / MS_A_DAY;
    int64_t account = -1, domain = 0;
    wxs_db *counts = NULL;
    int found = 1;
    bool ok = wxs_db_open(&counts, dir, WXS_DB_COUNTS, WXS_DB_WRITE, error);

    while (ok && (found = next_domain(counts, &account, &domain, error)) == 1) {
        ok = forget_domain(counts, account, domain, before_ms, error);
        sqlite3_sleep(PAUSE_MS);
    }
    ok = ok && found >= 0;
    while (ok && (ok = run_with(counts, urls, &day, 1, error)) &&
           wxs_db_changes(counts) > 0)
        sqlite3_sleep(PAUSE_MS);
    wxs_db_close(counts);
    return ok;
}
