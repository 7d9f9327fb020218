#include "domain_store.h"

#include "sql.h"

#define COLUMNS                                                                \
    "number, account, id, name, region, return_path, open_tracking,"           \
    " click_tracking, tls, state, state_since, checked_at, next_check_at,"     \
    " unknown_since, created_at, dkim_cname, dns_zone, dns_provider,"          \
    " (SELECT label FROM tracking_hosts WHERE number ="                        \
    "  (SELECT max(number) FROM tracking_hosts WHERE domain = "                \
    "domains.number))"                                                         \
    " FROM domains "

bool
wxs_domain_row(sqlite3_stmt *row, wxs_domain *domain, wxs_error *error)
{
    int c = 0;
    bool fits = true;

    domain->number = sqlite3_column_int64(row, c++);
    domain->account = sqlite3_column_int64(row, c++);
#define TEXT(member)                                                           \
    fits =                                                                     \
        wxs_sql_text(row, c++, domain->member, sizeof(domain->member)) && fits
    TEXT(id);
    TEXT(name);
    TEXT(region);
    TEXT(return_path);
    domain->open_tracking = sqlite3_column_int(row, c++) != 0;
    domain->click_tracking = sqlite3_column_int(row, c++) != 0;
    TEXT(tls);
    TEXT(state);
    domain->state_since = sqlite3_column_int64(row, c++);
    domain->checked_at = sqlite3_column_int64(row, c++);
    domain->next_check_at = sqlite3_column_int64(row, c++);
    domain->unknown_since = sqlite3_column_int64(row, c++);
    domain->created_at = sqlite3_column_int64(row, c++);
    domain->dkim_cname = sqlite3_column_int(row, c++) != 0;
    TEXT(dns_zone);
    TEXT(dns_provider);
    TEXT(tracking);
#undef TEXT
    if (!fits)
        return wxs_fail(error, "domain %lld: a column is too long",
                        (long long)domain->number);
    return true;
}

/* Reads the one row of a statement, which is done then. */
static int
read_one(wxs_db *db, sqlite3_stmt *row, wxs_domain *domain, wxs_error *error)
{
    int found = row == NULL ? -1 : wxs_db_step(db, row, error);

    if (found == 1 && !wxs_domain_row(row, domain, error))
        found = -1;
    wxs_db_done(row);
    return found;
}

int
wxs_domain_find(wxs_db *db, int64_t account, const char *id, wxs_domain *domain,
                wxs_error *error)
{
    return read_one(db,
                    wxs_sql(db, error,
                            "SELECT " COLUMNS "WHERE id = ? AND account = ? "
                            "AND deleted_at IS NULL",
                            "ti", id, account),
                    domain, error);
}

int
wxs_domain_find_name(wxs_db *db, int64_t account, const char *name,
                     wxs_domain *domain, wxs_error *error)
{
    return read_one(db,
                    wxs_sql(db, error,
                            "SELECT " COLUMNS "WHERE name = ? AND account = ? "
                            "AND deleted_at IS NULL",
                            "ti", name, account),
                    domain, error);
}

int
wxs_domain_locate(wxs_db *db, int64_t account, const char *id,
                  wxs_domain_cursor *cursor, wxs_error *error)
{
    sqlite3_stmt *row = wxs_sql(db, error,
                                "SELECT created_at, number FROM domains "
                                "WHERE id = ? AND account = ?",
                                "ti", id, account);
    int found;

    if (row == NULL)
        return -1;
    found = wxs_db_step(db, row, error);
    if (found == 1) {
        cursor->created_at = sqlite3_column_int64(row, 0);
        cursor->number = sqlite3_column_int64(row, 1);
    }
    wxs_db_done(row);
    return found;
}

sqlite3_stmt *
wxs_domain_walk(wxs_db *db, int64_t account, wxs_direction direction,
                const wxs_domain_cursor *cursor,
                const wxs_domain_filter *filter, int64_t limit,
                wxs_error *error)
{
#define FILTERED                                                               \
    "SELECT " COLUMNS "WHERE account = ?1 AND deleted_at IS NULL "             \
    "AND (?4 = '' OR state = ?4) AND (?5 = '' OR region = ?5) "
    static const char older[] =
        FILTERED "AND (created_at, number) < (?2, ?3) "
                 "ORDER BY created_at DESC, number DESC LIMIT ?6";
    static const char newer[] = FILTERED "AND (created_at, number) > (?2, ?3) "
                                         "ORDER BY created_at, number LIMIT ?6";
#undef FILTERED

    return wxs_sql(db, error, direction == WXS_OLDER ? older : newer, "iiitti",
                   account, cursor->created_at, cursor->number, filter->state,
                   filter->region, limit);
}

int
wxs_domain_name_taken(wxs_db *db, int64_t account, const char *name,
                      bool others, wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_sql(db, error,
                "SELECT 1 FROM domains WHERE name = ? AND deleted_at IS NULL "
                "AND (account = ? OR (? AND state IN ('verified', "
                "'temporary_failure')))",
                "tii", name, account, (int64_t)others);
    int found;

    if (row == NULL)
        return -1;
    found = wxs_db_step(db, row, error);
    wxs_db_done(row);
    return found;
}

bool
wxs_domain_insert(wxs_db *db, wxs_domain *domain, wxs_error *error)
{
    if (!wxs_sql_run(db, error,
                     "INSERT INTO domains (id, account, name, region, "
                     "return_path, open_tracking, click_tracking, tls, state, "
                     "state_since, created_at, dkim_cname) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "titttiittiii", domain->id, domain->account, domain->name,
                     domain->region, domain->return_path,
                     (int64_t)domain->open_tracking,
                     (int64_t)domain->click_tracking, domain->tls,
                     domain->state, domain->state_since, domain->created_at,
                     (int64_t)domain->dkim_cname))
        return false;
    domain->number = wxs_db_last_id(db);
    return true;
}

bool
wxs_domain_save_options(wxs_db *db, const wxs_domain *domain, wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "UPDATE domains SET open_tracking = ?, "
                       "click_tracking = ?, tls = ? "
                       "WHERE number = ? AND account = ?",
                       "iitii", (int64_t)domain->open_tracking,
                       (int64_t)domain->click_tracking, domain->tls,
                       domain->number, domain->account);
}

bool
wxs_domain_save_dkim(wxs_db *db, const wxs_domain *domain, wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "UPDATE domains SET dkim_cname = ? "
                       "WHERE number = ? AND account = ?",
                       "iii", (int64_t)domain->dkim_cname, domain->number,
                       domain->account);
}

bool
wxs_domain_restart(wxs_db *db, const wxs_domain *domain, int64_t now,
                   int64_t next_check_at, wxs_error *error)
{
    return wxs_sql_run(
        db, error,
        "UPDATE domains SET state = 'pending', state_since = ?1, "
        "definite_since = NULL, missing_ms = 0, checks = 0, "
        "unknown_since = NULL, asked_at = ?1, "
        "next_check_at = ?2 WHERE number = ?3 AND account = ?4",
        "iiii", now, next_check_at, domain->number, domain->account);
}

bool
wxs_domain_ask_check(wxs_db *db, const wxs_domain *domain,
                     int64_t next_check_at, wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "UPDATE domains SET next_check_at = "
                       "min(?1, coalesce(next_check_at, ?1)) "
                       "WHERE number = ?2 AND account = ?3",
                       "iii", next_check_at, domain->number, domain->account);
}

bool
wxs_domain_request_check(wxs_db *db, const wxs_domain *domain, int64_t now,
                         int64_t next_check_at, int64_t joined_since,
                         wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "UPDATE domains SET asked_at = ?1, next_check_at = "
                       "min(?2, coalesce(next_check_at, ?2)) "
                       "WHERE number = ?3 AND account = ?4 "
                       "AND (checking_since IS NULL OR checking_since < ?5)",
                       "iiiii", now, next_check_at, domain->number,
                       domain->account, joined_since);
}

bool
wxs_domain_delete(wxs_db *db, const wxs_domain *domain, int64_t now,
                  wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "UPDATE domains SET deleted_at = ?, "
                       "next_check_at = NULL "
                       "WHERE number = ? AND account = ?",
                       "iii", now, domain->number, domain->account) &&
           wxs_sql_run(db, error,
                       "UPDATE domains SET next_check_at = min(next_check_at, "
                       "?) WHERE name = ? AND state = 'pending' "
                       "AND deleted_at IS NULL",
                       "it", now, domain->name);
}

bool
wxs_history_add(wxs_db *db, int64_t domain, int64_t at, const char *from,
                const char *to, const char *cause, wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "INSERT INTO history (domain, at, from_state, to_state, "
                       "cause) VALUES (?, ?, ?, ?, ?)",
                       "iittt", domain, at, from, to, cause);
}
