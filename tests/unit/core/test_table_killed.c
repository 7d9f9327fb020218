/* The lookup table's killed messages */
#include <signal.h>
#include <sys/wait.h>

#include "table_fixture.h"
#include "table_format.h"

#define MESSAGES 500

static const uint8_t *
message(uint32_t number)
{
    static uint8_t id[WXS_MESSAGE_ID_SIZE];

    memset(id, 0x5a, sizeof id);
    memcpy(id, &number, sizeof number);
    return id;
}

static uint64_t
killed(const wxs_table *table)
{
    wxs_table_info info;

    wxs_table_get_info(table, &info);
    return info.killed;
}

START_TEST(messages_are_killed_and_revived)
{
    wxs_table_writer *writer = create_published(&small);
    const wxs_table *view = wxs_table_writer_view(writer);

    ck_assert(!wxs_table_is_killed(view, message(1), 7));
    for (int twice = 0; twice < 2; twice++)
        ck_assert_int_eq(wxs_table_put_killed(writer, message(1), 7), WXS_OK);
    ck_assert_uint_eq(killed(view), 1);
    ck_assert(wxs_table_is_killed(view, message(1), 7));
    ck_assert_msg(!wxs_table_is_killed(view, message(1), 8),
                  "a message id belongs to one domain");
    ck_assert(!wxs_table_is_killed(view, message(2), 7));
    ck_assert_int_eq(wxs_table_put_killed(writer, message(1), 0), WXS_OK);
    ck_assert(wxs_table_is_killed(view, message(1), 7));
    ck_assert(wxs_table_is_killed(view, message(1), 8));
    ck_assert_uint_eq(killed(view), 1);

    ck_assert_int_eq(wxs_table_remove_killed(writer, message(2)),
                     WXS_NOT_FOUND);
    ck_assert_int_eq(wxs_table_remove_killed(writer, message(1)), WXS_OK);
    ck_assert_int_eq(wxs_table_remove_killed(writer, message(1)),
                     WXS_NOT_FOUND);
    ck_assert_uint_eq(killed(view), 0);
    ck_assert(!wxs_table_is_killed(view, message(1), 7));
    wxs_table_writer_close(writer);
}
END_TEST

START_TEST(no_message_id_is_no_message)
{
    static const uint8_t none[WXS_MESSAGE_ID_SIZE];
    wxs_table_writer *writer = create_published(&small);

    ck_assert_int_eq(wxs_table_put_killed(writer, none, 0), WXS_BAD_FORMAT);
    ck_assert_uint_eq(killed(wxs_table_writer_view(writer)), 0);
    wxs_table_writer_close(writer);
}
END_TEST

START_TEST(room_is_made_for_them)
{
    const wxs_table_capacity capacity = {.killed = 86000};
    wxs_table_writer *writer = create_published(&capacity);
    wxs_table reader;

    for (uint32_t i = 0; i < 120000; i++)
        ck_assert_int_eq(wxs_table_put_killed(writer, message(i), i), WXS_OK);
    ck_assert_int_eq(wxs_table_open(&reader, path), WXS_OK);
    for (uint32_t i = 0; i < 120000; i++)
        ck_assert(wxs_table_is_killed(&reader, message(i), i));
    ck_assert(!wxs_table_is_killed(&reader, message(120000), 120000));
    ck_assert_uint_eq(killed(&reader), 120000);
    wxs_table_close(&reader);
    wxs_table_writer_close(writer);
}
END_TEST

/* Whenever the writer dies, the count says no less than what is there. */
START_TEST(killed_writer_never_understates_the_count)
{
    uint64_t seen = 0;
    bool same_boot;

    for (int round = 0; round < 30; round++) {
        wxs_table_writer *writer;
        uint64_t there = 0;
        pid_t pid;

        wxs_table_writer_close(create_published(&small));
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            if (wxs_table_writer_open(path, &same_boot, &writer) != WXS_OK)
                _exit(1);
            for (uint32_t i = (uint32_t)round;; i = (i + 1) % MESSAGES) {
                if (i % 3 != 0)
                    (void)wxs_table_put_killed(writer, message(i), i);
                else
                    (void)wxs_table_remove_killed(writer, message(i - 1));
            }
        }
        usleep(1000 + (useconds_t)round * 300);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer),
                         WXS_OK);
        for (uint32_t i = 0; i < MESSAGES; i++)
            there += wxs_table_is_killed(wxs_table_writer_view(writer),
                                         message(i), i);
        seen += there;
        ck_assert_uint_ge(killed(wxs_table_writer_view(writer)), there);
        wxs_table_writer_close(writer);
    }
    ck_assert_msg(seen > 0, "no writer lived long enough");
}
END_TEST

START_TEST(damaged_entry_kills_nothing)
{
    wxs_table_writer *writer = create_published(&small);
    const wxs_table *view = wxs_table_writer_view(writer);
    uint64_t *slots = (uint64_t *)(view->map + WXS_TABLE_HEADER);

    ck_assert_int_eq(wxs_table_put_killed(writer, message(1), 1), WXS_OK);
    ck_assert(wxs_table_is_killed(view, message(1), 1));
    for (uint64_t i = 0; i < view->bucket_count * WXS_TABLE_SLOTS; i++)
        if (slots[i] != WXS_TABLE_EMPTY)
            slots[i] |= WXS_TABLE_OFFSETS - 1; /* far out of the file */
    ck_assert(!wxs_table_is_killed(view, message(1), 1));
    wxs_table_writer_close(writer);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("table_killed");
    TCase *cases = tcase_create("killed");
    SRunner *runner;
    int failures;

    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, messages_are_killed_and_revived);
    tcase_add_test(cases, no_message_id_is_no_message);
    tcase_add_test(cases, room_is_made_for_them);
    tcase_add_test(cases, killed_writer_never_understates_the_count);
    tcase_add_test(cases, damaged_entry_kills_nothing);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
