#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "long_strings.h"

#define BODY_MAX 8192

static wxs_response response;
static wxs_long_string strings[2];

static void
setup(void)
{
    memset(strings, 0, sizeof(strings));
    strings[0].name = "html";
    strings[1].name = "text";
}

static void
teardown(void)
{
    wxs_long_strings_free(strings, 2);
    wxs_response_clear(&response);
}

static json_t *
read_apart(const char *body)
{
    const wxs_request request = {.body = body, .body_len = strlen(body)};

    return wxs_body_object_apart(&request, strings, 2, &response);
}

/* The pattern with 600 letters in the place of each $. */
static void
fill(char body[BODY_MAX], const char *pattern)
{
    size_t len = 0;

    for (; *pattern != '\0'; pattern++) {
        size_t count = *pattern == '$' ? 600 : 1;

        ck_assert_uint_lt(len + count, BODY_MAX);
        memset(body + len, *pattern == '$' ? 'a' : *pattern, count);
        len += count;
    }
    body[len] = '\0';
}

START_TEST(takes_long_strings_apart)
{
    char body[BODY_MAX];
    json_t *json;

    fill(body, " {\"a\":[{\"html\":\"$\"},1.5e3],\"html\" : \"\\u00e4$\\n\" , "
               "\"text\":\"short\",\"b\":\"$\"} ");
    json = read_apart(body);
    ck_assert_ptr_nonnull(json);
    ck_assert_uint_eq(strings[0].len, 603);
    ck_assert_int_eq(strncmp(strings[0].text,
                             "\xc3\xa4"
                             "aaa",
                             5),
                     0);
    ck_assert_str_eq(strings[0].text + 600, "aa\n");
    ck_assert_ptr_null(strings[1].text);
    ck_assert_uint_eq(json_object_size(json), 4);
    ck_assert_uint_eq(json_string_length(json_object_get(json, "html")), 0);
    ck_assert_uint_eq(json_string_length(json_object_get(json, "b")), 600);
    ck_assert_str_eq(json_string_value(json_object_get(json, "text")), "short");
    json_decref(json);
}
END_TEST

/* What is wrong anywhere is refused in the very words for the whole. */
START_TEST(refuses_as_if_nothing_was_apart)
{
    static const char *const bad[] = {
        "{\"html\":\"$\\ud800\"}",
        "{\"html\":\"$\\u0000\"}",
        "{\"html\":\"$\xff\"}",
        "{\"html\":\"$\n\"}",
        "{\"html\":\"$\\x\"}",
        "{\"html\":\"$",
        "{\"html\":\"$\"",
        "{\"html\":\"$\"}}",
        "{\"html\":\"$\",}",
        "{\"html\":\"$\" \"b\":1}",
        "{\"html\":\"$\",\"html\":\"$\"}",
        "{\"html\":\"$\",\"b\":01}",
        "{\"html\":\"$\",\"b\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "[\"html\",\"$\"]",
        "\"$\"",
    };
    char body[BODY_MAX];
    wxs_request request = {.body = body};
    wxs_response whole = {0};
    char *expected, *got;

    fill(body, bad[_i]);
    request.body_len = strlen(body);
    ck_assert_ptr_null(wxs_body_object(&request, &whole));
    ck_assert_ptr_null(read_apart(body));
    ck_assert_int_eq(response.status, whole.status);
    expected = json_dumps(whole.json, JSON_COMPACT);
    got = json_dumps(response.json, JSON_COMPACT);
    ck_assert_str_eq(got, expected);
    ck_assert_ptr_null(strings[0].text);
    free(expected);
    free(got);
    wxs_response_clear(&whole);
}
END_TEST

/* A name with an escape is another way to write it, and is not apart. */
START_TEST(leaves_what_it_does_not_know)
{
    char body[BODY_MAX];
    json_t *json;

    fill(body, "{\"ht\\u006dl\":\"$\"}");
    json = read_apart(body);
    ck_assert_ptr_null(strings[0].text);
    ck_assert_uint_eq(json_string_length(json_object_get(json, "html")), 600);
    json_decref(json);
    json = read_apart("");
    ck_assert_uint_eq(json_object_size(json), 0);
    json_decref(json);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("long strings");
    TCase *tests = tcase_create("long strings");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, takes_long_strings_apart);
    tcase_add_loop_test(tests, refuses_as_if_nothing_was_apart, 0, 15);
    tcase_add_test(tests, leaves_what_it_does_not_know);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
