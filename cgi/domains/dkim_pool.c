#include "dkim_pool.h"

#include <time.h>

#include "clock.h"
#include "sql.h"

#define POLL_NS 50000000L

static bool
make_selector(wxs_db *db, const char *name, wxs_dkim_key *key, wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_sql(db, error,
                "SELECT selector || (SELECT count(*) + 1 FROM domains "
                "JOIN dkim_keys ON dkim_keys.domain = domains.number "
                "WHERE name = ? AND deleted_at IS NOT NULL) FROM instance",
                "t", name);
    bool ok = false;

    if (row == NULL)
        return false;
    switch (wxs_db_step(db, row, error)) {
    case 1:
        ok = wxs_sql_text(row, 0, key->selector, sizeof(key->selector)) ||
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
wxs_dkim_take(wxs_db *db, int64_t domain, const char *name, wxs_dkim_key *key,
              wxs_error *error)
{
    sqlite3_stmt *row;
    int taken;

    if (!make_selector(db, name, key, error))
        return -1;
    row = wxs_sql(db, error,
                  "UPDATE dkim_keys SET domain = ?, selector = ?, "
                  "state = 'pending' WHERE id = (SELECT id FROM dkim_keys "
                  "WHERE state = 'pool' ORDER BY created_at LIMIT 1) "
                  "RETURNING public_key",
                  "it", domain, key->selector);
    if (row == NULL)
        return -1;
    taken = wxs_db_step(db, row, error);
    if (taken == 1 &&
        !wxs_sql_text(row, 0, key->public_key, sizeof(key->public_key))) {
        wxs_fail(error, "a DKIM key of the pool is too long");
        taken = -1;
    }
    wxs_db_done(row);
    return taken;
}

int
wxs_dkim_wait(wxs_db *db, int64_t deadline_ms, wxs_error *error)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};

    while (wxs_monotonic_ms() < deadline_ms) {
        sqlite3_stmt *row = wxs_sql(
            db, error, "SELECT 1 FROM dkim_keys WHERE state = 'pool'", "");
        int found;

        if (row == NULL)
            return -1;
        found = wxs_db_step(db, row, error);
        wxs_db_done(row);
        if (found != 0)
            return found;
        nanosleep(&pause, NULL);
    }
    return 0;
}
