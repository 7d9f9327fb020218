#include "webhook_store.h"

#include "sql.h"

#define COLUMNS                                                                \
    "number, account, id, endpoint, events, status, disabled_reason, "         \
    "enabled_at, created_at, disabled_at FROM webhooks "

bool
wxs_webhook_row(sqlite3_stmt *row, wxs_webhook *webhook, wxs_error *error)
{
    bool fits;

    webhook->number = sqlite3_column_int64(row, 0);
    webhook->account = sqlite3_column_int64(row, 1);
    fits = wxs_sql_text(row, 2, webhook->id, sizeof(webhook->id)) &&
           wxs_sql_text(row, 3, webhook->endpoint, sizeof(webhook->endpoint)) &&
           wxs_sql_text(row, 4, webhook->events, sizeof(webhook->events)) &&
           wxs_sql_text(row, 5, webhook->status, sizeof(webhook->status)) &&
           wxs_sql_text(row, 6, webhook->disabled_reason,
                        sizeof(webhook->disabled_reason));
    webhook->enabled_at = sqlite3_column_int64(row, 7);
    webhook->created_at = sqlite3_column_int64(row, 8);
    webhook->disabled_at = sqlite3_column_int64(row, 9);
    return fits || wxs_fail(error, "webhook %lld: a column is too long",
                            (long long)webhook->number);
}

int
wxs_webhook_find(wxs_db *db, int64_t account, const char *id,
                 wxs_webhook *webhook, wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_sql(db, error, "SELECT " COLUMNS "WHERE id = ? AND account = ?",
                "ti", id, account);
    int found;

    if (row == NULL)
        return -1;
    found = wxs_db_step(db, row, error);
    if (found == 1 && !wxs_webhook_row(row, webhook, error))
        found = -1;
    wxs_db_done(row);
    return found;
}

sqlite3_stmt *
wxs_webhook_walk(wxs_db *db, int64_t account, wxs_direction direction,
                 const char *id, int64_t limit, wxs_error *error)
{
#define PLACE                                                                  \
    "(SELECT created_at, number FROM webhooks WHERE account = ?1 AND id = ?2)"
    static const char older[] =
        "SELECT " COLUMNS "WHERE account = ?1 AND (?2 = '' OR "
        "(created_at, number) < " PLACE ") "
        "ORDER BY created_at DESC, number DESC LIMIT ?3";
    static const char newer[] = "SELECT " COLUMNS "WHERE account = ?1 AND "
                                "(created_at, number) > " PLACE " "
                                "ORDER BY created_at, number LIMIT ?3";
#undef PLACE

    return wxs_sql(db, error, direction == WXS_OLDER ? older : newer, "iti",
                   account, id, limit);
}

/* The number that a bound query gives, -1 with error filled. */
static int64_t
read_count(wxs_db *db, sqlite3_stmt *row, wxs_error *error)
{
    int64_t count = -1;

    if (row != NULL && wxs_db_step(db, row, error) == 1)
        count = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return count;
}

int64_t
wxs_webhook_count(wxs_db *db, int64_t account, wxs_error *error)
{
    return read_count(db,
                      wxs_sql(db, error,
                              "SELECT count(*) FROM webhooks WHERE account = ?",
                              "i", account),
                      error);
}

int64_t
wxs_webhook_secret_count(wxs_db *db, const wxs_webhook *webhook, int64_t now,
                         wxs_error *error)
{
    return read_count(db,
                      wxs_sql(db, error,
                              "SELECT count(*) FROM webhook_secrets WHERE "
                              "webhook = ? AND coalesce(expires_at > ?, 1)",
                              "ii", webhook->number, now),
                      error);
}

bool
wxs_webhook_insert(wxs_db *db, wxs_webhook *webhook, wxs_error *error)
{
    if (!wxs_sql_run(db, error,
                     "INSERT INTO webhooks (id, account, endpoint, events, "
                     "status, enabled_at, created_at) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?)",
                     "titttii", webhook->id, webhook->account,
                     webhook->endpoint, webhook->events, webhook->status,
                     webhook->enabled_at, webhook->created_at))
        return false;
    webhook->number = wxs_db_last_id(db);
    return true;
}

bool
wxs_webhook_save(wxs_db *db, const wxs_webhook *webhook, wxs_error *error)
{
    return wxs_sql_run(db, error,
                       "UPDATE webhooks SET endpoint = ?, events = ?, "
                       "status = ?, disabled_reason = nullif(?, ''), "
                       "disabled_at = nullif(?, 0), enabled_at = ? "
                       "WHERE number = ?",
                       "ttttiii", webhook->endpoint, webhook->events,
                       webhook->status, webhook->disabled_reason,
                       webhook->disabled_at, webhook->enabled_at,
                       webhook->number);
}

bool
wxs_webhook_delete(wxs_db *db, const wxs_webhook *webhook, wxs_error *error)
{
    return wxs_sql_run(db, error, "DELETE FROM webhooks WHERE number = ?", "i",
                       webhook->number);
}

bool
wxs_webhook_secret_add(wxs_db *db, const wxs_webhook *webhook,
                       const uint8_t sealed[WXS_WEBHOOK_SEALED_SIZE],
                       int64_t now, int64_t expires_at, wxs_error *error)
{
    sqlite3_stmt *insert;

    if (!wxs_sql_run(db, error,
                     "UPDATE webhook_secrets SET expires_at = ? "
                     "WHERE webhook = ? AND expires_at IS NULL",
                     "ii", expires_at, webhook->number) ||
        !wxs_sql_run(db, error,
                     "DELETE FROM webhook_secrets WHERE webhook = ? "
                     "AND expires_at <= ?",
                     "ii", webhook->number, now))
        return false;
    insert = wxs_sql(db, error,
                     "INSERT INTO webhook_secrets (webhook, sealed) "
                     "VALUES (?, ?)",
                     "i", webhook->number);
    if (insert == NULL)
        return false;
    sqlite3_bind_blob(insert, 2, sealed, WXS_WEBHOOK_SEALED_SIZE,
                      SQLITE_STATIC);
    return wxs_db_run(db, insert, error);
}

bool
wxs_webhook_secret_get(wxs_db *db, const wxs_seal_key *key,
                       const wxs_webhook *webhook,
                       uint8_t secret[WXS_WEBHOOK_SECRET_SIZE],
                       wxs_error *error)
{
    sqlite3_stmt *row = wxs_sql(db, error,
                                "SELECT sealed FROM webhook_secrets "
                                "WHERE webhook = ? AND expires_at IS NULL",
                                "i", webhook->number);
    bool ok = false;
    int found;

    if (row == NULL)
        return false;
    found = wxs_db_step(db, row, error);
    if (found == 1)
        ok = wxs_webhook_secret_open(
            key, webhook->id, sqlite3_column_blob(row, 0),
            (size_t)sqlite3_column_bytes(row, 0), secret, error);
    else if (found == 0)
        wxs_fail(error, "webhook %s has no secret", webhook->id);
    wxs_db_done(row);
    return ok;
}
