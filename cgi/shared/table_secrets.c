#include "table_secrets.h"

#include "link_secret.h"

#define AT_ONCE 256 /* secrets a transaction */

bool
wxs_table_secrets_missing(wxs_db *control, const char *host, int64_t *domains,
                          size_t cap, size_t *count, wxs_error *error)
{
    static const char all[] =
        "SELECT DISTINCT domain FROM tracking_hosts WHERE domain NOT IN "
        "(SELECT domain FROM link_secrets) LIMIT ?1";
    static const char one[] =
        "SELECT DISTINCT domain FROM tracking_hosts WHERE host = ?2 AND "
        "domain NOT IN (SELECT domain FROM link_secrets) LIMIT ?1";
    sqlite3_stmt *statement;
    int row;

    *count = 0;
    statement = wxs_db_prepare(control, host == NULL ? all : one, error);
    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)cap);
    if (host != NULL)
        sqlite3_bind_text(statement, 2, host, -1, SQLITE_STATIC);
    while ((row = wxs_db_step(control, statement, error)) == 1 && *count < cap)
        domains[(*count)++] = sqlite3_column_int64(statement, 0);
    wxs_db_done(statement);
    return row >= 0;
}

static bool
make_secrets(wxs_db *control, const wxs_seal_key *link_key,
             const int64_t *domains, size_t count, wxs_error *error)
{
    if (!wxs_db_begin(control, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!wxs_link_secret_ensure(control, link_key, domains[i], error)) {
            wxs_db_rollback(control);
            return false;
        }
    if (wxs_db_commit(control, error))
        return true;
    wxs_db_rollback(control);
    return false;
}

bool
wxs_table_secrets_supply(wxs_db *control, const wxs_seal_key *link_key,
                         const char *host, wxs_error *error)
{
    int64_t domains[AT_ONCE];
    size_t count;

    do {
        if (!wxs_table_secrets_missing(control, host, domains, AT_ONCE, &count,
                                       error))
            return false;
        if (count > 0 &&
            !make_secrets(control, link_key, domains, count, error))
            return false;
    } while (count == AT_ONCE);
    return true;
}
