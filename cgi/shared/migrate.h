#ifndef WXS_SHARED_MIGRATE_H
#define WXS_SHARED_MIGRATE_H

#include "db.h"

/* Versions of the databases. A database is marked as ours by PRAGMA
 * application_id, one id a kind; PRAGMA user_version is the number of the last
 * migration (schema/<kind>/NNN_*.sql, in order of NNN, which may leave numbers
 * out) that it has been through.
 * wxs_db_migrate() of db.h is defined beside these. */

/* "control.db", "events.db" or "webhooks.db". */
const char *wxs_db_file(wxs_db_kind kind);

/* True if the database is of this kind and of this build's version; else says
 * what to do about it. path is for the message. */
bool wxs_db_check_version(sqlite3 *handle, const char *path, wxs_db_kind kind,
                          wxs_error *error);

#endif
