#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../state_dir.h"
#include "db.h"

static wxs_error error;

static void
raw_sql(const char *file, const char *sql)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(state_path(file), &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static int64_t
number(wxs_db *db, const char *sql)
{
    sqlite3_stmt *row = NULL;
    int64_t value;

    ck_assert_int_eq(sqlite3_prepare_v2(wxs_db_handle(db), sql, -1, &row, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
    value = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return value;
}

static wxs_db *
open_db(wxs_db_kind kind, wxs_db_access access)
{
    wxs_db *db = NULL;

    ck_assert_msg(wxs_db_open(&db, state_dir, kind, access, &error), "%s",
                  error.text);
    return db;
}

START_TEST(migrates_a_new_directory)
{
    struct stat st;
    wxs_db *db;

    ck_assert(wxs_db_migrate(state_dir, &error));
    ck_assert_int_eq(stat(state_path("control.db"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0640);
    ck_assert_int_eq(stat(state_path("events.db"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0640);
    db = open_db(WXS_DB_CONTROL, WXS_DB_WRITE);
    ck_assert_int_eq(number(db, "SELECT count(*) FROM accounts"), 0);
    ck_assert_int_eq(number(db, "PRAGMA application_id"), 0x57585343);
    ck_assert_int_ge(number(db, "PRAGMA user_version"), 1);
    ck_assert_int_eq(number(db, "PRAGMA synchronous"), 2);
    ck_assert_int_eq(number(db, "PRAGMA foreign_keys"), 1);
    ck_assert_int_eq(
        number(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    wxs_db_close(db);
}
END_TEST

START_TEST(migrating_again_changes_nothing)
{
    wxs_db *db;

    ck_assert(wxs_db_migrate(state_dir, &error));
    state_sql(WXS_DB_CONTROL, "INSERT INTO accounts (number, id, name, "
                              "created_at) VALUES (1, 'a', 'a', 1)");
    ck_assert(wxs_db_migrate(state_dir, &error));
    db = open_db(WXS_DB_CONTROL, WXS_DB_READ);
    ck_assert_int_eq(number(db, "SELECT count(*) FROM accounts"), 1);
    wxs_db_close(db);
}
END_TEST

START_TEST(many_processes_may_migrate_at_once)
{
    enum {
        PROCESSES = 8
    };
    pid_t pids[PROCESSES];
    int status;

    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0) {
            bool ok = wxs_db_migrate(state_dir, &error);
            if (!ok)
                fprintf(stderr, "%s\n", error.text);
            _exit(ok ? 0 : 1);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_int_eq(status, 0);
    }
}
END_TEST

START_TEST(opening_wants_a_migrated_database)
{
    wxs_db *db;

    ck_assert(
        !wxs_db_open(&db, state_dir, WXS_DB_CONTROL, WXS_DB_READ, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "waxseal init"));
    raw_sql("control.db", "VACUUM");
    ck_assert(
        !wxs_db_open(&db, state_dir, WXS_DB_CONTROL, WXS_DB_READ, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "waxseal init"));
}
END_TEST

START_TEST(refuses_a_newer_database)
{
    wxs_db *db;

    ck_assert(wxs_db_migrate(state_dir, &error));
    raw_sql("events.db", "PRAGMA user_version = 999");
    ck_assert(!wxs_db_migrate(state_dir, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "has version 999"));
    ck_assert_ptr_nonnull(strstr(error.text, "newer Waxseal"));
    ck_assert(!wxs_db_open(&db, state_dir, WXS_DB_EVENTS, WXS_DB_READ, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "newer Waxseal"));
}
END_TEST

START_TEST(refuses_a_foreign_database)
{
    raw_sql("control.db", "CREATE TABLE theirs (a)");
    ck_assert(!wxs_db_migrate(state_dir, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "not a Waxseal database"));
}
END_TEST

START_TEST(refuses_the_other_database)
{
    char events[128];

    ck_assert(wxs_db_migrate(state_dir, &error));
    snprintf(events, sizeof(events), "%s", state_path("events.db"));
    ck_assert_int_eq(rename(events, state_path("control.db")), 0);
    ck_assert(!wxs_db_migrate(state_dir, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "of this kind"));
}
END_TEST

START_TEST(keeps_statements_by_the_address_of_their_text)
{
    static const char insert[] = "INSERT INTO accounts (number, id, name, "
                                 "created_at) VALUES (?, ?, 'n', 1)";
    sqlite3_stmt *first;
    wxs_db *db;

    ck_assert(wxs_db_migrate(state_dir, &error));
    db = open_db(WXS_DB_CONTROL, WXS_DB_WRITE);
    first = wxs_db_prepare(db, insert, &error);
    sqlite3_bind_int(first, 1, 5);
    sqlite3_bind_text(first, 2, "five", -1, SQLITE_STATIC);
    ck_assert(wxs_db_run(db, first, &error));
    ck_assert_int_eq(wxs_db_last_id(db), 5);
    ck_assert_int_eq(wxs_db_changes(db), 1);
    ck_assert_ptr_eq(wxs_db_prepare(db, insert, &error), first);
    /* the bindings are gone: id is NULL now */
    ck_assert(!wxs_db_run(db, first, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "NOT NULL"));
    ck_assert_ptr_null(wxs_db_prepare(db, "SELECT nonsense", &error));
    ck_assert_ptr_nonnull(strstr(error.text, "nonsense"));
    wxs_db_close(db);
}
END_TEST

START_TEST(a_reader_cannot_write)
{
    wxs_db *db;
    sqlite3_stmt *statement;

    ck_assert(wxs_db_migrate(state_dir, &error));
    db = open_db(WXS_DB_CONTROL, WXS_DB_READ);
    statement = wxs_db_prepare(db, "DELETE FROM accounts", &error);
    ck_assert(!wxs_db_run(db, statement, &error));
    wxs_db_close(db);
}
END_TEST

START_TEST(transactions_hold_and_roll_back)
{
    wxs_db *writer;
    wxs_db *reader;
    int64_t version;

    ck_assert(wxs_db_migrate(state_dir, &error));
    writer = open_db(WXS_DB_CONTROL, WXS_DB_WRITE);
    reader = open_db(WXS_DB_CONTROL, WXS_DB_READ);
    wxs_db_rollback(writer);
    version = wxs_db_data_version(reader);
    ck_assert(wxs_db_begin(writer, &error));
    ck_assert(
        wxs_db_run(writer,
                   wxs_db_prepare(writer,
                                  "INSERT INTO accounts (number, id, name, "
                                  "created_at) VALUES (1, 'a', 'a', 1)",
                                  &error),
                   &error));
    wxs_db_rollback(writer);
    ck_assert_int_eq(number(reader, "SELECT count(*) FROM accounts"), 0);
    ck_assert_int_eq(wxs_db_data_version(reader), version);
    ck_assert(wxs_db_begin_read(reader, &error));
    ck_assert_int_eq(number(reader, "SELECT count(*) FROM accounts"), 0);
    ck_assert(wxs_db_begin(writer, &error));
    ck_assert(
        wxs_db_run(writer,
                   wxs_db_prepare(writer,
                                  "INSERT INTO accounts (number, id, name, "
                                  "created_at) VALUES (2, 'b', 'b', 1)",
                                  &error),
                   &error));
    ck_assert(wxs_db_commit(writer, &error));
    ck_assert_int_eq(number(reader, "SELECT count(*) FROM accounts"), 0);
    wxs_db_rollback(reader);
    ck_assert_int_eq(number(reader, "SELECT count(*) FROM accounts"), 1);
    ck_assert_int_ne(wxs_db_data_version(reader), version);
    wxs_db_close(reader);
    wxs_db_close(writer);
}
END_TEST

/* As user nobody; 0, or 1 once the database could not be opened. */
static int
open_again_and_again(int times)
{
    wxs_db *db;

    if (setgid(65534) != 0 || setuid(65534) != 0)
        return 1;
    for (int i = 0; i < times; i++) {
        if (!wxs_db_open(&db, state_dir, WXS_DB_CONTROL, WXS_DB_WRITE,
                         &error)) {
            (void)fprintf(stderr, "%s\n", error.text);
            return 1;
        }
        wxs_db_close(db);
    }
    return 0;
}

/* A process of root makes -wal and -shm as its own at first. */
START_TEST(root_may_come_first)
{
    static const char *const files[] = {"", "control.db", "events.db"};
    int status;
    pid_t child;

    if (getuid() != 0)
        return;
    ck_assert(wxs_db_migrate(state_dir, &error));
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        ck_assert_int_eq(chown(state_path(files[i]), 65534, 65534), 0);
    child = fork();
    if (child == 0)
        _exit(open_again_and_again(1000));
    while (waitpid(child, &status, WNOHANG) == 0)
        raw_sql("control.db", "SELECT * FROM accounts");
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* A reader that keeps its mapping sees what a writer does to the file: grows
 * it, empties it, cuts it, and fills it again. */
START_TEST(readers_see_a_file_that_shrinks_and_grows)
{
    static const char fill[] =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 3000) INSERT INTO accounts (id, name, created_at) "
        "SELECT hex(randomblob(100)), hex(randomblob(200)), 7 FROM n;"
        "PRAGMA wal_checkpoint(TRUNCATE)";
    static const char sum[] = "SELECT sum(length(name)) FROM accounts";
    struct stat before, after;
    wxs_db *reader;

    ck_assert(wxs_db_migrate(state_dir, &error));
    reader = open_db(WXS_DB_CONTROL, WXS_DB_READ);
    for (int i = 0; i < 3; i++) {
        raw_sql("control.db", fill);
        ck_assert_int_eq(number(reader, sum), 3000 * 400);
        raw_sql("control.db", "UPDATE accounts SET name = name || 'x'");
        ck_assert_int_eq(number(reader, sum), 3000 * 401);
        ck_assert_int_eq(stat(state_path("control.db"), &before), 0);
        raw_sql("control.db", "DELETE FROM accounts; VACUUM; "
                              "PRAGMA wal_checkpoint(TRUNCATE)");
        ck_assert_int_eq(stat(state_path("control.db"), &after), 0);
        ck_assert_int_lt(after.st_size, before.st_size / 2);
        ck_assert_int_eq(number(reader, "SELECT count(*) FROM accounts"), 0);
        ck_assert_int_eq(number(reader, "SELECT count(*) FROM sqlite_master "
                                        "WHERE name = 'accounts'"),
                         1);
    }
    wxs_db_close(reader);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("db");
    TCase *tests = tcase_create("db");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(tests, state_dir_make, state_dir_remove);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, migrates_a_new_directory);
    tcase_add_test(tests, migrating_again_changes_nothing);
    tcase_add_test(tests, many_processes_may_migrate_at_once);
    tcase_add_test(tests, opening_wants_a_migrated_database);
    tcase_add_test(tests, refuses_a_newer_database);
    tcase_add_test(tests, refuses_a_foreign_database);
    tcase_add_test(tests, refuses_the_other_database);
    tcase_add_test(tests, keeps_statements_by_the_address_of_their_text);
    tcase_add_test(tests, a_reader_cannot_write);
    tcase_add_test(tests, transactions_hold_and_roll_back);
    tcase_add_test(tests, root_may_come_first);
    tcase_add_test(tests, readers_see_a_file_that_shrinks_and_grows);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
