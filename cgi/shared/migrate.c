#include "migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db_connect.h"
#include "embedded.h"
#include "part_list.h"

#define WAL_RETRY_MS 20

struct kind {
    const char *file;
    const char *folder; /* of its migrations */
    int application_id;
};

/* "WXSC", "WXSE", "WXSW", "WXSR", "WXSN" and "WXSP" */
static const struct kind kinds[] = {
    [WXS_DB_CONTROL] = {"control.db", "schema/control/", 0x57585343},
    [WXS_DB_EVENTS] = {"events.db", "schema/events/", 0x57585345},
    [WXS_DB_WEBHOOKS] = {"webhooks.db", "schema/webhooks/", 0x57585357},
    [WXS_DB_REQUESTS] = {"requests.db", "schema/requests/", 0x57585352},
    [WXS_DB_COUNTS] = {"counts.db", "schema/counts/", 0x5758534e},
    [WXS_DB_PART] = {NULL, "schema/parts/", 0x57585350},
};

const char *
wxs_db_file(wxs_db_kind kind)
{
    return kinds[kind].file;
}

/* Number of the migration, 0 if the file is none of this kind. */
static int
migration_number(const struct kind *kind, const char *path)
{
    size_t len = strlen(kind->folder);
    int number = 0;

    if (strncmp(path, kind->folder, len) != 0)
        return 0;
    for (path += len; *path >= '0' && *path <= '9' && number < 1000; path++)
        number = number * 10 + (*path - '0');
    return *path == '_' ? number : 0;
}

/* The first migration after that of this number. */
static const struct wxs_embedded *
next_migration(const struct kind *kind, int version)
{
    const struct wxs_embedded *file, *next = NULL;
    int number, lowest = 0;

    for (file = wxs_embedded_files; file->path != NULL; file++) {
        number = migration_number(kind, file->path);
        if (number > version && (next == NULL || number < lowest)) {
            next = file;
            lowest = number;
        }
    }
    return next;
}

static int
newest_version(const struct kind *kind)
{
    const struct wxs_embedded *file;
    int version = 0;

    while ((file = next_migration(kind, version)) != NULL)
        version = migration_number(kind, file->path);
    return version;
}

static bool
failed(sqlite3 *handle, const char *path, wxs_error *error)
{
    return wxs_fail(error, "%s: %s", path, sqlite3_errmsg(handle));
}

static bool
read_integer(sqlite3 *handle, const char *sql, const char *path, int *value,
             wxs_error *error)
{
    sqlite3_stmt *statement = NULL;
    bool ok =
        sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW;

    if (ok)
        *value = sqlite3_column_int(statement, 0);
    else
        failed(handle, path, error);
    sqlite3_finalize(statement);
    return ok;
}

/* Reads the version of a database that is ours; 0 if it is new and empty. */
static bool
read_version(sqlite3 *handle, const char *path, const struct kind *kind,
             int *version, wxs_error *error)
{
    int id;
    int tables;
    int newest = newest_version(kind);

    if (!read_integer(handle, "PRAGMA application_id", path, &id, error) ||
        !read_integer(handle, "SELECT count(*) FROM sqlite_master", path,
                      &tables, error) ||
        !read_integer(handle, "PRAGMA user_version", path, version, error))
        return false;
    if (id != kind->application_id && (id != 0 || tables != 0 || *version != 0))
        return wxs_fail(error,
                        "%s is not a Waxseal database of this kind; move "
                        "it out of the way",
                        path);
    if (*version > newest)
        return wxs_fail(error,
                        "%s has version %d, but this build knows only "
                        "versions up to %d: install the newer Waxseal that "
                        "wrote it",
                        path, *version, newest);
    return true;
}

/* The same in one snapshot, so that a migration of another process is seen
 * whole or not at all. */
static bool
peek_version(sqlite3 *handle, const char *path, const struct kind *kind,
             int *version, wxs_error *error)
{
    bool ok;

    if (sqlite3_exec(handle, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return failed(handle, path, error);
    ok = read_version(handle, path, kind, version, error);
    sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
    return ok;
}

bool
wxs_db_check_version(sqlite3 *handle, const char *path, wxs_db_kind kind,
                     wxs_error *error)
{
    int newest = newest_version(&kinds[kind]);
    int version;

    if (!peek_version(handle, path, &kinds[kind], &version, error))
        return false;
    if (version < newest)
        return wxs_fail(error,
                        "%s has version %d, this build needs version %d: run "
                        "`waxseal init`",
                        path, version, newest);
    return true;
}

/* Runs the migration and marks the database as having been through it; inside
 * a transaction. */
static bool
apply(sqlite3 *handle, const char *path, const struct kind *kind,
      const struct wxs_embedded *file, wxs_error *error)
{
    char mark[100];

    snprintf(mark, sizeof(mark),
             "PRAGMA application_id = %d; PRAGMA user_version = %d",
             kind->application_id, migration_number(kind, file->path));
    if (sqlite3_exec(handle, file->data, NULL, NULL, NULL) != SQLITE_OK)
        return wxs_fail(error, "%s: %s: %s", path, file->path,
                        sqlite3_errmsg(handle));
    if (sqlite3_exec(handle, mark, NULL, NULL, NULL) != SQLITE_OK)
        return failed(handle, path, error);
    return true;
}

/* One migration, if one is due; *done is true when none is. The version is
 * read under the lock, because another process may be migrating as well. */
static bool
migrate_step(sqlite3 *handle, const char *path, const struct kind *kind,
             bool *done, wxs_error *error)
{
    const struct wxs_embedded *next;
    int version;

    if (sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return failed(handle, path, error);
    if (!read_version(handle, path, kind, &version, error))
        goto rollback;
    next = next_migration(kind, version);
    *done = next == NULL;
    if (!*done && !apply(handle, path, kind, next, error))
        goto rollback;
    if (sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return true;
    failed(handle, path, error);

rollback:
    sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

/* SQLite does not wait for other connections on the way into WAL mode. */
static bool
enter_wal(sqlite3 *handle, const char *path, wxs_error *error)
{
    int rc = SQLITE_BUSY;

    for (int waited = 0; waited < WXS_DB_BUSY_MS; waited += WAL_RETRY_MS) {
        rc =
            sqlite3_exec(handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if ((rc & 0xff) != SQLITE_BUSY)
            break;
        sqlite3_sleep(WAL_RETRY_MS);
    }
    return rc == SQLITE_OK || failed(handle, path, error);
}

/* SQLite would create the file as the umask has it; its -wal and -shm files
 * take over the mode. */
static bool
create_file(const char *path, wxs_error *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    bool ok;

    if (fd < 0 && errno == EEXIST)
        return true;
    if (fd < 0)
        return wxs_fail(error, "cannot create %s: %s", path, strerror(errno));
    ok = fchmod(fd, 0640) == 0;
    close(fd);
    return ok || wxs_fail(error, "cannot set the mode of %s: %s", path,
                          strerror(errno));
}

bool
wxs_db_migrate_file(const char *path, wxs_db_kind kind, wxs_error *error)
{
    sqlite3 *handle = NULL;
    int version;
    bool done = false;
    bool ok;

    if (!create_file(path, error))
        return false;
    ok = wxs_db_connect(path, 0, &handle, error) &&
         peek_version(handle, path, &kinds[kind], &version, error) &&
         enter_wal(handle, path, error);
    while (ok && !done)
        ok = migrate_step(handle, path, &kinds[kind], &done, error);
    sqlite3_close(handle);
    return ok;
}

static bool
migrate_in(const char *dir, const char *name, wxs_db_kind kind,
           wxs_error *error)
{
    char path[512];
    int size = snprintf(path, sizeof(path), "%s/%s", dir, name);

    if (size < 0 || (size_t)size >= sizeof(path))
        return wxs_fail(error, "the path of the state directory is too long");
    return wxs_db_migrate_file(path, kind, error);
}

static bool
migrate_parts(const char *dir, wxs_error *error)
{
    char path[512];
    wxs_part_list list;
    bool ok = true;

    if (!wxs_part_list_read(&list, dir, error))
        return false;
    for (size_t i = 0; ok && i < list.count; i++)
        ok = wxs_part_path(dir, list.first_id[i], path, error) &&
             wxs_db_migrate_file(path, WXS_DB_PART, error);
    wxs_part_list_free(&list);
    return ok;
}

bool
wxs_db_migrate(const char *dir, wxs_error *error)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].file != NULL &&
            !migrate_in(dir, kinds[i].file, (wxs_db_kind)i, error))
            return false;
    }
    return migrate_parts(dir, error);
}
