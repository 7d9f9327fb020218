#include "db_connect.h"

#include <pthread.h>
#include <unistd.h>

#define PAUSE_MS 10

/* SQLite counts its memory under one lock, for which all threads would wait at
 * each allocation. Refused, without harm, where SQLite was used before. */
static void
set_up(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* SQLite opens the -wal and -shm files only when something is read. */
static int
open_and_read(const char *path, int flags, sqlite3 **handle)
{
    int rc = sqlite3_open_v2(
        path, handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE | flags,
        NULL);

    if (rc != SQLITE_OK)
        return rc;
    sqlite3_busy_timeout(*handle, WXS_DB_BUSY_MS);
    return sqlite3_exec(*handle, "SELECT 1 FROM sqlite_master LIMIT 1", NULL,
                        NULL, NULL);
}

/* A process of root, such as `waxseal domain list`, makes the -wal and -shm
 * files as its own and gives them to the owner of the database an instant
 * later; until then the owner cannot open them. */
static bool
may_pass(int rc, const char *path)
{
    return (rc & 0xff) == SQLITE_CANTOPEN && access(path, R_OK | W_OK) == 0;
}

bool
wxs_db_connect(const char *path, int flags, sqlite3 **handle, wxs_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int rc;

    (void)pthread_once(&once, set_up);
    rc = open_and_read(path, flags, handle);
    for (int waited = 0; may_pass(rc, path) && waited < WXS_DB_BUSY_MS;
         waited += PAUSE_MS) {
        sqlite3_close(*handle);
        sqlite3_sleep(PAUSE_MS);
        rc = open_and_read(path, flags, handle);
    }
    if (rc != SQLITE_OK && access(path, F_OK) != 0)
        return wxs_fail(error, "%s is missing; `waxseal init` creates it",
                        path);
    return rc == SQLITE_OK ||
           wxs_fail(error, "cannot open %s: %s", path,
                    *handle == NULL ? "out of memory"
                                    : sqlite3_errmsg(*handle));
}
