#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "json_writer.h"
#include "utf8.h"

#define TEXT_MAX 64

static wxs_json_writer writer;

static void
teardown(void)
{
    wxs_json_free(&writer);
}

static void
assert_written(const char *expected)
{
    ck_assert(wxs_json_done(&writer));
    ck_assert_uint_eq(writer.out.len, strlen(expected));
    ck_assert_mem_eq(writer.out.data, expected, writer.out.len);
}

START_TEST(writes_every_kind_of_value)
{
    wxs_json_writer items = {0};

    wxs_json_string(&items, NULL, "a");
    wxs_json_stringn(&items, NULL, "bcd", 2);
    wxs_json_open(&writer, NULL, '{');
    wxs_json_string(&writer, "text", "x");
    wxs_json_string(&writer, "none", NULL);
    wxs_json_bool(&writer, "yes", true);
    wxs_json_bool(&writer, "no", false);
    wxs_json_integer(&writer, "least", INT64_MIN);
    wxs_json_time(&writer, "at", 1774717922059593);
    wxs_json_time(&writer, "never", 0);
    wxs_json_raw(&writer, "raw", "[1]", 3);
    wxs_json_open(&writer, "object", '{');
    wxs_json_close(&writer, '}');
    wxs_json_open(&writer, "array", '[');
    wxs_json_append(&writer, NULL, &items);
    wxs_json_append(&writer, NULL, &(wxs_json_writer){0});
    wxs_json_null(&writer, NULL);
    wxs_json_close(&writer, ']');
    wxs_json_close(&writer, '}');
    assert_written("{\"text\":\"x\",\"none\":null,\"yes\":true,\"no\":false,"
                   "\"least\":-9223372036854775808,"
                   "\"at\":\"2026-03-28 17:12:02.059593+00\",\"never\":null,"
                   "\"raw\":[1],\"object\":{},\"array\":[\"a\",\"bc\",null]}");
    wxs_json_free(&items);
}
END_TEST

/* What ends in a bracket but is a string is no beginning. */
START_TEST(puts_commas_between_values_only)
{
    wxs_json_open(&writer, NULL, '[');
    wxs_json_string(&writer, NULL, "{");
    wxs_json_string(&writer, NULL, "[");
    wxs_json_open(&writer, NULL, '[');
    wxs_json_integer(&writer, NULL, 1);
    wxs_json_close(&writer, ']');
    wxs_json_integer(&writer, NULL, 2);
    wxs_json_close(&writer, ']');
    assert_written("[\"{\",\"[\",[1],2]");
}
END_TEST

/* Random bytes, most of them such as need care. */
static size_t
random_text(char text[TEXT_MAX + 1])
{
    static const char *const pieces[] = {"\"",
                                         "\\",
                                         "\n",
                                         "\x7f",
                                         "\x01",
                                         "\x1f",
                                         "\b",
                                         "\v",
                                         "\t",
                                         "/",
                                         "plain text 1234",
                                         "\xc3\xa4",
                                         "\xe2\x80\xa8",
                                         "\xf0\x9f\x98\x80",
                                         "\xed\x9f\xbf",
                                         "<a href=\"https://x\">"};
    size_t len = 0;

    for (;;) {
        const char *piece =
            pieces[(size_t)rand() % (sizeof(pieces) / sizeof(pieces[0]))];
        size_t size = strlen(piece);

        if (len + size > TEXT_MAX || rand() % 12 == 0)
            break;
        memcpy(text + len, piece, size);
        len += size;
    }
    text[len] = '\0';
    return len;
}

START_TEST(writes_strings_as_the_library_does)
{
    char text[TEXT_MAX + 1];

    for (int i = 0; i < 5000; i++) {
        size_t len = random_text(text);
        json_t *array = json_pack("[s]", text);
        char *expected = json_dumps(array, JSON_COMPACT);

        writer.out.len = 0;
        wxs_json_open(&writer, NULL, '[');
        wxs_json_stringn(&writer, NULL, text, len);
        wxs_json_close(&writer, ']');
        assert_written(expected);
        free(expected);
        json_decref(array);
    }
}
END_TEST

START_TEST(refuses_what_is_not_utf8)
{
    static const char *const bad[] = {
        "\xff",         "abcdefgh\x80",     "\xc3",     "\xc0\xaf",
        "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "12345678\xc3\xa4\xc3",
    };

    wxs_json_string(&writer, NULL, bad[_i]);
    ck_assert(!wxs_json_done(&writer));
    wxs_json_free(&writer);
    ck_assert(wxs_json_done(&writer));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("json writer");
    TCase *tests = tcase_create("json writer");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, writes_every_kind_of_value);
    tcase_add_test(tests, puts_commas_between_values_only);
    tcase_add_test(tests, writes_strings_as_the_library_does);
    tcase_add_loop_test(tests, refuses_what_is_not_utf8, 0, 8);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
