#include "recipient_modes.h"

#include "clock.h"
#include "mime/addresses.h"

int
wxs_recipient_mode_get(wxs_db *control, int64_t account, const char *address,
                       wxs_mode *mode, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(
        control,
        "SELECT mode FROM recipient_modes WHERE account = ?1 AND address = ?2",
        error);
    int step;

    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, account);
    sqlite3_bind_text(row, 2, address, -1, SQLITE_STATIC);
    step = wxs_db_step(control, row, error);
    if (step == 1) /* a CHECK keeps it in range */
        *mode = (wxs_mode)sqlite3_column_int(row, 0);
    wxs_db_done(row);
    return step;
}

sqlite3_stmt *
wxs_recipient_modes_walk(wxs_db *control, int64_t account, const char *from,
                         bool before, int64_t limit, wxs_error *error)
{
    static const char up[] = "SELECT address, mode FROM recipient_modes "
                             "WHERE account = ?1 AND address > ?2 "
                             "ORDER BY address LIMIT ?3";
    static const char down[] = "SELECT address, mode FROM recipient_modes "
                               "WHERE account = ?1 AND address < ?2 "
                               "ORDER BY address DESC LIMIT ?3";
    sqlite3_stmt *rows = wxs_db_prepare(control, before ? down : up, error);

    if (rows != NULL) {
        sqlite3_bind_int64(rows, 1, account);
        sqlite3_bind_text(rows, 2, from, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int64(rows, 3, limit);
    }
    return rows;
}

bool
wxs_recipient_mode_set(wxs_db *control, int64_t account, const char *address,
                       wxs_mode mode, wxs_error *error)
{
    sqlite3_stmt *insert = wxs_db_prepare(
        control,
        "INSERT INTO recipient_modes (account, address, mode, created_at) "
        "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account, address) "
        "DO UPDATE SET mode = ?3",
        error);

    if (insert == NULL)
        return false;
    sqlite3_bind_int64(insert, 1, account);
    sqlite3_bind_text(insert, 2, address, -1, SQLITE_STATIC);
    sqlite3_bind_int(insert, 3, (int)mode);
    sqlite3_bind_int64(insert, 4, wxs_now_us());
    return wxs_db_run(control, insert, error);
}

bool
wxs_recipient_mode_delete(wxs_db *control, int64_t account, const char *address,
                          int *deleted, wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(
        control,
        "DELETE FROM recipient_modes WHERE account = ?1 AND address = ?2",
        error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, account);
    sqlite3_bind_text(statement, 2, address, -1, SQLITE_STATIC);
    if (!wxs_db_run(control, statement, error))
        return false;
    *deleted = wxs_db_changes(control);
    return true;
}

/* What the walk through the addresses of a message needs. */
struct lowering {
    wxs_db *control;
    int64_t account;
    wxs_mode *mode;
    wxs_error *error;
};

static bool
lower(void *argument, const char *text)
{
    struct lowering *lowering = argument;
    char address[WXS_RECIPIENT_MAX + 1];
    wxs_mode ceiling;
    int found;

    if (!wxs_recipient_read(text, address))
        return true;
    found = wxs_recipient_mode_get(lowering->control, lowering->account,
                                   address, &ceiling, lowering->error);
    if (found == 1 && ceiling < *lowering->mode)
        *lowering->mode = ceiling;
    return found >= 0;
}

/* Is there any at all? Most accounts have none, and then no address needs to
 * be looked at. -1: error filled. */
static int
has_any(wxs_db *control, int64_t account, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(
        control, "SELECT 1 FROM recipient_modes WHERE account = ?1 LIMIT 1",
        error);
    int step;

    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, account);
    step = wxs_db_step(control, row, error);
    wxs_db_done(row);
    return step;
}

bool
wxs_recipient_modes_apply(wxs_db *control, int64_t account, const json_t *to,
                          wxs_mode *mode, wxs_error *error)
{
    struct lowering lowering = {control, account, mode, error};
    int any = json_array_size(to) == 0 ? 0 : has_any(control, account, error);
    const json_t *text;
    size_t i;

    if (any <= 0)
        return any == 0;
    json_array_foreach(to, i, text)
    {
        if (!wxs_addresses_each(json_string_value(text), lower, &lowering))
            return false;
    }
    return true;
}
