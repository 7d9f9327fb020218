#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "record_set.h"

static const wxs_region region = {
    .name = "eu-west-1",
    .spf_include = "_spf.sender.example",
    .bounce_mx = "bounce.sender.example",
    .tracking_target = "links.sender.example",
};

static wxs_record_needs
needs(void)
{
    return (wxs_record_needs){
        .name = "mail.example.com",
        .return_path = "send",
        .tracking = "links",
        .key = {.selector = "wx3fa91", .public_key = "MIIB"},
        .region = &region,
    };
}

static void
check_record(const wxs_record *record, const char *kind, const char *type,
             const char *fqdn, const char *value, int priority)
{
    ck_assert_str_eq(record->kind, kind);
    ck_assert_str_eq(record->type, type);
    ck_assert_str_eq(record->fqdn, fqdn);
    ck_assert_str_eq(record->value, value);
    ck_assert_int_eq(record->priority, priority);
}

START_TEST(makes_all_records_in_order)
{
    wxs_record records[WXS_RECORDS_MAX];
    wxs_record_needs n = needs();

    ck_assert_uint_eq(wxs_record_set(&n, records), 5);
    check_record(&records[0], "dkim", "TXT",
                 "wx3fa91._domainkey.mail.example.com", "p=MIIB", 0);
    check_record(&records[1], "mx", "MX", "send.mail.example.com",
                 "bounce.sender.example", 10);
    check_record(&records[2], "spf", "TXT", "send.mail.example.com",
                 "v=spf1 include:_spf.sender.example ~all", 0);
    check_record(&records[3], "tracking", "CNAME", "links.mail.example.com",
                 "links.sender.example", 0);
    check_record(&records[4], "dmarc", "TXT", "_dmarc.mail.example.com",
                 "v=DMARC1; p=none;", 0);
}
END_TEST

START_TEST(leaves_tracking_out)
{
    wxs_record records[WXS_RECORDS_MAX];
    wxs_record_needs n = needs();

    n.tracking = "";
    ck_assert_uint_eq(wxs_record_set(&n, records), 4);
    ck_assert_str_eq(records[3].kind, "dmarc");
}
END_TEST

START_TEST(refuses_what_does_not_fit)
{
    wxs_record records[WXS_RECORDS_MAX];
    wxs_record_needs n = needs();
    char name[WXS_NAME_MAX];
    char key[WXS_RECORD_VALUE];

    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    n.name = name;
    ck_assert_uint_eq(wxs_record_set(&n, records), 0);

    n = needs();
    memset(key, 'A', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    n.key.public_key = key;
    ck_assert_uint_eq(wxs_record_set(&n, records), 0);
    key[sizeof(key) - 3] = '\0'; /* "p=" and this fill the value */
    ck_assert_uint_eq(wxs_record_set(&n, records), 5);
}
END_TEST

START_TEST(names_are_relative_to_the_zone)
{
    ck_assert_uint_eq(
        wxs_record_relative("send.mail.example.com", "example.com"),
        strlen("send.mail"));
    ck_assert_uint_eq(wxs_record_relative("send.example.com", "example.com"),
                      strlen("send"));
    ck_assert_uint_eq(wxs_record_relative("example.com", "example.com"),
                      strlen("example.com"));
    ck_assert_uint_eq(wxs_record_relative("notexample.com", "example.com"),
                      strlen("notexample.com"));
}
END_TEST

START_TEST(labels_are_the_words_of_the_api)
{
    ck_assert_str_eq(wxs_record_label("dkim"), "DKIM");
    ck_assert_str_eq(wxs_record_label("mx"), "SPF");
    ck_assert_str_eq(wxs_record_label("spf"), "SPF");
    ck_assert_str_eq(wxs_record_label("tracking"), "Tracking");
    ck_assert_str_eq(wxs_record_label("dmarc"), "DMARC");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("record_set");
    TCase *tcase = tcase_create("record_set");
    SRunner *runner;
    int failures;

    tcase_add_test(tcase, makes_all_records_in_order);
    tcase_add_test(tcase, leaves_tracking_out);
    tcase_add_test(tcase, refuses_what_does_not_fit);
    tcase_add_test(tcase, names_are_relative_to_the_zone);
    tcase_add_test(tcase, labels_are_the_words_of_the_api);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
