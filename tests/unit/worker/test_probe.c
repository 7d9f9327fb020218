#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/probe_judge.h"

/* What a look at a tracking host is judged to be. */

static wxs_probe probe;

/* A CDN that does everything right. */
static void
setup(void)
{
    static const wxs_fetch_result right = {
        .end = WXS_FETCH_ANSWERED,
        .status = 200,
        .region = "eu-west-1",
        .protocol = "https",
        .cache_control = "no-store",
    };

    memset(&probe, 0, sizeof probe);
    probe.host = "links.a.example";
    probe.region = "eu-west-1";
    probe.target = "links.eu-west-1.waxseal.example";
    probe.https[0] = probe.https[1] = probe.http = right;
    probe.link = (wxs_fetch_result){.end = WXS_FETCH_ANSWERED, .status = 200};
    probe.is_served = true;
    probe.origin = WXS_PROBE_OURS;
}

/* The codes with blanks between them. */
static void
expect(const char *codes)
{
    json_t *list = wxs_probe_judge(&probe);
    char found[300] = "";
    const json_t *finding;
    size_t i;

    ck_assert_ptr_nonnull(list);
    json_array_foreach(list, i, finding)
    {
        const char *code = json_string_value(json_object_get(finding, "code"));
        const char *text =
            json_string_value(json_object_get(finding, "message"));

        ck_assert_ptr_nonnull(code);
        ck_assert_ptr_nonnull(strstr(text, probe.host));
        ck_assert_uint_lt(strlen(found) + strlen(code) + 2, sizeof found);
        if (i > 0)
            (void)strcat(found, " ");
        (void)strcat(found, code);
    }
    ck_assert_str_eq(found, codes);
    json_decref(list);
}

static void
broken(wxs_fetch_end end, const char *error)
{
    probe.https[0] = (wxs_fetch_result){.end = end};
    (void)snprintf(probe.https[0].error, sizeof probe.https[0].error, "%s",
                   error);
}

START_TEST(what_is_right_has_no_findings)
{
    expect("");
    probe.origin = WXS_PROBE_NOT_ASKED;
    expect("");
}
END_TEST

START_TEST(silence_is_told_apart)
{
    broken(WXS_FETCH_NO_ADDRESS, "");
    expect("no_address");
    broken(WXS_FETCH_UNRESOLVED, "");
    expect("dns_unknown");
    broken(WXS_FETCH_NOT_PUBLIC, "");
    expect("not_public");
    broken(WXS_FETCH_UNREACHABLE, "refused");
    expect("http_only");
    broken(WXS_FETCH_TLS, "handshake failure");
    expect("http_only");
    probe.http.end = WXS_FETCH_UNREACHABLE;
    expect("unreachable");
}
END_TEST

START_TEST(certificates_are_told_apart)
{
    broken(WXS_FETCH_CERTIFICATE,
           "SSL: no alternative certificate subject name matches target host "
           "name 'links.a.example'");
    expect("certificate_name");
    broken(WXS_FETCH_CERTIFICATE,
           "SSL certificate problem: certificate has expired");
    expect("certificate_expired");
    broken(WXS_FETCH_CERTIFICATE,
           "SSL certificate problem: self-signed certificate");
    expect("certificate_untrusted");
    broken(WXS_FETCH_CERTIFICATE,
           "SSL certificate problem: unable to get local issuer certificate");
    expect("certificate_untrusted");
    broken(WXS_FETCH_CERTIFICATE, "SSL certificate problem: whatever");
    expect("certificate_invalid");
}
END_TEST

START_TEST(another_answer_is_told_apart)
{
    probe.https[0].region[0] = '\0';
    probe.https[0].status = 404;
    expect("host_not_forwarded");
    probe.is_served = false;
    expect("not_verified");
    probe.https[0].status = 502;
    expect("origin_unreachable");
    probe.https[0].status = 200;
    expect("other_server");
    probe.https[0].status = 301;
    (void)strcpy(probe.https[0].location,
                 "https://links.a.example/favicon.ico");
    expect("redirect_loop");
    (void)strcpy(probe.https[0].location, "/favicon.ico");
    expect("redirect_loop");
    (void)strcpy(probe.https[0].location, "https://www.a.example/");
    expect("redirected");
    (void)strcpy(probe.https[0].location, "https://links.a.example.evil/");
    expect("redirected");
}
END_TEST

START_TEST(what_a_cdn_does_to_answers_is_found)
{
    (void)strcpy(probe.https[1].age, "17");
    expect("cached");
    setup();
    (void)strcpy(probe.https[1].cache_state, "Hit from cloudfront");
    expect("cached");
    setup();
    (void)strcpy(probe.https[0].cache_control, "max-age=3600");
    expect("cached");
    setup();
    (void)strcpy(probe.https[0].protocol, "http");
    expect("protocol_not_forwarded");
    setup();
    (void)strcpy(probe.https[0].region, "us-east-1");
    expect("other_region");
    setup();
    probe.origin = WXS_PROBE_FOREIGN;
    expect("other_installation");
    setup();
    probe.link.status = 404; /* of the region's own name */
    probe.origin = WXS_PROBE_FOREIGN;
    expect("host_not_forwarded");
    setup();
    probe.link = (wxs_fetch_result){.end = WXS_FETCH_ANSWERED, .status = 308};
    (void)strcpy(probe.link.location, "https://links.a.example/o/x");
    expect("redirect_loop");
    setup();
    probe.http.end = WXS_FETCH_UNREACHABLE;
    expect("note_no_http");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("probe");
    TCase *cases = tcase_create("probe");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, what_is_right_has_no_findings);
    tcase_add_test(cases, silence_is_told_apart);
    tcase_add_test(cases, certificates_are_told_apart);
    tcase_add_test(cases, another_answer_is_told_apart);
    tcase_add_test(cases, what_a_cdn_does_to_answers_is_found);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
