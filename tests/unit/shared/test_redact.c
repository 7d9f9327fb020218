#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "redact.h"

static void
assert_body(const char *body, const char *expected)
{
    char *text = wxs_redact_body(body, strlen(body));

    if (expected == NULL)
        ck_assert_ptr_null(text);
    else
        ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(replaces_secrets)
{
    assert_body("{\"name\":\"a\",\"token\":\"re_x\"}",
                "{\"name\":\"a\",\"token\":\"[redacted]\"}");
    assert_body(
        "{\"dkim\":{\"private_key\":\"PEM\",\"selector\":\"s\"}}",
        "{\"dkim\":{\"private_key\":\"[redacted]\",\"selector\":\"s\"}}");
    assert_body("[{\"signing_secret\":\"whsec_\"},{\"key\":5}]",
                "[{\"signing_secret\":\"[redacted]\"},{\"key\":5}]");
}
END_TEST

START_TEST(keeps_nothing_it_cannot_read)
{
    char large[WXS_REDACT_MAX + 3];
    char deep[200];

    memset(large, ' ', sizeof(large));
    memcpy(large, "{}", 2);
    ck_assert_ptr_null(wxs_redact_body(large, sizeof(large)));
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    ck_assert_ptr_null(wxs_redact_body(deep, sizeof(deep)));
    assert_body("", NULL);
    assert_body("{\"token\":\"re_x\"", NULL);
    ck_assert_ptr_null(wxs_redact_json(NULL));
}
END_TEST

START_TEST(leaves_the_answer_alone)
{
    json_t *json = json_pack("{s:s}", "token", "re_x");
    char *text = wxs_redact_json(json);

    ck_assert_str_eq(text, "{\"token\":\"[redacted]\"}");
    ck_assert_str_eq(json_string_value(json_object_get(json, "token")), "re_x");
    free(text);
    json_decref(json);
}
END_TEST

START_TEST(copies_headers_that_can_be_shown)
{
    char copy[8];

    wxs_redact_text("agent/1", copy, sizeof(copy));
    ck_assert_str_eq(copy, "agent/1");
    wxs_redact_text("a\n\xff\xc3\xa9z", copy, sizeof(copy));
    ck_assert_str_eq(copy, "a??\xc3\xa9z");
    /* never half a character */
    wxs_redact_text("123456\xc3\xa9", copy, sizeof(copy));
    ck_assert_str_eq(copy, "123456");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("redact");
    TCase *tests = tcase_create("redact");
    SRunner *runner;
    int failures;

    tcase_add_test(tests, replaces_secrets);
    tcase_add_test(tests, keeps_nothing_it_cannot_read);
    tcase_add_test(tests, leaves_the_answer_alone);
    tcase_add_test(tests, copies_headers_that_can_be_shown);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
