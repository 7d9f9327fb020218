#ifndef WXS_DOMAINS_SQL_H
#define WXS_DOMAINS_SQL_H

#include <stddef.h>

#include "db.h"

/* Prepares sql (a constant) and binds one argument for each character of
 * types: 'i' an int64_t, 't' a text (NULL binds NULL), which must live until
 * the statement is done. NULL with error filled. */
sqlite3_stmt *wxs_sql(wxs_db *db, wxs_error *error, const char *sql,
                      const char *types, ...);

/* The same for a statement that returns no row, which is then run. */
bool wxs_sql_run(wxs_db *db, wxs_error *error, const char *sql,
                 const char *types, ...);

/* Copies a text column, "" for NULL; false if it does not fit. */
bool wxs_sql_text(sqlite3_stmt *statement, int column, char *text, size_t cap);

#endif
