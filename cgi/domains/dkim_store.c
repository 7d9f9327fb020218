#include "dkim_store.h"

#include <string.h>

#include "sql.h"

bool
wxs_dkim_is_ed25519(const wxs_dkim_key *key)
{
    return strcmp(key->algorithm, "ed25519") == 0;
}

bool
wxs_dkim_next_selector(wxs_db *db, const char *name,
                       char selector[WXS_SELECTOR_TEXT], wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_sql(db, error,
                "SELECT selector || (SELECT count(*) + 1 FROM domains "
                "JOIN dkim_keys ON dkim_keys.domain = domains.number "
                "WHERE name = ?) FROM instance",
                "t", name);
    bool ok = false;

    if (row == NULL)
        return false;
    switch (wxs_db_step(db, row, error)) {
    case 1:
        ok = wxs_sql_text(row, 0, selector, WXS_SELECTOR_TEXT) ||
             wxs_fail(error, "the DKIM selector is too long");
        break;
    case 0:
        wxs_fail(error, "control.db has no instance: run `waxseal init`");
        break;
    }
    wxs_db_done(row);
    return ok;
}

int
wxs_dkim_selector_free(wxs_db *db, const char *name, const char *selector,
                       wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_sql(db, error,
                "SELECT NOT EXISTS (SELECT 1 FROM domains JOIN dkim_keys k "
                "ON k.domain = domains.number WHERE name = ?1 "
                "AND k.selector = ?2) AND substr(?2, 1, length(selector)) "
                "<> selector FROM instance",
                "tt", name, selector);
    int is_free;

    if (row == NULL)
        return -1;
    is_free = wxs_db_step(db, row, error);
    if (is_free == 1)
        is_free = sqlite3_column_int(row, 0);
    wxs_db_done(row);
    return is_free;
}

static bool
insert(wxs_db *db, int64_t domain, const char *id, const wxs_dkim_key *key,
       const uint8_t *sealed, size_t sealed_len, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO dkim_keys (id, domain, selector, algorithm, public_key, "
        "sealed, imported, state, created_at, taken_at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'pending', ?8, ?8)";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);

    if (row == NULL)
        return false;
    sqlite3_bind_text(row, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, domain);
    sqlite3_bind_text(row, 3, key->selector, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 4, key->algorithm, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 5, key->public_key, -1, SQLITE_STATIC);
    sqlite3_bind_blob(row, 6, sealed, (int)sealed_len, SQLITE_STATIC);
    sqlite3_bind_int(row, 7, key->imported);
    sqlite3_bind_int64(row, 8, key->taken_at);
    return wxs_db_run(db, row, error);
}

bool
wxs_dkim_insert(wxs_db *db, const wxs_box_key *box, int64_t domain,
                const wxs_dkim_pair *pair, int64_t now, wxs_dkim_key *key,
                wxs_error *error)
{
    uint8_t sealed[WXS_DKIM_PRIVATE_MAX + WXS_BOX_OVERHEAD];
    char context[WXS_DKIM_CONTEXT_TEXT];
    uint8_t uuid[WXS_UUID_SIZE];
    char id[WXS_UUID_TEXT];

    if (!wxs_uuid_new(uuid))
        return wxs_fail(error, "the system has no random bytes");
    wxs_uuid_format(uuid, id);
    wxs_dkim_context(id, context);
    memcpy(key->algorithm, pair->algorithm, sizeof(key->algorithm));
    memcpy(key->public_key, pair->public_key, sizeof(key->public_key));
    memcpy(key->state, "pending", sizeof("pending"));
    key->taken_at = now;
    return wxs_box_lock(box, context, pair->private_key, pair->private_len,
                        sealed, error) &&
           insert(db, domain, id, key, sealed,
                  pair->private_len + WXS_BOX_OVERHEAD, error);
}

sqlite3_stmt *
wxs_dkim_walk(wxs_db *db, int64_t domain, wxs_error *error)
{
    return wxs_sql(db, error,
                   "SELECT selector, algorithm, public_key, state, imported, "
                   "taken_at, activated_at, retiring_since FROM dkim_keys "
                   "WHERE domain = ? AND state <> 'retired' "
                   "ORDER BY taken_at, selector",
                   "i", domain);
}

bool
wxs_dkim_row(sqlite3_stmt *row, wxs_dkim_key *key, wxs_error *error)
{
    if (!wxs_sql_text(row, 0, key->selector, sizeof(key->selector)) ||
        !wxs_sql_text(row, 1, key->algorithm, sizeof(key->algorithm)) ||
        !wxs_sql_text(row, 2, key->public_key, sizeof(key->public_key)) ||
        !wxs_sql_text(row, 3, key->state, sizeof(key->state)))
        return wxs_fail(error, "a column of a DKIM key is too long");
    key->imported = sqlite3_column_int(row, 4) != 0;
    key->taken_at = sqlite3_column_int64(row, 5);
    key->activated_at = sqlite3_column_int64(row, 6);
    key->retiring_since = sqlite3_column_int64(row, 7);
    return true;
}

bool
wxs_dkim_retire(wxs_db *db, int64_t domain, const char *selector,
                wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "DELETE FROM records WHERE domain = ? "
                       "AND kind = 'dkim' "
                       "AND substr(fqdn, 1, instr(fqdn, '.') - 1) = ?",
                       "it", domain, selector) &&
           wxs_sql_run(db, error,
                       "UPDATE dkim_keys SET state = 'retired', sealed = x'' "
                       "WHERE domain = ? AND selector = ?",
                       "it", domain, selector);
}

bool
wxs_dkim_retire_all(wxs_db *db, int64_t domain, wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "UPDATE dkim_keys SET state = 'retired', sealed = x'' "
                       "WHERE domain = ?",
                       "i", domain);
}
