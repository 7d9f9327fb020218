#include <check.h>

#include "recipient.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

static const struct {
    const char *text;
    const char *address; /* NULL: none */
} addresses[] = {
    {"A.b@Example.ORG", "a.b@example.org"},
    {"a", NULL},
    {"@b.example", NULL},
    {"a@", NULL},
    {"a b@c.example", NULL},
    {"a@b.example\n", NULL},
};

START_TEST(reads_addresses)
{
    char address[WXS_RECIPIENT_MAX + 1];

    ck_assert_int_eq(wxs_recipient_read(addresses[_i].text, address),
                     addresses[_i].address != NULL);
    if (addresses[_i].address != NULL)
        ck_assert_str_eq(address, addresses[_i].address);
}
END_TEST

static const struct {
    const char *recipients;
    bool has;
} lists[] = {
    {"[\"a@b.example\"]", true},
    {"[\"x@y.example\", \"Ann <A@B.example>\"]", true},
    {"[\"x@y.example, a@b.example; z@y.example\"]", true},
    {"[\"a@b.example.org\"]", false},
    {"[\"aa@b.example\"]", false},
    {"[\"+a@b.example\"]", false},
    {"[\"\xc3\xa9"
     "a@b.example\"]",
     false},
    {"[\"a@b.example-\", \"'a@b.example'\"]", false},
    {"[\"aa@b.example a@b.example\"]", true},
    {"[\"\", 5, null]", false},
    {"[]", false},
};

START_TEST(finds_an_address)
{
    json_t *list = json_loads(lists[_i].recipients, 0, NULL);

    ck_assert_ptr_nonnull(list);
    ck_assert_msg(wxs_recipient_among(list, "a@b.example") == lists[_i].has,
                  "%s", lists[_i].recipients);
    json_decref(list);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("recipient");
    TCase *tcase = tcase_create("recipient");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(tcase, reads_addresses, 0, COUNT(addresses));
    tcase_add_loop_test(tcase, finds_an_address, 0, COUNT(lists));
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
