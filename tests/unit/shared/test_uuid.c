#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "uuid.h"

START_TEST(formats_and_parses)
{
    static const char text[] = "00112233-4455-6677-8899-aabbccddeeff";
    uint8_t uuid[WXS_UUID_SIZE];
    char back[WXS_UUID_TEXT];

    ck_assert(wxs_uuid_parse(text, 36, uuid));
    for (size_t i = 0; i < WXS_UUID_SIZE; i++)
        ck_assert_uint_eq(uuid[i], i * 0x11);
    wxs_uuid_format(uuid, back);
    ck_assert_str_eq(back, text);
}
END_TEST

START_TEST(reads_capitals)
{
    uint8_t uuid[WXS_UUID_SIZE];

    ck_assert(wxs_uuid_parse("ABCDEFAB-0000-4000-8000-0000000000FF", 36, uuid));
    ck_assert_uint_eq(uuid[0], 0xab);
    ck_assert_uint_eq(uuid[15], 0xff);
}
END_TEST

START_TEST(refuses_other_forms)
{
    static const char *const bad[] = {
        "",
        "00112233445566778899aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddeef",
        "00112233-4455-6677-8899-aabbccddeeff0",
        "0011223-34455-6677-8899-aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddeefg",
        "{0112233-4455-6677-8899-aabbccddeef}",
        "00112233-4455-6677-8899-aabbccddee f",
    };
    uint8_t uuid[WXS_UUID_SIZE];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!wxs_uuid_parse(bad[i], strlen(bad[i]), uuid), "%s",
                      bad[i]);
}
END_TEST

START_TEST(new_ones_are_version_4_and_differ)
{
    uint8_t one[WXS_UUID_SIZE];
    uint8_t two[WXS_UUID_SIZE];

    for (int i = 0; i < 100; i++) {
        ck_assert(wxs_uuid_new(one));
        ck_assert(wxs_uuid_new(two));
        ck_assert_uint_eq(one[6] >> 4, 4);
        ck_assert_uint_eq(one[8] >> 6, 2);
        ck_assert_mem_ne(one, two, WXS_UUID_SIZE);
    }
}
END_TEST

START_TEST(ordered_ones_begin_with_the_time)
{
    uint8_t one[WXS_UUID_SIZE], two[WXS_UUID_SIZE];
    int64_t before = wxs_now_us() / 1000, ms = 0;

    ck_assert(wxs_uuid_new_ordered(one));
    ck_assert(wxs_uuid_new_ordered(two));
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | one[i];
    ck_assert_int_ge(ms, before);
    ck_assert_int_le(ms, wxs_now_us() / 1000);
    ck_assert_uint_eq(one[6] >> 4, 7);
    ck_assert_uint_eq(one[8] >> 6, 2);
    ck_assert_int_ne(memcmp(one, two, WXS_UUID_SIZE), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("uuid");
    TCase *tests = tcase_create("uuid");
    SRunner *runner;
    int failures;

    tcase_add_test(tests, formats_and_parses);
    tcase_add_test(tests, reads_capitals);
    tcase_add_test(tests, refuses_other_forms);
    tcase_add_test(tests, new_ones_are_version_4_and_differ);
    tcase_add_test(tests, ordered_ones_begin_with_the_time);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
