#include "db.h"

#include <stdio.h>
#include <stdlib.h>

#include "db_connect.h"
#include "db_mapping.h"
#include "migrate.h"

struct kept {
    const char *sql;
    sqlite3_stmt *statement;
};

struct wxs_db {
    sqlite3 *handle;
    struct kept *kept;
    size_t count;
    size_t room;
};

bool
wxs_db_fail(wxs_db *db, wxs_error *error, const char *what)
{
    return wxs_fail(error, "%s: %s", what, sqlite3_errmsg(db->handle));
}

static bool
exec(wxs_db *db, const char *sql, wxs_error *error)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return wxs_db_fail(db, error, sql);
}

/* Readers map the file: their own cache is dropped with each commit of another
 * connection, and to read it all again costs more than the query. Not so
 * partitions: there are many, as large as the events are many, and a full one
 * no longer changes. Writers overwrite what they delete or move, so that what
 * is to be erased later has no copies in free space. */
static const char *
pragmas(wxs_db_kind kind, wxs_db_access access)
{
    if (access == WXS_DB_READ && kind == WXS_DB_PART)
        return "PRAGMA foreign_keys = ON; PRAGMA query_only = ON; "
               "PRAGMA cache_size = -512"; /* KiB */
    if (access == WXS_DB_READ)
        return "PRAGMA foreign_keys = ON; PRAGMA query_only = ON; "
               "PRAGMA mmap_size = 1073741824";
    return "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; "
           "PRAGMA secure_delete = ON";
}

bool
wxs_db_open(wxs_db **db, const char *dir, wxs_db_kind kind,
            wxs_db_access access, wxs_error *error)
{
    char path[512];
    int size = snprintf(path, sizeof(path), "%s/%s", dir, wxs_db_file(kind));

    if (size < 0 || (size_t)size >= sizeof(path))
        return wxs_fail(error, "the path of the state directory is too long");
    return wxs_db_open_file(db, path, kind, access, error);
}

bool
wxs_db_open_file(wxs_db **db, const char *path, wxs_db_kind kind,
                 wxs_db_access access, wxs_error *error)
{
    wxs_db *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return wxs_fail(error, "out of memory");
    if (!wxs_db_connect(path, SQLITE_OPEN_NOMUTEX, &made->handle, error) ||
        !wxs_db_check_version(made->handle, path, kind, error) ||
        !exec(made, pragmas(kind, access), error))
        goto failed;
    if (access == WXS_DB_READ)
        wxs_db_keep_mapping(made->handle);
    *db = made;
    return true;

failed:
    wxs_db_close(made);
    return false;
}

void
wxs_db_close(wxs_db *db)
{
    if (db == NULL)
        return;
    for (size_t i = 0; i < db->count; i++)
        sqlite3_finalize(db->kept[i].statement);
    free(db->kept);
    sqlite3_close(db->handle);
    free(db);
}

/* Makes room for one more kept statement. */
static bool
grow(wxs_db *db)
{
    struct kept *kept;
    size_t room = db->room == 0 ? 32 : db->room * 2;

    if (db->count < db->room)
        return true;
    kept = realloc(db->kept, room * sizeof(*kept));
    if (kept == NULL)
        return false;
    db->kept = kept;
    db->room = room;
    return true;
}

sqlite3_stmt *
wxs_db_prepare(wxs_db *db, const char *sql, wxs_error *error)
{
    sqlite3_stmt *statement = NULL;

    for (size_t i = 0; i < db->count; i++) {
        if (db->kept[i].sql == sql) {
            wxs_db_done(db->kept[i].statement);
            return db->kept[i].statement;
        }
    }
    if (!grow(db)) {
        wxs_fail(error, "out of memory");
        return NULL;
    }
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &statement, NULL) != SQLITE_OK) {
        wxs_db_fail(db, error, sql);
        return NULL;
    }
    db->kept[db->count++] = (struct kept){sql, statement};
    return statement;
}

void
wxs_db_done(sqlite3_stmt *statement)
{
    if (statement == NULL)
        return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

int
wxs_db_step(wxs_db *db, sqlite3_stmt *statement, wxs_error *error)
{
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        return 0;
    default:
        wxs_db_fail(db, error, sqlite3_sql(statement));
        return -1;
    }
}

bool
wxs_db_run(wxs_db *db, sqlite3_stmt *statement, wxs_error *error)
{
    int step = wxs_db_step(db, statement, error);

    wxs_db_done(statement);
    if (step > 0)
        return wxs_fail(error, "%s: gave a row, none was expected",
                        sqlite3_sql(statement));
    return step == 0;
}

/* Runs a constant statement without parameters. */
static bool
run_kept(wxs_db *db, const char *sql, wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(db, sql, error);

    return statement != NULL && wxs_db_run(db, statement, error);
}

bool
wxs_db_begin(wxs_db *db, wxs_error *error)
{
    return run_kept(db, "BEGIN IMMEDIATE", error);
}

bool
wxs_db_begin_read(wxs_db *db, wxs_error *error)
{
    return run_kept(db, "BEGIN DEFERRED", error);
}

bool
wxs_db_commit(wxs_db *db, wxs_error *error)
{
    return run_kept(db, "COMMIT", error);
}

void
wxs_db_end_read(wxs_db *db)
{
    wxs_error error;

    if (!run_kept(db, "COMMIT", &error))
        wxs_db_rollback(db);
}

bool
wxs_db_in_transaction(const wxs_db *db)
{
    return sqlite3_get_autocommit(db->handle) == 0;
}

void
wxs_db_rollback(wxs_db *db)
{
    if (wxs_db_in_transaction(db))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

bool
wxs_db_savepoint(wxs_db *db, wxs_error *error)
{
    return run_kept(db, "SAVEPOINT part", error);
}

bool
wxs_db_release(wxs_db *db, wxs_error *error)
{
    return run_kept(db, "RELEASE part", error);
}

void
wxs_db_rollback_to_savepoint(wxs_db *db)
{
    wxs_error error;

    /* an error of the disk may have ended the whole transaction */
    if (wxs_db_in_transaction(db) &&
        !(run_kept(db, "ROLLBACK TO part", &error) &&
          run_kept(db, "RELEASE part", &error)))
        wxs_db_rollback(db);
}

int64_t
wxs_db_last_id(const wxs_db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

int
wxs_db_changes(const wxs_db *db)
{
    return sqlite3_changes(db->handle);
}

int64_t
wxs_db_data_version(wxs_db *db)
{
    sqlite3_stmt *statement = wxs_db_prepare(db, "PRAGMA data_version", NULL);
    int64_t version = -1;

    if (statement == NULL)
        return -1;
    if (wxs_db_step(db, statement, NULL) == 1)
        version = sqlite3_column_int64(statement, 0);
    wxs_db_done(statement);
    return version;
}

sqlite3 *
wxs_db_handle(wxs_db *db)
{
    return db->handle;
}
