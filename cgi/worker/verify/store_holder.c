#include "store_holder.h"

#include "webhook_outbox.h"

/* How often a domain is looked at that waits for its name. It is also checked
 * as soon as the name is given up. */
#define WAIT_US INT64_C(3600000000)

static bool
run(wxs_db *db, const char *sql, int64_t one, int64_t two, wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(db, sql, error);

    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, one);
    sqlite3_bind_int64(statement, 2, two);
    return wxs_db_run(db, statement, error);
}

/* The number of the holder's domain, 0 if nobody else holds the name; *claimed
 * tells whether the job's domain has an open claim. -1 with error filled. */
static int64_t
find_holder(wxs_db *db, const wxs_job *job, int64_t now, bool *claimed,
            wxs_error *error)
{
    static const char sql[] =
        "SELECT o.number, EXISTS (SELECT 1 FROM claims WHERE domain = ?1 "
        "AND status = 'pending' AND expires_at > ?3) FROM domains o "
        "WHERE o.name = ?2 AND o.number <> ?1 AND o.deleted_at IS NULL "
        "AND o.state IN ('verified', 'temporary_failure')";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int64_t holder = -1;
    int got;

    if (row == NULL) {
        return -1;
    }
    sqlite3_bind_int64(row, 1, job->number);
    sqlite3_bind_text(row, 2, job->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 3, now);
    got = wxs_db_step(db, row, error);
    if (got >= 0) {
        holder = got == 0 ? 0 : sqlite3_column_int64(row, 0);
        *claimed = got == 1 && sqlite3_column_int(row, 1) != 0;
    }
    wxs_db_done(row);
    return holder;
}

/* Takes the name from the holder as if it had deleted its domain: links that
 * were sent go on redirecting. */
static bool
complete(wxs_db *db, const wxs_job *job, int64_t holder, int64_t now,
         wxs_error *error)
{
    return run(db,
               "INSERT INTO history (domain, at, from_state, to_state, cause) "
               "SELECT number, ?2, state, state, 'claimed' FROM domains "
               "WHERE number = ?1",
               holder, now, error) &&
           run(db,
               "UPDATE dkim_keys SET state = 'retired', sealed = x'' "
               "WHERE domain = ?1 AND ?2 > 0",
               holder, now, error) &&
           run(db,
               "UPDATE domains SET deleted_at = ?2, next_check_at = NULL "
               "WHERE number = ?1",
               holder, now, error) &&
           wxs_webhook_tell(db, holder, WXS_DOMAIN_DELETED, now, error) &&
           run(db,
               "UPDATE claims SET status = CASE domain WHEN ?1 "
               "THEN 'completed' ELSE 'superseded' END "
               "WHERE status = 'pending' AND domain IN (SELECT number "
               "FROM domains WHERE name = (SELECT name FROM domains "
               "WHERE number = ?1)) AND ?2 > 0",
               job->number, now, error);
}

bool
wxs_store_settle_holder(wxs_db *db, const wxs_job *job, bool is_proved,
                        int64_t now, wxs_held *held, wxs_error *error)
{
    bool claimed = false;
    int64_t holder = find_holder(db, job, now, &claimed, error);

    held->is_held = holder > 0 && !(claimed && is_proved);
    if (holder <= 0 || held->is_held) {
        return holder >= 0;
    }
    return complete(db, job, holder, now, error);
}

void
wxs_store_keep_waiting(const wxs_state_row *row, int64_t now,
                       wxs_state_step *step)
{
    int64_t next = step->row.next_check_at;

    step->row = *row;
    step->row.checks++;
    step->row.next_check_at =
        next == 0 || next > now + WAIT_US ? now + WAIT_US : next;
    step->cause = NULL;
    step->unreachable = false;
}
