#include "db_mapping.h"

#include <pthread.h>
#include <stdbool.h>

#define PAGE_MAX 65536

/* The methods that SQLite gave the first file, and ours in their place: all of
 * them but one. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const sqlite3_io_methods *base;
static sqlite3_io_methods keeping;

/* Newer releases of SQLite never hand out the last bytes of a file. */
static bool
is_mapped_whole(sqlite3_file *file)
{
    sqlite3_int64 size;
    sqlite3_int64 last;
    void *page = NULL;

    if (base->xFileSize(file, &size) != SQLITE_OK)
        return false;
    last = size - 2 * PAGE_MAX;
    if (last < 0 || base->xFetch(file, last, PAGE_MAX, &page) != SQLITE_OK ||
        page == NULL)
        return false;
    (void)base->xUnfetch(file, last, page);
    return true;
}

/* Without a page it means the whole mapping. */
static int
unfetch(sqlite3_file *file, sqlite3_int64 offset, void *page)
{
    if (page == NULL && is_mapped_whole(file))
        return SQLITE_OK;
    return base->xUnfetch(file, offset, page);
}

void
wxs_db_keep_mapping(sqlite3 *handle)
{
    sqlite3_file *file = NULL;

    if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER,
                             &file) != SQLITE_OK ||
        file == NULL || file->pMethods == NULL || file->pMethods->iVersion < 3)
        return;
    pthread_mutex_lock(&lock);
    if (base == NULL) {
        base = file->pMethods;
        keeping = *base;
        keeping.xUnfetch = unfetch;
    }
    if (file->pMethods == base)
        file->pMethods = &keeping;
    pthread_mutex_unlock(&lock);
}
