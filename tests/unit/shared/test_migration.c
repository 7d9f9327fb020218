/* Databases of former versions keep what they have */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../state_dir.h"
#include "db.h"
#include "embedded.h"

static wxs_error error;

static void
exec(sqlite3 *db, const char *sql)
{
    char *message = NULL;

    sqlite3_exec(db, sql, NULL, NULL, &message);
    ck_assert_msg(message == NULL, "%s: %s", sql, message);
}

/* A control.db as version 1 made it. */
static sqlite3 *
make_version_1(void)
{
    const struct wxs_embedded *file = wxs_embedded_files;
    sqlite3 *db;

    while (strcmp(file->path, "schema/control/001_initial.sql") != 0)
        ck_assert_ptr_nonnull((++file)->path);
    ck_assert_int_eq(sqlite3_open(state_path("control.db"), &db), SQLITE_OK);
    exec(db, file->data);
    exec(db, "PRAGMA application_id = 1465406275; PRAGMA user_version = 1");
    exec(db, "INSERT INTO accounts (number, id, name, created_at) VALUES (1, "
             "'a', 'a', 1);"
             "INSERT INTO domains (number, id, account, name, region,"
             " return_path, open_tracking, click_tracking, tls, state,"
             " state_since, created_at) VALUES (1, 'id', 1, 'a.example',"
             " 'us-east-1', 'send', 1, 1, 'enforced', 'verified', 1, 1);"
             "INSERT INTO tracking_hosts VALUES (1, 1, 'l', 'l.example', 1, 1);"
             "INSERT INTO link_secrets VALUES (1, x'00', 0, zeroblob(32))");
    return db;
}

static int64_t
number(const char *sql)
{
    sqlite3_stmt *row;
    int64_t value;
    wxs_db *db;

    ck_assert_msg(
        wxs_db_open(&db, state_dir, WXS_DB_CONTROL, WXS_DB_WRITE, &error), "%s",
        error.text);
    row = wxs_db_prepare(db, sql, &error);
    ck_assert_msg(row != NULL, "%s", error.text);
    ck_assert_int_eq(wxs_db_step(db, row, &error), 1);
    value = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    wxs_db_close(db);
    return value;
}

static void
migrate(void)
{
    ck_assert_msg(wxs_db_migrate(state_dir, &error), "%s", error.text);
}

START_TEST(changes_keep_their_rows_and_numbers)
{
    sqlite3 *db = make_version_1();

    exec(db, "INSERT INTO links VALUES (5, 1, 'https://a.example/', NULL, 1);"
             "UPDATE domains SET open_tracking = 0;"
             "DELETE FROM changes;"
             "INSERT INTO links VALUES (6, 1, 'https://a.example/', NULL, 1);"
             "INSERT INTO changes VALUES (70, 'host', 'l.example', NULL);"
             "INSERT INTO changes VALUES (80, 'host', 'gone.example', NULL);"
             "DELETE FROM changes WHERE sequence = 80");
    sqlite3_close(db);
    migrate();
    ck_assert_int_eq(number("SELECT sequence FROM changes WHERE link = 6"), 3);
    ck_assert_int_eq(
        number("SELECT count(*) FROM changes WHERE sequence <= 80"), 2);
    ck_assert_int_eq(
        number("SELECT count(*) FROM changes WHERE sequence = 70 AND "
               "kind = 'host' AND host = 'l.example'"),
        1);
    ck_assert_int_eq(number("SELECT max(sequence) FROM changes"), 70);
    ck_assert_int_eq(
        number("SELECT seq FROM sqlite_sequence WHERE name = 'changes'"), 80);
    ck_assert_int_eq(number("SELECT count(*) FROM sqlite_sequence WHERE name "
                            "LIKE '%new%'"),
                     0);
    migrate();
    ck_assert_int_eq(number("SELECT count(*) FROM changes"), 2);
}
END_TEST

START_TEST(empty_changes_keep_their_numbers)
{
    sqlite3 *db = make_version_1();

    exec(db, "INSERT INTO changes VALUES (123456, 'host', 'l.example', NULL);"
             "DELETE FROM changes");
    sqlite3_close(db);
    migrate();
    ck_assert_int_eq(number("SELECT count(*) FROM changes"), 0);
    state_sql(WXS_DB_CONTROL, "UPDATE domains SET killed_at = 1");
    ck_assert_int_eq(number("SELECT max(sequence) FROM changes"), 123457);
}
END_TEST

START_TEST(dkim_keys_keep_their_rows)
{
    sqlite3 *db = make_version_1();

    exec(db, "INSERT INTO dkim_keys VALUES ('k1', 1, 'wx1', 'rsa-2048', 'P1', "
             "x'0102', 'active', 7);"
             "INSERT INTO dkim_keys VALUES ('k2', NULL, NULL, 'rsa-2048', "
             "'P2', x'03', 'pool', 8)");
    sqlite3_close(db);
    migrate();
    ck_assert_int_eq(
        number("SELECT count(*) FROM dkim_keys WHERE id = 'k1' AND domain = 1 "
               "AND selector = 'wx1' AND public_key = 'P1' AND sealed = "
               "x'0102' AND state = 'active' AND created_at = 7 AND taken_at "
               "= 7 AND imported = 0"),
        1);
    ck_assert_int_eq(
        number("SELECT count(*) FROM dkim_keys WHERE id = 'k2' AND domain IS "
               "NULL AND state = 'pool' AND taken_at IS NULL"),
        1);
    ck_assert_int_eq(number("SELECT count(*) FROM dkim_keys"), 2);
}
END_TEST

START_TEST(every_trigger_is_there_again)
{
    static const char *const changes[] = {
        "UPDATE tracking_hosts SET verified_at = NULL",
        "UPDATE tracking_hosts SET verified_at = 2",
        "UPDATE domains SET open_tracking = 0",
        "UPDATE domains SET click_tracking = 0",
        "UPDATE domains SET tls = 'opportunistic'",
        "UPDATE domains SET deleted_at = 1",
        "UPDATE domains SET killed_at = 1",
        "UPDATE link_secrets SET current_key = 1",
        "INSERT INTO links VALUES (7, 1, 'https://a.example/', NULL, 1)",
        "UPDATE links SET killed_at = 1",
        "INSERT INTO killed_messages VALUES (zeroblob(16), NULL, 1)",
        "UPDATE killed_messages SET domain = 1",
        "DELETE FROM killed_messages",
    };
    int64_t before, after;

    sqlite3_close(make_version_1());
    migrate();
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        before = number("SELECT count(*) FROM changes");
        state_sql(WXS_DB_CONTROL, changes[i]);
        after = number("SELECT count(*) FROM changes");
        ck_assert_msg(after - before == (i > 0), "%s: %d changes", changes[i],
                      (int)(after - before));
    }
    ck_assert_int_eq(number("SELECT count(*) FROM changes WHERE kind = "
                            "'message' AND message = zeroblob(16)"),
                     3);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("migration");
    TCase *cases = tcase_create("migration");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(cases, state_dir_make, state_dir_remove);
    tcase_add_test(cases, changes_keep_their_rows_and_numbers);
    tcase_add_test(cases, empty_changes_keep_their_numbers);
    tcase_add_test(cases, dkim_keys_keep_their_rows);
    tcase_add_test(cases, every_trigger_is_there_again);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
