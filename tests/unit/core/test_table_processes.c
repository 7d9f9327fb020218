/* The lookup table between processes: a reader sees each change, a killed
 * writer leaves a right file. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "processes.h"
#include "table_fixture.h"

#define IDS 300

/* Updates IDS links for ever, rebuilding when full; *done tells the last
 * version that all of them have. Some come and go: ids from IDS on. */
static void
write_for_ever(uint64_t *done)
{
    uint64_t version = *done, generation = 10;
    wxs_table_writer *writer;
    bool same_boot;

    if (wxs_table_writer_open(path, &same_boot, &writer) != WXS_OK)
        _exit(1);
    for (;; version++) {
        for (uint64_t id = 0; id < 2 * IDS; id++) {
            wxs_status status = put(writer, id, version + 1);

            if (status == WXS_OK && id >= IDS)
                status = wxs_table_remove_link(writer, id);
            if (status == WXS_FULL) {
                wxs_table_writer *next;

                if (wxs_table_create(path, &small, ++generation, &next) !=
                    WXS_OK)
                    _exit(2);
                for (uint64_t i = 0; i < IDS; i++)
                    if (put(next, i, version + 1) != WXS_OK)
                        _exit(3);
                if (wxs_table_publish(next) != WXS_OK)
                    _exit(4);
                wxs_table_writer_close(writer);
                writer = next;
            } else if (status != WXS_OK) {
                _exit(5);
            }
        }
        __atomic_store_n(done, version + 1, __ATOMIC_RELEASE);
    }
}

/* Each link is there, in a version that is not older than *done was. */
static void
check_all(const wxs_table *table, uint64_t at_least)
{
    for (uint64_t id = 0; id < IDS; id++) {
        wxs_table_link link;
        uint64_t version = 0;

        if (wxs_table_find_link(table, id, &link) != WXS_OK)
            ck_abort_msg("link %" PRIu64 " is lost", id);
        if (!is_some_version(id, &link, &version) || version < at_least)
            ck_abort_msg("link %" PRIu64 " is of version %" PRIu64
                         ", not %" PRIu64,
                         id, version, at_least);
    }
}

static void
start_first_version(void)
{
    wxs_table_writer *writer = create_published(&small);

    for (uint64_t id = 0; id < IDS; id++)
        ck_assert_int_eq(put(writer, id, 1), WXS_OK);
    wxs_table_writer_close(writer);
}

static pid_t
start_child(uint64_t *done)
{
    pid_t pid = fork();

    ck_assert_int_ne(pid, -1);
    if (pid == 0)
        write_for_ever(done);
    return pid;
}

START_TEST(a_reader_sees_each_change_of_another_process)
{
    uint64_t *done = shared_counter(), first;
    time_t end = time(NULL) + 2;
    wxs_table table;
    unsigned reopened = 0;
    pid_t pid;

    *done = first = 1;
    start_first_version();
    ck_assert_int_eq(wxs_table_open(&table, path), WXS_OK);
    pid = start_child(done);
    while (time(NULL) < end) {
        uint64_t known = __atomic_load_n(done, __ATOMIC_ACQUIRE);

        if (wxs_table_superseded(&table)) {
            wxs_table_close(&table);
            ck_assert_int_eq(wxs_table_open(&table, path), WXS_OK);
            reopened++;
            known = 1; /* the writer may have gone on in yet another file */
        }
        if (!wxs_table_superseded(&table))
            check_all(&table, known > 1 && reopened == 0 ? known : 1);
    }
    kill_child(pid);
    ck_assert_uint_gt(*done, first + 10);
    ck_assert_uint_gt(reopened, 0);
    wxs_table_close(&table);
}
END_TEST

START_TEST(a_killed_writer_leaves_a_right_file)
{
    uint64_t *done = shared_counter();

    *done = 1;
    start_first_version();
    for (int round = 0; round < 60; round++) {
        pid_t pid = start_child(done);
        wxs_table before, after;
        wxs_table_writer *writer;
        bool same_boot;

        ck_assert_int_eq(wxs_table_open(&before, path), WXS_OK);
        nap(500000 + (long)round * 211000);
        kill_child(pid);
        ck_assert_int_eq(wxs_table_open(&after, path), WXS_OK);
        check_all(&after, *done);
        ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer),
                         WXS_OK);
        check_all(wxs_table_writer_view(writer), *done);
        if (wxs_table_find_link(&before, 0, &(wxs_table_link){0}) == WXS_OK &&
            before.seed[0] != after.seed[0]) /* the reader was told */
            ck_assert(wxs_table_superseded(&before));
        ck_assert(!wxs_table_superseded(&after));
        wxs_table_writer_close(writer);
        wxs_table_close(&before);
        wxs_table_close(&after);
    }
    ck_assert_uint_gt(*done, 10);
}
END_TEST

START_TEST(readers_are_told_even_if_the_publisher_died_before)
{
    wxs_table_writer *writer = create_published(&small);
    char old_path[128], away[128];
    wxs_table table;
    bool same_boot;

    wxs_table_writer_close(writer);
    ck_assert_int_eq(wxs_table_open(&table, path), WXS_OK);
    (void)snprintf(old_path, sizeof old_path, "%s.old", path);
    (void)snprintf(away, sizeof away, "%s.away", path);
    /* as it looks between rename and mark */
    ck_assert_int_eq(rename(path, away), 0);
    wxs_table_writer_close(create_published(&small));
    ck_assert_int_eq(rename(away, old_path), 0);
    ck_assert(!wxs_table_superseded(&table));
    ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer), WXS_OK);
    ck_assert(wxs_table_superseded(&table));
    ck_assert(!wxs_table_superseded(wxs_table_writer_view(writer)));
    ck_assert_int_ne(access(old_path, F_OK), 0);
    /* and before the rename */
    ck_assert_int_eq(link(path, old_path), 0);
    wxs_table_writer_close(writer);
    ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer), WXS_OK);
    ck_assert(!wxs_table_superseded(wxs_table_writer_view(writer)));
    ck_assert_int_ne(access(old_path, F_OK), 0);
    wxs_table_writer_close(writer);
    wxs_table_close(&table);
}
END_TEST

START_TEST(another_process_at_work_is_not_superseded)
{
    wxs_table_writer *writer;
    uint64_t *done = shared_counter();
    pid_t pid;

    *done = 1;
    start_first_version();
    writer = create(&small, 2);
    pid = fork();
    ck_assert_int_ne(pid, -1);
    if (pid == 0) {
        wxs_table_writer *holder;
        bool same_boot;

        if (wxs_table_writer_open(path, &same_boot, &holder) != WXS_OK)
            _exit(1);
        __atomic_store_n(done, 2, __ATOMIC_RELEASE);
        for (;;)
            (void)pause();
    }
    while (__atomic_load_n(done, __ATOMIC_ACQUIRE) != 2)
        nap(1000000);
    ck_assert_int_eq(wxs_table_publish(writer), WXS_BUSY);
    kill_child(pid);
    ck_assert_int_eq(wxs_table_publish(writer), WXS_OK);
    wxs_table_writer_close(writer);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("table_processes");
    TCase *tests = tcase_create("table_processes");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_reader_sees_each_change_of_another_process);
    tcase_add_test(tests, a_killed_writer_leaves_a_right_file);
    tcase_add_test(tests, readers_are_told_even_if_the_publisher_died_before);
    tcase_add_test(tests, another_process_at_work_is_not_superseded);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
