#ifndef WXS_SHARED_DB_CONNECT_H
#define WXS_SHARED_DB_CONNECT_H

#include <sqlite3.h>
#include <stdbool.h>

#include "error.h"

#define WXS_DB_BUSY_MS 5000 /* for so long a connection waits for others */

/* Opens the database file for reading and writing, and reads of it once. flags
 * are further SQLITE_OPEN_ ones. The caller closes *handle, which may be set
 * even if this fails. */
bool wxs_db_connect(const char *path, int flags, sqlite3 **handle,
                    wxs_error *error);

#endif
