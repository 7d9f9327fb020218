#include "account_store.h"

#include "sql.h"

#define COLUMNS                                                                \
    "SELECT number, id, name, created_at, coalesce(max_domains, -1), "         \
    "coalesce(rate_limit, -1), (SELECT count(*) FROM domains d "               \
    "WHERE d.account = a.number AND d.deleted_at IS NULL) FROM accounts a "

bool
wxs_account_insert(wxs_db *db, const wxs_account *account, wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "INSERT INTO accounts (id, name, created_at, "
                       "max_domains, rate_limit) "
                       "VALUES (?, ?, ?, nullif(?, -1), nullif(?, -1))",
                       "ttiii", account->id, account->name, account->created_at,
                       account->max_domains, account->rate_limit);
}

bool
wxs_account_save(wxs_db *db, const wxs_account *account, wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "UPDATE accounts SET name = ?, "
                       "max_domains = nullif(?, -1), "
                       "rate_limit = nullif(?, -1) WHERE number = ?",
                       "tiii", account->name, account->max_domains,
                       account->rate_limit, account->number);
}

bool
wxs_account_delete(wxs_db *db, const wxs_account *account, int64_t now,
                   wxs_error *error)
{
    int64_t number = account->number;

    return wxs_sql_run(db, error,
                       "UPDATE dkim_keys SET state = 'retired', sealed = x'' "
                       "WHERE domain IN (SELECT number FROM domains "
                       "WHERE account = ? AND deleted_at IS NULL)",
                       "i", number) &&
           wxs_sql_run(db, error,
                       "INSERT INTO history (domain, at, from_state, to_state, "
                       "cause) SELECT number, ?, state, state, 'deleted' "
                       "FROM domains WHERE account = ? AND deleted_at IS NULL",
                       "ii", now, number) &&
           wxs_sql_run(
               db, error,
               "UPDATE domains SET deleted_at = ?, next_check_at = NULL "
               "WHERE account = ? AND deleted_at IS NULL",
               "ii", now, number) &&
           wxs_sql_run(db, error, "DELETE FROM api_keys WHERE account = ?", "i",
                       number) &&
           wxs_sql_run(db, error, "DELETE FROM webhooks WHERE account = ?", "i",
                       number) &&
           wxs_sql_run(db, error,
                       "UPDATE accounts SET deleted_at = ? WHERE number = ?",
                       "ii", now, number);
}

bool
wxs_account_row(sqlite3_stmt *row, wxs_account *account, wxs_error *error)
{
    account->number = sqlite3_column_int64(row, 0);
    account->created_at = sqlite3_column_int64(row, 3);
    account->max_domains = sqlite3_column_int64(row, 4);
    account->rate_limit = sqlite3_column_int64(row, 5);
    account->domains = sqlite3_column_int64(row, 6);
    return (wxs_sql_text(row, 1, account->id, sizeof(account->id)) &&
            wxs_sql_text(row, 2, account->name, sizeof(account->name))) ||
           wxs_fail(error, "account %lld: a column is too long",
                    (long long)account->number);
}

int
wxs_account_find(wxs_db *db, const char *id, wxs_account *account,
                 wxs_error *error)
{
    sqlite3_stmt *row = wxs_sql(
        db, error, COLUMNS "WHERE id = ? AND deleted_at IS NULL", "t", id);
    int step = row == NULL ? -1 : wxs_db_step(db, row, error);

    if (step == 1 && !wxs_account_row(row, account, error))
        step = -1;
    wxs_db_done(row);
    return step;
}

int
wxs_account_locate(wxs_db *db, const char *id, int64_t *number,
                   wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_sql(db, error, "SELECT number FROM accounts WHERE id = ?", "t", id);
    int step = row == NULL ? -1 : wxs_db_step(db, row, error);

    if (step == 1)
        *number = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return step;
}

sqlite3_stmt *
wxs_account_walk(wxs_db *db, bool newer, int64_t number, int64_t limit,
                 wxs_error *error)
{
    static const char to_older[] =
        COLUMNS "WHERE deleted_at IS NULL AND number < ? "
                "ORDER BY number DESC LIMIT ?";
    static const char to_newer[] =
        COLUMNS "WHERE deleted_at IS NULL AND number > ? "
                "ORDER BY number LIMIT ?";

    return wxs_sql(db, error, newer ? to_newer : to_older, "ii", number, limit);
}

int
wxs_account_has_room(wxs_db *db, int64_t number, int64_t *max, wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_sql(db, error,
                "SELECT max_domains, max_domains > (SELECT count(*) "
                "FROM domains d WHERE d.account = a.number "
                "AND d.deleted_at IS NULL) FROM accounts a "
                "WHERE number = ? AND max_domains IS NOT NULL",
                "i", number);
    int step = row == NULL ? -1 : wxs_db_step(db, row, error);
    int room = step == 0 ? 1 : step;

    if (step == 1) {
        *max = sqlite3_column_int64(row, 0);
        room = sqlite3_column_int(row, 1);
    }
    wxs_db_done(row);
    return room;
}
