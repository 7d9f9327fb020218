#include "keys_retire.h"

#include <stddef.h>

#include "clock.h"
#include "webhook_outbox.h"

#define DUE "k.state = 'retiring' AND k.retiring_since <= ?1"

static bool
run_before(wxs_db *control, const char *sql, int64_t before, wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(control, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, before);
    return wxs_db_run(control, statement, error);
}

static bool
any_due(wxs_db *control, int64_t before, bool *due, wxs_error *error)
{
    static const char sql[] = "SELECT 1 FROM dkim_keys k WHERE " DUE " LIMIT 1";
    sqlite3_stmt *row = wxs_db_prepare(control, sql, error);
    int found;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, before);
    found = wxs_db_step(control, row, error);
    wxs_db_done(row);
    *due = found == 1;
    return found >= 0;
}

/* Tells of the domains whose records of such keys are gone; the keys are still
 * to be found then. */
static bool
tell(wxs_db *control, int64_t before, wxs_error *error)
{
    static const char sql[] =
        "SELECT DISTINCT k.domain FROM dkim_keys k WHERE " DUE
        " AND k.domain > ?2 ORDER BY k.domain LIMIT 1";
    int64_t now = wxs_now_us();
    int64_t domain = 0;
    int found;

    do {
        sqlite3_stmt *row = wxs_db_prepare(control, sql, error);

        if (row == NULL)
            return false;
        sqlite3_bind_int64(row, 1, before);
        sqlite3_bind_int64(row, 2, domain);
        found = wxs_db_step(control, row, error);
        if (found == 1)
            domain = sqlite3_column_int64(row, 0);
        wxs_db_done(row);
        if (found == 1 &&
            !wxs_webhook_tell(control, domain, WXS_DOMAIN_UPDATED, now, error))
            return false;
    } while (found == 1);
    return found == 0;
}

bool
wxs_keys_retire(wxs_db *control, int64_t before, wxs_error *error)
{
    static const char records[] =
        "DELETE FROM records WHERE number IN (SELECT r.number "
        "FROM dkim_keys k JOIN records r ON r.domain = k.domain "
        "AND r.kind = 'dkim' "
        "AND substr(r.fqdn, 1, instr(r.fqdn, '.') - 1) = k.selector "
        "WHERE " DUE ")";
    static const char keys[] =
        "UPDATE dkim_keys AS k SET state = 'retired', sealed = x'' WHERE " DUE;
    bool due;

    if (!any_due(control, before, &due, error))
        return false;
    if (!due)
        return true;
    if (wxs_db_begin(control, error)) {
        if (run_before(control, records, before, error) &&
            tell(control, before, error) &&
            run_before(control, keys, before, error) &&
            wxs_db_commit(control, error))
            return true;
        wxs_db_rollback(control);
    }
    return false;
}
