#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "path.h"

static wxs_response response;

static void
teardown(void)
{
    wxs_response_clear(&response);
}

static json_t *
read_body(const char *body, size_t len)
{
    wxs_request request = {.body = body, .body_len = len};

    return wxs_body_object(&request, &response);
}

static void
assert_error(int status, const char *name)
{
    json_t *json = response.json;

    ck_assert_int_eq(response.status, status);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "statusCode")),
                     status);
    ck_assert_str_eq(json_string_value(json_object_get(json, "name")), name);
}

START_TEST(errors_have_exactly_three_keys)
{
    char *text;

    wxs_answer_error(&response, 404, "not_found", "%s not found", "Domain");
    text = json_dumps(response.json, JSON_COMPACT);
    ck_assert_str_eq(text, "{\"statusCode\":404,\"message\":\"Domain not "
                           "found\",\"name\":\"not_found\"}");
    free(text);
}
END_TEST

START_TEST(errors_may_quote_anything)
{
    wxs_answer_error(&response, 422, "validation_error", "bad: %s",
                     "\xff\xc3\xa4\xc3");
    ck_assert_str_eq(
        json_string_value(json_object_get(response.json, "message")),
        "bad: ?\xc3\xa4?");
}
END_TEST

START_TEST(an_answer_replaces_the_one_before)
{
    wxs_answer(&response, 200, json_object());
    wxs_answer(&response, 201, json_array());
    ck_assert_int_eq(response.status, 201);
    ck_assert(json_is_array(response.json));
    wxs_answer(&response, 200, NULL);
    assert_error(500, "internal_server_error");
}
END_TEST

START_TEST(query_parameters)
{
    wxs_request request = {
        .query = "a=1&&ab=2&a=3&flag&empty=&e=%41+%2B&bad=%4&nul=%00"};
    char value[8];

    ck_assert(wxs_query_get(&request, "a", value, sizeof(value)));
    ck_assert_str_eq(value, "1");
    ck_assert(wxs_query_get(&request, "ab", value, sizeof(value)));
    ck_assert_str_eq(value, "2");
    ck_assert(wxs_query_get(&request, "flag", value, sizeof(value)));
    ck_assert_str_eq(value, "");
    ck_assert(wxs_query_get(&request, "empty", value, sizeof(value)));
    ck_assert_str_eq(value, "");
    ck_assert(wxs_query_get(&request, "e", value, sizeof(value)));
    ck_assert_str_eq(value, "A +");
    ck_assert(wxs_query_get(&request, "e", value, 4));
    ck_assert(!wxs_query_get(&request, "e", value, 3));
    ck_assert(!wxs_query_get(&request, "bad", value, sizeof(value)));
    ck_assert(!wxs_query_get(&request, "nul", value, sizeof(value)));
    ck_assert(!wxs_query_get(&request, "b", value, sizeof(value)));
    ck_assert(wxs_query_has(&request, "bad"));
    ck_assert(wxs_query_has(&request, "flag"));
    ck_assert(!wxs_query_has(&request, "fla"));
    ck_assert(!wxs_query_has(&request, "A"));
}
END_TEST

START_TEST(bodies_that_are_objects)
{
    json_t *body = read_body("", 0);

    ck_assert_uint_eq(json_object_size(body), 0);
    json_decref(body);
    /* what is behind body_len does not count */
    body = read_body("{\"a\":{\"b\":[1]}}garbage", 15);
    ck_assert_uint_eq(json_object_size(body), 1);
    json_decref(body);
    ck_assert_int_eq(response.status, 0);
}
END_TEST

static const struct {
    const char *body;
    size_t len; /* 0: up to the NUL */
    int status;
} bad_bodies[] = {
    {"{", 0, 400},
    {"{\"a\":1}x", 0, 400},
    {"{a:1}", 0, 400},
    {"{\"a\":1,\"a\":2}", 0, 400},
    {" ", 0, 400},
    {"[]", 0, 422},
    {"null", 0, 422},
    {"\"text\"", 0, 422},
    {"{\"a\":\"\\u0000\"}", 0, 422},
    {"{\"\\u0000\":1}", 0, 422},
    {"{\"a\":\"\xff\"}", 0, 422},
    {"{\"a\":\"\xed\xa0\x80\"}", 0, 422},
    {"{\"a\":1}\0", 8, 422},
};

START_TEST(bodies_that_are_refused)
{
    const char *body = bad_bodies[_i].body;
    size_t len = bad_bodies[_i].len;

    ck_assert_ptr_null(read_body(body, len == 0 ? strlen(body) : len));
    assert_error(bad_bodies[_i].status, "validation_error");
}
END_TEST

/* {"a": and n - 1 arrays */
static size_t
nested(char *text, size_t n)
{
    size_t used = 5;

    memcpy(text, "{\"a\":", 5);
    for (size_t i = 1; i < n; i++)
        text[used++] = '[';
    for (size_t i = 1; i < n; i++)
        text[used++] = ']';
    text[used++] = '}';
    return used;
}

START_TEST(nesting_is_bounded)
{
    static char text[300000];
    json_t *body = read_body(text, nested(text, 32));

    ck_assert_ptr_nonnull(body);
    json_decref(body);
    ck_assert_ptr_null(read_body(text, nested(text, 33)));
    assert_error(422, "validation_error");
    ck_assert_ptr_null(read_body(text, nested(text, 100000)));
    assert_error(422, "validation_error");
    /* brackets in strings are text */
    memset(text, '[', 100);
    memcpy(text, "{\"a\\\"\":\"", 8);
    memcpy(text + 90, "\"}", 2);
    body = read_body(text, 92);
    ck_assert_ptr_nonnull(body);
    json_decref(body);
}
END_TEST

START_TEST(fields_of_a_body)
{
    json_t *body =
        read_body("{\"s\":\"abc\",\"b\":true,\"n\":1,\"z\":null}", 35);
    const char *text = "before";
    bool flag = false;

    ck_assert_ptr_nonnull(body);
    ck_assert(wxs_field_string(body, "s", true, 3, &text, &response));
    ck_assert_str_eq(text, "abc");
    ck_assert(wxs_field_string(body, "none", false, 0, &text, &response));
    ck_assert(wxs_field_string(body, "z", false, 0, &text, &response));
    ck_assert_str_eq(text, "abc");
    ck_assert(wxs_field_bool(body, "b", true, &flag, &response));
    ck_assert(flag);
    ck_assert_int_eq(response.status, 0);
    ck_assert(!wxs_field_string(body, "s", true, 2, &text, &response));
    assert_error(422, "validation_error");
    ck_assert(!wxs_field_string(body, "n", false, 0, &text, &response));
    assert_error(422, "validation_error");
    ck_assert(!wxs_field_bool(body, "n", false, &flag, &response));
    assert_error(422, "validation_error");
    ck_assert(!wxs_field_bool(body, "none", true, &flag, &response));
    assert_error(422, "missing_required_field");
    ck_assert(!wxs_field_string(body, "z", true, 0, &text, &response));
    assert_error(422, "missing_required_field");
    ck_assert_str_eq(
        json_string_value(json_object_get(response.json, "message")),
        "Missing `z` field.");
    json_decref(body);
}
END_TEST

START_TEST(paths_of_targets)
{
    static const char *const cases[][2] = {
        {"/domains", "/domains"},
        {"//domains//x/?a=/b//", "/domains/x"},
        {"/", "/"},
        {"///", "/"},
        {"/a%2Fb/", "/a%2Fb"},
        {"http://api.example:80/domains?x", "/domains"},
        {"/a#b", "/a"},
    };
    char path[16];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert(wxs_path_from_target(cases[i][0], path, sizeof(path)));
        ck_assert_str_eq(path, cases[i][1]);
    }
    ck_assert(!wxs_path_from_target("*", path, sizeof(path)));
    ck_assert(!wxs_path_from_target("", path, sizeof(path)));
    ck_assert(!wxs_path_from_target("http://host", path, sizeof(path)));
    ck_assert(!wxs_path_from_target("/123456789012345", path, sizeof(path)));
    ck_assert(wxs_path_from_target("/12345678901234", path, sizeof(path)));
}
END_TEST

START_TEST(paths_match_patterns)
{
    char param[WXS_PARAMS_MAX][256];
    char path[300];

    ck_assert(wxs_path_match("/", "/", param));
    ck_assert(wxs_path_match("/a/{x}/b", "/a/1/b", param));
    ck_assert_str_eq(param[0], "1");
    ck_assert(wxs_path_match("/{x}/{y}", "/a%2fb/%c3%a4+", param));
    ck_assert_str_eq(param[0], "a/b");
    ck_assert_str_eq(param[1], "\xc3\xa4+");
    ck_assert(!wxs_path_match("/a", "/", param));
    ck_assert(!wxs_path_match("/a", "/a/b", param));
    ck_assert(!wxs_path_match("/a/{x}", "/a", param));
    ck_assert(!wxs_path_match("/a/{x}", "/a/1/2", param));
    ck_assert(!wxs_path_match("/a", "/A", param));
    ck_assert(!wxs_path_match("/a", "/ab", param));
    ck_assert(!wxs_path_match("/a", "", param));
    ck_assert(!wxs_path_match("/{x}", "/%00", param));
    ck_assert(!wxs_path_match("/{x}", "/%zz", param));
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[256] = '\0';
    ck_assert(wxs_path_match("/{x}", path, param));
    path[256] = 'a';
    path[257] = '\0';
    ck_assert(!wxs_path_match("/{x}", path, param));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("http");
    TCase *tests = tcase_create("http");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, errors_have_exactly_three_keys);
    tcase_add_test(tests, errors_may_quote_anything);
    tcase_add_test(tests, an_answer_replaces_the_one_before);
    tcase_add_test(tests, query_parameters);
    tcase_add_test(tests, bodies_that_are_objects);
    tcase_add_loop_test(tests, bodies_that_are_refused, 0,
                        (int)(sizeof(bad_bodies) / sizeof(bad_bodies[0])));
    tcase_add_test(tests, nesting_is_bounded);
    tcase_add_test(tests, fields_of_a_body);
    tcase_add_test(tests, paths_of_targets);
    tcase_add_test(tests, paths_match_patterns);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
