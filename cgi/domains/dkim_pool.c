#include "dkim_pool.h"

#include <time.h>

#include "clock.h"
#include "sql.h"

#define POLL_NS 50000000L

int
wxs_dkim_take(wxs_db *db, int64_t domain, const char *name, int64_t now,
              wxs_dkim_key *key, wxs_error *error)
{
    sqlite3_stmt *row;
    int taken;

    if (!wxs_dkim_next_selector(db, name, key->selector, error))
        return -1;
    row = wxs_sql(db, error,
                  "UPDATE dkim_keys SET domain = ?, selector = ?, "
                  "state = 'pending', taken_at = ? "
                  "WHERE id = (SELECT id FROM dkim_keys "
                  "WHERE state = 'pool' ORDER BY created_at LIMIT 1) "
                  "RETURNING selector, algorithm, public_key, state, imported, "
                  "taken_at, activated_at, retiring_since",
                  "iti", domain, key->selector, now);
    if (row == NULL)
        return -1;
    taken = wxs_db_step(db, row, error);
    if (taken == 1 && !wxs_dkim_row(row, key, error))
        taken = -1;
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
