#include "partition.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "part_list.h"

/* A larger cache than SQLite's, and fewer checkpoints. */
#define PRAGMAS                                                                \
    "PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 16000; "          \
    "PRAGMA synchronous = NORMAL"

/* Positions and writers of the partition before. */
#define TAKE_OVER                                                              \
    "INSERT INTO segments SELECT writer, segment, position "                   \
    "FROM former.segments; "                                                   \
    "INSERT INTO writers SELECT writer, sequence, lost, seen_at "              \
    "FROM former.writers"

static bool
execute(wxs_db *db, const char *sql, wxs_error *error)
{
    return sqlite3_exec(wxs_db_handle(db), sql, NULL, NULL, NULL) ==
               SQLITE_OK ||
           wxs_db_fail(db, error, sql);
}

/* ---- making one ---- */

static bool
attach(wxs_db *db, const char *path, wxs_error *error)
{
    char *sql = sqlite3_mprintf("ATTACH %Q AS former", path);
    bool ok = sql == NULL ? wxs_fail(error, "out of memory")
                          : execute(db, sql, error);

    sqlite3_free(sql);
    return ok;
}

static bool
insert_about(wxs_db *db, int64_t first_id, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO about (one, first_id, created_at) VALUES (1, ?1, ?2)";
    sqlite3_stmt *insert = wxs_db_prepare(db, sql, error);

    if (insert == NULL)
        return false;
    sqlite3_bind_int64(insert, 1, first_id);
    sqlite3_bind_int64(insert, 2, wxs_now_us() / 1000);
    return wxs_db_run(db, insert, error);
}

static bool
fill(const char *path, int64_t first_id, const char *former, const char *sql,
     wxs_error *error)
{
    wxs_db *db = NULL;
    bool ok = wxs_db_open_file(&db, path, WXS_DB_PART, WXS_DB_WRITE, error) &&
              (former == NULL || attach(db, former, error)) &&
              wxs_db_begin(db, error) && insert_about(db, first_id, error) &&
              (sql == NULL || execute(db, sql, error)) &&
              wxs_db_commit(db, error) &&
              execute(db, "PRAGMA wal_checkpoint(TRUNCATE)", error);

    wxs_db_close(db);
    return ok;
}

static bool
sync_folder(const char *path, wxs_error *error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd != -1 && fsync(fd) == 0;

    if (!ok)
        (void)wxs_fail(error, "cannot sync %s: %s", path, strerror(errno));
    if (fd != -1)
        (void)close(fd);
    return ok;
}

/* Removes a database with its log. */
static void
remove_files(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[WXS_PART_PATH + 8];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

bool
wxs_partition_create(const char *dir, int64_t first_id, const char *former,
                     const char *sql, wxs_error *error)
{
    char folder[WXS_PART_PATH], path[WXS_PART_PATH], fresh[WXS_PART_PATH + 8];

    if (!wxs_part_path(dir, first_id, path, error))
        return false;
    (void)snprintf(folder, sizeof folder, "%s/events", dir);
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    if (mkdir(folder, 0750) == -1 && errno != EEXIST)
        return wxs_fail(error, "cannot create %s: %s", folder, strerror(errno));
    remove_files(fresh);
    if (!wxs_db_migrate_file(fresh, WXS_DB_PART, error) ||
        !fill(fresh, first_id, former, sql, error))
        return false;
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, path, RENAME_NOREPLACE) == -1)
        return wxs_fail(error, "cannot create %s: %s", path, strerror(errno));
    return sync_folder(folder, error);
}

/* ---- sealing ---- */

static bool
open_part(wxs_db **db, const char *dir, int64_t first_id, wxs_error *error)
{
    char path[WXS_PART_PATH];

    if (!wxs_part_path(dir, first_id, path, error) ||
        !wxs_db_open_file(db, path, WXS_DB_PART, WXS_DB_WRITE, error))
        return false;
    return execute(*db, PRAGMAS, error);
}

static bool
note_contents(wxs_db *db, wxs_error *error)
{
    static const char sql[] =
        "UPDATE about SET sealed_at = ?1, "
        "last_id = coalesce((SELECT max(id) FROM events), first_id - 1), "
        "first_at = coalesce((SELECT min(at) FROM events), 0), "
        "last_at = coalesce((SELECT max(at) FROM events), 0)";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL)
        return false;
    sqlite3_bind_int64(update, 1, wxs_now_us() / 1000);
    return wxs_db_run(db, update, error);
}

/* Brings all that follows the last run into runs. */
static bool
index_rest(wxs_db *db, int64_t first_id, wxs_error *error)
{
    wxs_run *run = malloc(sizeof *run);
    bool ok = run != NULL || wxs_fail(error, "out of memory");

    ok = ok && wxs_run_load(run, db, first_id, error) &&
         wxs_run_write(run, db, error);
    free(run);
    return ok;
}

static bool
seal(wxs_db *db, int64_t first_id, wxs_error *error)
{
    if (!wxs_db_begin(db, error))
        return false;
    if (index_rest(db, first_id, error) && wxs_runs_merge(db, error) &&
        note_contents(db, error) && wxs_db_commit(db, error))
        return true;
    wxs_db_rollback(db);
    return false;
}

static bool
is_sealed(wxs_db *db, bool *sealed, wxs_error *error)
{
    static const char sql[] = "SELECT 1 FROM about WHERE sealed_at IS NOT NULL";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int found = row == NULL ? -1 : wxs_db_step(db, row, error);

    wxs_db_done(row);
    *sealed = found == 1;
    return found >= 0;
}

bool
wxs_partition_seal(const char *dir, int64_t first_id, wxs_error *error)
{
    wxs_db *db = NULL;
    bool sealed = false;
    bool ok = open_part(&db, dir, first_id, error) &&
              is_sealed(db, &sealed, error) &&
              (sealed || seal(db, first_id, error));

    /* its log has nothing to be kept for */
    if (ok && !sealed)
        (void)sqlite3_wal_checkpoint_v2(wxs_db_handle(db), NULL,
                                        SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    wxs_db_close(db);
    return ok;
}

/* ---- the newest ---- */

static bool
read_state(wxs_partition *partition, wxs_error *error)
{
    static const char sql[] = "SELECT created_at, coalesce((SELECT max(id) "
                              "FROM events), first_id - 1)"
                              " FROM about";
    sqlite3_stmt *row = wxs_db_prepare(partition->db, sql, error);
    int found = row == NULL ? -1 : wxs_db_step(partition->db, row, error);

    if (found == 1) {
        partition->created_at = sqlite3_column_int64(row, 0);
        partition->next_id = sqlite3_column_int64(row, 1) + 1;
    }
    wxs_db_done(row);
    return found == 0
               ? wxs_fail(error, "a partition of the events is not whole")
               : found == 1;
}

static bool
load_run(wxs_partition *partition, wxs_error *error)
{
    if (!wxs_db_begin(partition->db, error))
        return false;
    if (wxs_run_load(&partition->run, partition->db, partition->first_id,
                     error) &&
        wxs_db_commit(partition->db, error))
        return true;
    wxs_db_rollback(partition->db);
    return false;
}

static bool
open_newest(wxs_partition *partition, int64_t first_id, wxs_error *error)
{
    wxs_partition_close(partition);
    partition->first_id = first_id;
    return open_part(&partition->db, partition->dir, first_id, error) &&
           read_state(partition, error) && load_run(partition, error);
}

/* Those that a killed collector left, the last ones: it went on first. */
static bool
seal_former(const wxs_partition *partition, const wxs_part_list *list,
            wxs_error *error)
{
    for (size_t i = list->count - 1; i-- > 0;) {
        wxs_db *db = NULL;
        bool sealed = false;
        bool ok = open_part(&db, partition->dir, list->first_id[i], error) &&
                  is_sealed(db, &sealed, error);

        wxs_db_close(db);
        if (!ok || sealed)
            return ok;
        if (!wxs_partition_seal(partition->dir, list->first_id[i], error))
            return false;
    }
    return true;
}

bool
wxs_partition_open(wxs_partition *partition, const char *dir, wxs_error *error)
{
    wxs_part_list list;
    bool ok = true;

    if (snprintf(partition->dir, sizeof partition->dir, "%s", dir) >=
        (int)sizeof partition->dir)
        return wxs_fail(error, "the path of the state directory is too long");
    if (!wxs_part_list_read(&list, dir, error))
        return false;
    if (list.count == 0)
        ok = wxs_partition_create(dir, 1, NULL, NULL, error);
    else
        ok = seal_former(partition, &list, error);
    ok = ok && open_newest(partition,
                           list.count == 0 ? 1 : list.first_id[list.count - 1],
                           error);
    wxs_part_list_free(&list);
    return ok;
}

void
wxs_partition_close(wxs_partition *partition)
{
    wxs_db_close(partition->db);
    partition->db = NULL;
}

bool
wxs_partition_sync(wxs_partition *partition, wxs_error *error)
{
    sqlite3_file *log = NULL;

    if (sqlite3_file_control(wxs_db_handle(partition->db), "main",
                             SQLITE_FCNTL_JOURNAL_POINTER,
                             (void *)&log) != SQLITE_OK)
        return wxs_db_fail(partition->db, error, "the log cannot be synced");
    if (log == NULL || log->pMethods == NULL)
        return true; /* nothing was written yet */
    return log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) == SQLITE_OK ||
           wxs_fail(error, "the events cannot be synced: %s", strerror(errno));
}

/* This one is synced before positions that are behind its events go elsewhere.
 * The next partition is there, with the positions, before this one is sealed:
 * from then on nothing is added to this one. Killed in between, the next
 * collector seals it. */
static bool
go_over(wxs_partition *partition, wxs_error *error)
{
    char path[WXS_PART_PATH];
    int64_t former = partition->first_id, next = partition->next_id;

    if (!wxs_part_path(partition->dir, former, path, error) ||
        !wxs_partition_sync(partition, error) ||
        !wxs_partition_create(partition->dir, next, path, TAKE_OVER, error) ||
        !open_newest(partition, next, error))
        return false;
    return wxs_partition_seal(partition->dir, former, error);
}

bool
wxs_partition_switch(wxs_partition *partition, int64_t events, int64_t ms,
                     wxs_error *error)
{
    int64_t count = partition->next_id - partition->first_id;
    int64_t age = wxs_now_us() / 1000 - partition->created_at;

    if (count == 0 || (count < events && age < ms))
        return true;
    return go_over(partition, error);
}
