#ifndef WXS_SHARED_DB_MAPPING_H
#define WXS_SHARED_DB_MAPPING_H

#include <sqlite3.h>

/* Keeps what a reading connection has mapped of its database when another
 * connection commits. SQLite gives the whole mapping back then, for fear of
 * systems where a file that was cut and has grown again leaves it stale, and
 * faults every page in once more: beside many commits that costs readers more
 * than all else. Linux keeps a shared mapping true to its file. A file that
 * has grown is mapped anew. Does nothing where SQLite does not map. */
void wxs_db_keep_mapping(sqlite3 *handle);

#endif
