#ifndef WXS_SHARED_DB_H
#define WXS_SHARED_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* One SQLite connection: WAL, synchronous=FULL, foreign keys on, busy timeout
 * 5 s. For one thread at a time. */
typedef struct wxs_db wxs_db;

typedef enum {
    WXS_DB_CONTROL,
    WXS_DB_EVENTS,
    WXS_DB_WEBHOOKS,
    WXS_DB_REQUESTS,
    WXS_DB_COUNTS,
    WXS_DB_PART /* a partition of the events: one of several files */
} wxs_db_kind;
typedef enum {
    WXS_DB_READ,
    WXS_DB_WRITE
} wxs_db_access;

/* Brings dir's databases (mode 0640) to the newest version, creating them if
 * they are missing, and the partitions that there are; each migration is one
 * transaction. Safe to call from several processes at once. Refuses a database
 * that is newer than this build or not ours. */
bool wxs_db_migrate(const char *dir, wxs_error *error);

/* The same for one file, which is created if it is missing. */
bool wxs_db_migrate_file(const char *path, wxs_db_kind kind, wxs_error *error);

/* Opens a database that has this build's version; else fails and says to run
 * `waxseal init` or which way the versions differ. The caller closes it. */
bool wxs_db_open(wxs_db **db, const char *dir, wxs_db_kind kind,
                 wxs_db_access access, wxs_error *error);

/* The same for a file of any name: the way to open a partition. */
bool wxs_db_open_file(wxs_db **db, const char *path, wxs_db_kind kind,
                      wxs_db_access access, wxs_error *error);

void wxs_db_close(wxs_db *db); /* accepts NULL */

/* A prepared statement, reset and cleared of bindings. Kept by the connection
 * and found again by the address of the SQL text, which must therefore be a
 * constant. NULL with error filled. Reset it with wxs_db_done() after use: an
 * unfinished read holds a snapshot. */
sqlite3_stmt *wxs_db_prepare(wxs_db *db, const char *sql, wxs_error *error);
void wxs_db_done(sqlite3_stmt *statement); /* accepts NULL */

/* Runs a bound statement that returns no row, then resets it. */
bool wxs_db_run(wxs_db *db, sqlite3_stmt *statement, wxs_error *error);

/* Steps to the next row: 1 a row, 0 no more, -1 error filled. */
int wxs_db_step(wxs_db *db, sqlite3_stmt *statement, wxs_error *error);

/* BEGIN IMMEDIATE; COMMIT; ROLLBACK (which never fails, and is allowed when
 * there is no transaction). */
bool wxs_db_begin(wxs_db *db, wxs_error *error);
bool wxs_db_commit(wxs_db *db, wxs_error *error);
void wxs_db_rollback(wxs_db *db);

bool wxs_db_in_transaction(const wxs_db *db);

/* A part of a transaction that can be taken back alone; they do not nest. */
bool wxs_db_savepoint(wxs_db *db, wxs_error *error);
bool wxs_db_release(wxs_db *db, wxs_error *error);
void wxs_db_rollback_to_savepoint(wxs_db *db);

/* BEGIN DEFERRED, for several reads of one snapshot, and its end. A statement
 * that is still being stepped through then keeps the snapshot until it is
 * done. */
bool wxs_db_begin_read(wxs_db *db, wxs_error *error);
void wxs_db_end_read(wxs_db *db);

int64_t wxs_db_last_id(const wxs_db *db);
int wxs_db_changes(const wxs_db *db); /* rows of the last statement */

/* A number that changes when another connection committed, for polling. */
int64_t wxs_db_data_version(wxs_db *db);

/* The connection itself, for what this header does not cover. */
sqlite3 *wxs_db_handle(wxs_db *db);

/* Fails with what SQLite says of the connection's last error. */
bool wxs_db_fail(wxs_db *db, wxs_error *error, const char *what);

#endif
