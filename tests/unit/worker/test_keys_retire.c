#include <check.h>
#include <stdlib.h>

#include "../state_dir.h"
#include "keys_retire.h"

static wxs_db *control;
static wxs_error error;

static int64_t
number(const char *sql)
{
    sqlite3_stmt *row = NULL;
    int64_t value;

    ck_assert_int_eq(
        sqlite3_prepare_v2(wxs_db_handle(control), sql, -1, &row, NULL),
        SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
    value = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return value;
}

/* Two domains of an account with a webhook; key n of domain d retires since
 * 100 * d, and each domain has a key that signs. */
static void
setup(void)
{
    static const char sql[] =
        "INSERT INTO accounts (number, id, name, created_at) "
        "VALUES (1, 'a', 'a', 1);"
        "INSERT INTO webhooks (id, account, endpoint, events, status, "
        "enabled_at, created_at) VALUES ('w', 1, 'https://x.example', "
        "'[\"domain.updated\"]', 'enabled', 1, 1);"
        "INSERT INTO domains (number, id, account, name, region, return_path, "
        "open_tracking, click_tracking, tls, state, state_since, created_at) "
        "VALUES (1, 'd1', 1, 'one.example', 'r', 'send', 0, 0, "
        "'opportunistic', 'verified', 1, 1), (2, 'd2', 1, 'two.example', 'r', "
        "'send', 0, 0, 'opportunistic', 'verified', 1, 1);"
        "INSERT INTO dkim_keys (id, domain, selector, algorithm, public_key, "
        "sealed, state, created_at, taken_at, retiring_since) "
        "SELECT 'k' || d.number || s.column1, d.number, s.column1, 'rsa-2048', "
        "'p', x'00', s.column2, 1, 1, "
        "iif(s.column2 = 'retiring', 100 * d.number, NULL) FROM domains d, "
        "(VALUES ('old', 'retiring'), ('older', 'retiring'), "
        "('new', 'active')) s;"
        "INSERT INTO records (domain, kind, fqdn, type, value, status) "
        "SELECT domain, 'dkim', selector || '._domainkey.x', 'TXT', 'p', "
        "'verified' FROM dkim_keys;";
    char *message = NULL;

    state_dir_make();
    ck_assert(wxs_db_migrate(state_dir, &error));
    ck_assert(
        wxs_db_open(&control, state_dir, WXS_DB_CONTROL, WXS_DB_WRITE, &error));
    sqlite3_exec(wxs_db_handle(control), sql, NULL, NULL, &message);
    ck_assert_msg(message == NULL, "%s", message);
}

static void
teardown(void)
{
    wxs_db_close(control);
    state_dir_remove();
}

START_TEST(a_domain_that_loses_keys_is_told_once)
{
    ck_assert(wxs_keys_retire(control, 99, &error));
    ck_assert_int_eq(number("SELECT count(*) FROM webhook_outbox"), 0);
    ck_assert_int_eq(number("SELECT count(*) FROM records"), 6);
    ck_assert(wxs_keys_retire(control, 100, &error));
    ck_assert_int_eq(number("SELECT count(*) FROM webhook_outbox"), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM webhook_outbox WHERE "
                            "type = 'domain.updated' AND "
                            "snapshot ->> '$.name' = 'one.example' AND "
                            "json_array_length(snapshot, '$.records') = 1"),
                     1);
    ck_assert_int_eq(number("SELECT count(*) FROM records"), 4);
    ck_assert_int_eq(number("SELECT count(*) FROM dkim_keys WHERE domain = 1 "
                            "AND state = 'retired' AND sealed = x''"),
                     2);
    ck_assert(wxs_keys_retire(control, 300, &error));
    ck_assert(wxs_keys_retire(control, 300, &error));
    ck_assert_int_eq(number("SELECT count(*) FROM webhook_outbox"), 2);
    ck_assert_int_eq(number("SELECT count(*) FROM dkim_keys "
                            "WHERE state = 'active'"),
                     2);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("keys that retire");
    TCase *tests = tcase_create("keys that retire");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_domain_that_loses_keys_is_told_once);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
