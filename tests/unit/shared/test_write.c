#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../state_dir.h"
#include "service.h"

#define THREADS 8
#define CHANGES 60

static atomic_int committed;

static void
setup(void)
{
    wxs_error error;

    state_dir_make();
    ck_assert(wxs_db_migrate(state_dir, &error));
    ck_assert_msg(wxs_write_open(state_dir, false, &error), "%s", error.text);
    atomic_store(&committed, 0);
}

static void
teardown(void)
{
    wxs_write_close();
    state_dir_remove();
}

static bool
insert(wxs_db *db, int thread, int change)
{
    wxs_error error;
    sqlite3_stmt *row = wxs_db_prepare(
        db, "INSERT INTO accounts (id, name, created_at) VALUES (?, 'x', ?)",
        &error);
    char id[32];

    snprintf(id, sizeof(id), "%d-%d", thread, change);
    sqlite3_bind_text(row, 1, id, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(row, 2, thread);
    return wxs_db_run(db, row, &error);
}

/* Rows that a connection of its own sees. */
static int64_t
count_rows(int thread)
{
    wxs_error error;
    wxs_db *db = NULL;
    sqlite3_stmt *row;
    int64_t count;

    ck_assert(wxs_db_open(&db, state_dir, WXS_DB_CONTROL, WXS_DB_READ, &error));
    row = wxs_db_prepare(db,
                         "SELECT count(*) FROM accounts "
                         "WHERE ?1 < 0 OR created_at = ?1",
                         &error);
    sqlite3_bind_int64(row, 1, thread);
    ck_assert_int_eq(wxs_db_step(db, row, &error), 1);
    count = sqlite3_column_int64(row, 0);
    wxs_db_close(db);
    return count;
}

/* Every third change is aborted, every fourth fails on its own and is aborted
 * then; what is committed is there for everybody to see at once. */
static void *
change(void *arg)
{
    int thread = (int)(intptr_t)arg;
    int mine = 0;
    wxs_error error;

    for (int i = 0; i < CHANGES; i++) {
        wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, &error);

        ck_assert_ptr_nonnull(db);
        ck_assert(insert(db, thread, i));
        if (i % 4 == 3)
            ck_assert(!insert(db, thread, i));
        if (i % 3 == 2 || i % 4 == 3) {
            wxs_write_abort(db);
            continue;
        }
        ck_assert_msg(wxs_write_commit(db, &error), "%s", error.text);
        mine++;
        atomic_fetch_add(&committed, 1);
        if (i % 8 == 0)
            ck_assert_int_eq(count_rows(thread), mine);
    }
    return NULL;
}

START_TEST(threads_share_commits_but_not_failures)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, change, (void *)(intptr_t)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(count_rows(-1), atomic_load(&committed));
    ck_assert_int_eq(atomic_load(&committed), THREADS * CHANGES / 2);
}
END_TEST

START_TEST(what_is_aborted_leaves_nothing)
{
    wxs_error error;
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, &error);

    ck_assert(insert(db, 0, 0));
    wxs_write_abort(db);
    ck_assert_int_eq(count_rows(-1), 0);
    db = wxs_write_begin(WXS_DB_CONTROL, &error);
    ck_assert(insert(db, 0, 0));
    ck_assert(wxs_write_commit(db, &error));
    ck_assert_int_eq(count_rows(-1), 1);
}
END_TEST

/* The transaction is gone in the middle, as after an error of the disk. */
START_TEST(a_lost_transaction_is_told)
{
    wxs_error error;
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, &error);

    ck_assert(insert(db, 0, 0));
    wxs_db_rollback(db);
    ck_assert(!wxs_write_commit(db, &error));
    db = wxs_write_begin(WXS_DB_CONTROL, &error);
    wxs_db_rollback(db);
    wxs_write_abort(db);
    db = wxs_write_begin(WXS_DB_CONTROL, &error);
    ck_assert(insert(db, 0, 1));
    ck_assert(wxs_write_commit(db, &error));
    ck_assert_int_eq(count_rows(-1), 1);
}
END_TEST

START_TEST(a_database_must_be_open)
{
    wxs_error error;

    ck_assert_ptr_null(wxs_write_begin(WXS_DB_EVENTS, &error));
    ck_assert_ptr_null(wxs_write_begin(WXS_DB_EVENTS, &error));
    ck_assert(!wxs_write_is_open(WXS_DB_EVENTS));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("write");
    TCase *tests = tcase_create("write");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, threads_share_commits_but_not_failures);
    tcase_add_test(tests, what_is_aborted_leaves_nothing);
    tcase_add_test(tests, a_lost_transaction_is_told);
    tcase_add_test(tests, a_database_must_be_open);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
