#include "key_store.h"

#include <string.h>

#include "sql.h"

bool
wxs_api_key_insert(wxs_db *db, int64_t account, const wxs_api_key *key,
                   int64_t domain, const uint8_t hash[WXS_API_KEY_HASH],
                   wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_sql(db, error,
                "INSERT INTO api_keys (id, account, name, permission, "
                "created_at, domain, hash) "
                "VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7)",
                "tittii", key->id, account, key->name,
                key->full_access ? "full_access" : "sending_access",
                key->created_at, domain);

    if (row == NULL)
        return false;
    sqlite3_bind_blob(row, 7, hash, WXS_API_KEY_HASH, SQLITE_STATIC);
    return wxs_db_run(db, row, error);
}

int
wxs_api_key_rename(wxs_db *db, int64_t account, const char *id,
                   const char *name, wxs_error *error)
{
    if (!wxs_sql_run(
            db, error,
            "UPDATE api_keys SET name = ? WHERE id = ? AND account = ?", "tti",
            name, id, account))
        return -1;
    return wxs_db_changes(db);
}

int
wxs_api_key_delete(wxs_db *db, int64_t account, const char *id,
                   wxs_error *error)
{
    if (!wxs_sql_run(db, error,
                     "DELETE FROM api_keys WHERE id = ? AND account = ?", "ti",
                     id, account))
        return -1;
    return wxs_db_changes(db);
}

int
wxs_api_key_locate(wxs_db *db, int64_t account, const char *id,
                   int64_t *created_at, wxs_error *error)
{
    sqlite3_stmt *row = wxs_sql(db, error,
                                "SELECT created_at FROM api_keys "
                                "WHERE id = ? AND account = ?",
                                "ti", id, account);
    int step = row == NULL ? -1 : wxs_db_step(db, row, error);

    if (step == 1)
        *created_at = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return step;
}

sqlite3_stmt *
wxs_api_key_walk(wxs_db *db, int64_t account, bool newer, int64_t created_at,
                 const char *id, int64_t limit, wxs_error *error)
{
#define COLUMNS                                                                \
    "SELECT k.id, k.name, k.permission, d.id, k.created_at, k.last_used_at "   \
    "FROM api_keys k LEFT JOIN domains d ON d.number = k.domain "              \
    "WHERE k.account = ? AND "
    static const char to_older[] =
        COLUMNS "(k.created_at, k.id) < (?, ?) "
                "ORDER BY k.created_at DESC, k.id DESC LIMIT ?";
    static const char to_newer[] = COLUMNS "(k.created_at, k.id) > (?, ?) "
                                           "ORDER BY k.created_at, k.id "
                                           "LIMIT ?";
#undef COLUMNS

    return wxs_sql(db, error, newer ? to_newer : to_older, "iiti", account,
                   created_at, id, limit);
}

bool
wxs_api_key_row(sqlite3_stmt *row, wxs_api_key *key)
{
    const char *permission = (const char *)sqlite3_column_text(row, 2);

    key->full_access =
        permission != NULL && strcmp(permission, "full_access") == 0;
    key->created_at = sqlite3_column_int64(row, 4);
    key->last_used_at = sqlite3_column_int64(row, 5);
    return wxs_sql_text(row, 0, key->id, sizeof(key->id)) &&
           wxs_sql_text(row, 1, key->name, sizeof(key->name)) &&
           wxs_sql_text(row, 3, key->domain_id, sizeof(key->domain_id));
}
