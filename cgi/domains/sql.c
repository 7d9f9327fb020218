#include "sql.h"

#include <stdarg.h>
#include <string.h>

static bool
bind(sqlite3_stmt *statement, const char *types, va_list args)
{
    for (int i = 0; types[i] != '\0'; i++) {
        int rc = types[i] == 'i' ? sqlite3_bind_int64(statement, i + 1,
                                                      va_arg(args, int64_t))
                                 : sqlite3_bind_text(statement, i + 1,
                                                     va_arg(args, const char *),
                                                     -1, SQLITE_STATIC);
        if (rc != SQLITE_OK)
            return false;
    }
    return true;
}

static sqlite3_stmt *
prepare(wxs_db *db, wxs_error *error, const char *sql, const char *types,
        va_list args)
{
    sqlite3_stmt *statement = wxs_db_prepare(db, sql, error);

    if (statement != NULL && !bind(statement, types, args)) {
        wxs_db_fail(db, error, "binding a parameter");
        wxs_db_done(statement);
        return NULL;
    }
    return statement;
}

sqlite3_stmt *
wxs_sql(wxs_db *db, wxs_error *error, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    va_list args;

    va_start(args, types);
    statement = prepare(db, error, sql, types, args);
    va_end(args);
    return statement;
}

bool
wxs_sql_run(wxs_db *db, wxs_error *error, const char *sql, const char *types,
            ...)
{
    sqlite3_stmt *statement;
    va_list args;

    va_start(args, types);
    statement = prepare(db, error, sql, types, args);
    va_end(args);
    return statement != NULL && wxs_db_run(db, statement, error);
}

bool
wxs_sql_text(sqlite3_stmt *statement, int column, char *text, size_t cap)
{
    const unsigned char *value = sqlite3_column_text(statement, column);
    int len = sqlite3_column_bytes(statement, column);

    if (value == NULL) {
        text[0] = '\0';
        return true;
    }
    if (len < 0 || (size_t)len >= cap)
        return false;
    memcpy(text, value, (size_t)len);
    text[len] = '\0';
    return true;
}
