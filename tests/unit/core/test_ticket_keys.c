/* The file of session ticket keys: rotation, and files that are not one */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "small_file.h"
#include "ticket_keys.h"

static char folder[] = "/tmp/waxseal-test-XXXXXX";
static char path[100];

static void
set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/tickets", folder);
}

static void
tear_down(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void
file_put(const void *data, size_t len)
{
    ck_assert_int_eq(wxs_small_file_write(path, 0640, data, len), WXS_OK);
}

START_TEST(rotation_keeps_the_former_keys)
{
    wxs_ticket_keys before = {.count = 0}, after;
    struct stat st;

    for (size_t turn = 1; turn <= 5; turn++) {
        size_t kept = turn < 3 ? turn : 3;

        ck_assert_int_eq(wxs_ticket_keys_rotate(path, 3), WXS_OK);
        ck_assert_int_eq(wxs_ticket_keys_read(path, &after), WXS_OK);
        ck_assert_uint_eq(after.count, kept);
        ck_assert_mem_eq(&after.keys[1], &before.keys[0],
                         (kept - 1) * sizeof(wxs_ticket_key));
        ck_assert_mem_ne(&after.keys[0], &before.keys[0],
                         sizeof(wxs_ticket_key));
        before = after;
    }
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0640);
    ck_assert_int_eq(wxs_ticket_keys_rotate(path, 1), WXS_OK);
    ck_assert_int_eq(wxs_ticket_keys_read(path, &after), WXS_OK);
    ck_assert_uint_eq(after.count, 1);
}
END_TEST

START_TEST(what_is_no_key_file_is_refused)
{
    static uint8_t data[80 * (WXS_TICKET_KEYS_MAX + 1)];
    wxs_ticket_keys keys = {.count = 77};

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i / 80 + i);
    ck_assert_int_eq(wxs_ticket_keys_read(path, &keys), WXS_IO);
    ck_assert_int_eq(errno, ENOENT);
    static const size_t bad[] = {0,  1,  48,
                                 79, 81, 80 * WXS_TICKET_KEYS_MAX - 1};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        file_put(data, bad[i]);
        ck_assert_int_eq(wxs_ticket_keys_read(path, &keys), WXS_BAD_FORMAT);
    }
    file_put(data, 80 * WXS_TICKET_KEYS_MAX + 1);
    ck_assert_int_eq(wxs_ticket_keys_read(path, &keys), WXS_TOO_LONG);
    ck_assert_uint_eq(keys.count, 77);
    file_put(data, 80 * WXS_TICKET_KEYS_MAX);
    ck_assert_int_eq(wxs_ticket_keys_read(path, &keys), WXS_OK);
    ck_assert_uint_eq(keys.count, WXS_TICKET_KEYS_MAX);
    ck_assert_mem_eq(keys.keys, data, sizeof keys.keys);
    memcpy(data + 80, data, 16); /* a name twice */
    file_put(data, 160);
    ck_assert_int_eq(wxs_ticket_keys_read(path, &keys), WXS_BAD_FORMAT);
}
END_TEST

START_TEST(rotation_mends_a_broken_file)
{
    wxs_ticket_keys keys;

    file_put("torn", 4);
    ck_assert_int_eq(wxs_ticket_keys_rotate(path, 3), WXS_OK);
    ck_assert_int_eq(wxs_ticket_keys_read(path, &keys), WXS_OK);
    ck_assert_uint_eq(keys.count, 1);
    ck_assert_int_eq(wxs_ticket_keys_rotate("/nonexistent/tickets", 3), WXS_IO);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ticket_keys");
    TCase *tests = tcase_create("ticket_keys");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, rotation_keeps_the_former_keys);
    tcase_add_test(tests, what_is_no_key_file_is_refused);
    tcase_add_test(tests, rotation_mends_a_broken_file);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
