#include "state.h"

#include "verify/store.h"

/* What verification reads and writes, on a real database. */

#define HOUR INT64_C(3600000000)

static state s;
static char plan_of[2][1024]; /* the statements that were run */
static size_t statements;

/* Domains that are due an hour from 0 on, and some that are never. */
static void
add_domains(wxs_db *db, int count)
{
    char sql[600];

    (void)snprintf(
        sql, sizeof sql,
        "INSERT OR IGNORE INTO accounts (number, id, name, created_at) VALUES "
        "(1, 'a', 'a', 0);"
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < %d) INSERT INTO domains (id, account, name, region, "
        "return_path, open_tracking, click_tracking, tls, state, state_since, "
        "next_check_at, created_at) SELECT i, 1, i || '.example', 'r', 'send', "
        "0, 0, 'enforced', CASE i %% 4 WHEN 0 THEN 'failed' ELSE 'verified' "
        "END, 0, CASE i %% 4 WHEN 0 THEN NULL ELSE %lld + i END, 0 FROM n",
        count, (long long)HOUR);
    db_exec(db, sql);
}

static int
note_statement(unsigned type, void *data, void *statement, void *text)
{
    (void)type, (void)data, (void)text;
    if (statements < 2) {
        char *sql = sqlite3_expanded_sql(statement);

        (void)snprintf(plan_of[statements++], sizeof plan_of[0],
                       "EXPLAIN QUERY PLAN %s", sql);
        sqlite3_free(sql);
    }
    return 0;
}

static void
assert_plan(wxs_db *db, const char *sql)
{
    sqlite3_stmt *plan = NULL;

    ck_assert_int_eq(
        sqlite3_prepare_v2(wxs_db_handle(db), sql, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(plan, 3);

        ck_assert_msg(strstr(line, "USING INDEX domains_due") != NULL &&
                          strstr(line, "SCAN domains") != line + 1 &&
                          strstr(line, "TEMP B-TREE") == NULL,
                      "%s: %s", sql, line);
    }
    sqlite3_finalize(plan);
}

/* Steps of SQLite's machine for a look at what is due. */
static int
steps(wxs_db *db)
{
    int64_t due[WXS_DUE_MAX], at = 0;
    size_t count = 1;
    wxs_error error = {""};
    sqlite3_stmt *statement = NULL;
    int sum = 0;

    ck_assert(wxs_store_next_due(db, &at, &error));
    ck_assert(wxs_store_due(db, HOUR, due, &count, &error));
    ck_assert_int_eq(at, HOUR + 1);
    ck_assert_uint_eq(count, 0);
    while ((statement = sqlite3_next_stmt(wxs_db_handle(db), statement)) !=
           NULL) {
        sum += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
    }
    return sum;
}

START_TEST(idle_domains_cost_nothing)
{
    wxs_error error = {""};
    int64_t due[WXS_DUE_MAX], at;
    size_t count;

    state_make(&s);
    wxs_db *db = state_open(&s, WXS_DB_CONTROL);

    add_domains(db, 100);
    statements = 0;
    sqlite3_trace_v2(wxs_db_handle(db), SQLITE_TRACE_STMT, note_statement,
                     NULL);
    ck_assert(wxs_store_next_due(db, &at, &error));
    ck_assert(wxs_store_due(db, HOUR, due, &count, &error));
    sqlite3_trace_v2(wxs_db_handle(db), 0, NULL, NULL);
    ck_assert_uint_eq(statements, 2);
    assert_plan(db, plan_of[0]);
    assert_plan(db, plan_of[1]);

    (void)steps(db);
    int few = steps(db);

    db_exec(db, "DELETE FROM domains");
    db_exec(db, "DELETE FROM sqlite_sequence");
    add_domains(db, 20000);
    (void)steps(db);
    ck_assert_int_eq(steps(db), few);
    wxs_db_close(db);
    state_remove(&s);
}
END_TEST

static wxs_job *
take(wxs_db *db, int64_t now, int64_t lease)
{
    wxs_error error = {""};
    wxs_job *job = wxs_store_take(db, 1, now, lease, &error);

    ck_assert_msg(job != NULL, "%s", error.text);
    return job;
}

/* Writes a check of no records that ends at now. */
static bool
write_outcome(wxs_db *db, const wxs_job *job, int64_t now)
{
    wxs_state_step step = {.row = job->row};
    wxs_error error = {""};
    bool written = false;

    step.row.next_check_at = now + 5 * HOUR;
    ck_assert(wxs_db_begin(db, &error));
    ck_assert_msg(
        wxs_store_write(db, job, NULL, NULL, &step, now, &written, &error),
        "%s", error.text);
    ck_assert(wxs_db_commit(db, &error));
    return written;
}

START_TEST(a_request_is_over_when_its_check_is)
{
    state_make(&s);
    wxs_db *db = state_open(&s, WXS_DB_CONTROL);

    add_domains(db, 1);
    db_exec(db, "UPDATE domains SET asked_at = 10, next_check_at = 10");
    wxs_job *job = take(db, 20, 1000);

    ck_assert(job->check.asked_for);
    ck_assert_int_eq(db_number(db, "SELECT checking_since FROM domains"), 20);
    ck_assert_int_eq(db_number(db, "SELECT next_check_at FROM domains"), 1000);
    if (_i == 1) {
        /* another one, too late to join: its check comes next */
        db_exec(db, "UPDATE domains SET asked_at = 30, next_check_at = 30");
    }
    ck_assert(write_outcome(db, job, 40));
    wxs_job_free(job);
    ck_assert_int_eq(
        db_number(db, "SELECT checking_since IS NULL FROM domains"), 1);
    ck_assert_int_eq(db_number(db, "SELECT coalesce(asked_at, 0) FROM domains"),
                     _i == 1 ? 30 : 0);
    ck_assert_int_eq(db_number(db, "SELECT next_check_at FROM domains"),
                     _i == 1 ? 30 : 40 + 5 * HOUR);
    wxs_db_close(db);
    state_remove(&s);
}
END_TEST

START_TEST(an_outcome_about_another_state_is_dropped)
{
    state_make(&s);
    wxs_db *db = state_open(&s, WXS_DB_CONTROL);

    add_domains(db, 1);
    wxs_job *job = take(db, 20, 1000);

    db_exec(db, "UPDATE domains SET state = 'pending', state_since = 25");
    ck_assert(!write_outcome(db, job, 40));
    ck_assert_int_eq(db_number(db, "SELECT checked_at IS NULL FROM domains"),
                     1);
    wxs_job_free(job);
    wxs_db_close(db);
    state_remove(&s);
}
END_TEST

START_TEST(a_check_that_died_is_made_again)
{
    wxs_error error = {""};

    state_make(&s);
    wxs_db *db = state_open(&s, WXS_DB_CONTROL);

    add_domains(db, 2);
    wxs_job_free(take(db, 20, 1000));
    ck_assert(wxs_store_resume(db, 50, &error));
    ck_assert_int_eq(
        db_number(db, "SELECT next_check_at FROM domains WHERE number = 1"),
        50);
    ck_assert_int_eq(
        db_number(db, "SELECT next_check_at FROM domains WHERE number = 2"),
        HOUR + 2);
    wxs_db_close(db);
    state_remove(&s);
}
END_TEST

START_TEST(a_long_check_keeps_its_domain)
{
    wxs_error error = {""};

    state_make(&s);
    wxs_db *db = state_open(&s, WXS_DB_CONTROL);

    add_domains(db, 1);
    wxs_job *job = take(db, 20, 1000);

    ck_assert(wxs_store_extend(db, job, 2000, &error));
    ck_assert_int_eq(db_number(db, "SELECT next_check_at FROM domains"), 2000);
    db_exec(db, "UPDATE domains SET next_check_at = 1500");
    ck_assert(wxs_store_extend(db, job, 3000, &error));
    ck_assert_int_eq(db_number(db, "SELECT next_check_at FROM domains"), 1500);
    wxs_job_free(job);
    wxs_db_close(db);
    state_remove(&s);
}
END_TEST

int
main(void)
{
    TCase *cases = tcase_create("verify_store");

    tcase_add_test(cases, idle_domains_cost_nothing);
    tcase_add_loop_test(cases, a_request_is_over_when_its_check_is, 0, 2);
    tcase_add_test(cases, an_outcome_about_another_state_is_dropped);
    tcase_add_test(cases, a_check_that_died_is_made_again);
    tcase_add_test(cases, a_long_check_keeps_its_domain);
    return run_suite("verify_store", cases);
}
