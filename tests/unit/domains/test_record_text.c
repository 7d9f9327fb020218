/* Records as files for tools; zone file lines are read back by another
 * parser. */
#include <check.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "record_text.h"

static json_t *
domain_with(json_t *records)
{
    return json_pack("{s:s, s:o, s:{s:s, s:s, s:s}}", "dns_zone", "example.com",
                     "records", records, "dmarc", "fqdn", "_dmarc.example.com",
                     "type", "TXT", "value", "v=DMARC1; p=none;");
}

static json_t *
record(const char *fqdn, const char *type, const char *value)
{
    return json_pack("{s:s, s:s, s:s, s:i}", "fqdn", fqdn, "type", type,
                     "value", value, "priority", 10);
}

/* The first line as a resource record; the caller frees it. */
static ldns_rr *
read_back(json_t *records)
{
    json_t *domain = domain_with(records);
    size_t len = 0;
    char *text = wxs_record_file(&wxs_format_bind, domain, &len);
    ldns_rr *rr = NULL;

    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(strlen(text), len);
    *strchr(text, '\n') = '\0';
    ck_assert_int_eq(ldns_rr_new_frm_str(&rr, text, 0, NULL, NULL),
                     LDNS_STATUS_OK);
    free(text);
    json_decref(domain);
    return rr;
}

START_TEST(a_long_text_becomes_strings_of_255_bytes)
{
    char value[600];
    ldns_rr *rr;
    size_t sum = 0;

    memset(value, 'k', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    rr = read_back(json_pack("[o]", record("a.example.com", "TXT", value)));
    ck_assert_uint_eq(ldns_rr_rd_count(rr), 3);
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
        sum += ldns_rdf_size(ldns_rr_rdf(rr, i)) - 1;
    ck_assert_uint_eq(sum, sizeof(value) - 1);
    ldns_rr_free(rr);
}
END_TEST

START_TEST(quotes_and_backslashes_are_escaped)
{
    ldns_rr *rr = read_back(
        json_pack("[o]", record("a.example.com", "TXT", "a\"b\\c; d")));

    ck_assert_uint_eq(ldns_rr_rd_count(rr), 1);
    ck_assert_mem_eq(ldns_rdf_data(ldns_rr_rdf(rr, 0)), "\010a\"b\\c; d", 9);
    ldns_rr_free(rr);
}
END_TEST

START_TEST(names_are_absolute)
{
    ldns_rr *rr = read_back(json_pack(
        "[o]", record("send.example.com", "MX", "bounce.example.net")));
    char *text = ldns_rr2str(rr);

    ck_assert_str_eq(
        text, "send.example.com.\t300\tIN\tMX\t10 bounce.example.net.\n");
    free(text);
    ldns_rr_free(rr);
}
END_TEST

START_TEST(dmarc_is_a_comment)
{
    json_t *domain = domain_with(json_array());
    size_t len;
    char *text = wxs_record_file(&wxs_format_bind, domain, &len);

    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_nonnull(strstr(text, "\n; _dmarc.example.com. 300 IN TXT "
                                       "\"v=DMARC1; p=none;\"\n"));
    free(text);
    json_decref(domain);
}
END_TEST

START_TEST(a_record_without_a_value_is_refused)
{
    json_t *domain = domain_with(json_pack("[{s:s}]", "fqdn", "a.example.com"));
    size_t len;

    ck_assert_ptr_null(wxs_record_file(&wxs_format_bind, domain, &len));
    json_decref(domain);
}
END_TEST

/* The whole file of a TXT, an MX and a CNAME record in the format. */
static char *
file_in(const char *format)
{
    json_t *domain = domain_with(
        json_pack("[o, o, o]", record("k10.example.com", "TXT", "a;\"b'${c}"),
                  record("send.example.com", "MX", "bounce.example.net"),
                  record("example.com", "CNAME", "links.example.net")));
    const wxs_record_format *found = wxs_record_format_find(format);
    size_t len;
    char *text;

    ck_assert_ptr_nonnull(found);
    text = wxs_record_file(found, domain, &len);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(strlen(text), len);
    json_decref(domain);
    return text;
}

static void
has(const char *format, const char *part)
{
    char *text = file_in(format);

    ck_assert_msg(strstr(text, part) != NULL, "no %s in\n%s", part, text);
    free(text);
}

START_TEST(every_format_quotes_its_own_way)
{
    has("bind", "k10.example.com. 300 IN TXT \"a;\\\"b'${c}\"\n");
    has("nsupdate", "zone example.com.\nupdate add k10.example.com. 300 IN TXT "
                    "\"a;\\\"b'${c}\"\n");
    has("nsupdate", "\nsend\n");
    has("route53", "\"Value\": \"\\\"a;\\\\\\\"b'${c}\\\"\"");
    has("route53", "\"Value\": \"10 bounce.example.net.\"");
    has("terraform", "\"aws_route53_record\" \"waxseal_k10_txt\" {");
    has("terraform", "records = [\"a;\\\\\\\"b'$${c}\"]");
    has("terraform", "records = [\"10 bounce.example.net.\"]");
    has("octodns", "'k10':\n  - ttl: 300\n    type: TXT\n"
                   "    value: 'a\\;\"b''${c}'\n");
    has("octodns", "'':\n  - ttl: 300\n    type: CNAME\n");
    has("dnscontrol", "TXT(\"k10\", \"a;\\\"b'${c}\", TTL(300))");
    has("dnscontrol", "MX(\"send\", 10, \"bounce.example.net.\", TTL(300))");
    has("dnscontrol", "CNAME(\"@\", \"links.example.net.\", TTL(300))");
    ck_assert_ptr_null(wxs_record_format_find("xml"));
}
END_TEST

/* A CAA record, and what stands there already; NULL: that is not known. */
static char *
caa_in(const char *format, const char *value, json_t *found)
{
    json_t *domain = domain_with(
        json_pack("[{s:s, s:s, s:s, s:{s:o*}}]", "fqdn", "example.com", "type",
                  "CAA", "value", value, "status_detail", "found", found));
    size_t len;
    char *text = wxs_record_file(wxs_record_format_find(format), domain, &len);

    json_decref(domain);
    return text;
}

static void
has_caa(const char *format, json_t *found, const char *part)
{
    char *text = caa_in(format, "0 issue \"ca.example\"", found);

    ck_assert_msg(text != NULL && strstr(text, part) != NULL, "no %s in\n%s",
                  part, text);
    free(text);
}

static json_t *
two_others(void)
{
    return json_pack("[s, s]", "0 issue \"other.example; x='y'\"",
                     "128 issuewild \";\"");
}

START_TEST(caa_records_stand_beside_others)
{
    has_caa("bind", NULL, "example.com. 300 IN CAA 0 issue \"ca.example\"\n");
    has_caa("nsupdate", NULL,
            "update add example.com. 300 IN CAA 0 issue \"ca.example\"\n");
    has_caa("dnscontrol", two_others(),
            "CAA(\"@\", \"issue\", \"ca.example\", TTL(300))");
    has_caa(
        "route53", two_others(),
        "[{\"Value\": \"0 issue \\\"ca.example\\\"\"}, {\"Value\": \"0 issue "
        "\\\"other.example; x='y'\\\"\"}, {\"Value\": \"128 issuewild "
        "\\\";\\\"\"}]");
    has_caa("terraform", two_others(),
            "records = [\"0 issue \\\"ca.example\\\"\", \"0 issue "
            "\\\"other.example; x='y'\\\"\", \"128 issuewild \\\";\\\"\"]");
    has_caa("octodns", two_others(),
            "    type: CAA\n    values:\n      - flags: 0\n        tag: "
            "'issue'\n        value: 'ca.example'\n      - flags: 0\n"
            "        tag: 'issue'\n        value: 'other.example; x=''y'''\n"
            "      - flags: 128\n");
}
END_TEST

/* Who writes all records at once would delete those that he does not know. */
START_TEST(caa_records_never_replace_unknown_ones)
{
    static const char *const formats[] = {"route53", "terraform", "octodns"};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        char *text = caa_in(formats[i], "0 issue \"ca.example\"", NULL);

        ck_assert_ptr_nonnull(text);
        ck_assert_ptr_null(strstr(text, "\"CAA\""));
        ck_assert_ptr_null(strstr(text, "type: CAA"));
        free(text);
        text = caa_in(formats[i], "0 issue \"ca.example\"",
                      json_pack("[s]", "0 issue other.example"));
        ck_assert_ptr_null(strstr(text, "\"CAA\""));
        free(text);
    }
    has_caa("terraform", NULL,
            "\n# To be added beside the records that are there: CAA at "
            "example.com: 0 issue \"ca.example\"\n");
    has_caa("octodns", NULL, "\n# To be added beside");
    ck_assert_ptr_null(caa_in("bind", "0 issue ca.example", NULL));
    ck_assert_ptr_null(caa_in("bind", "256 issue \"ca.example\"", NULL));
    ck_assert_ptr_null(caa_in("bind", "0 issue \"ca.example\" x", NULL));
}
END_TEST

START_TEST(long_texts_are_split_for_terraform)
{
    char value[300], expected[320];
    json_t *domain;
    size_t len;
    char *text;

    memset(value, 'k', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    snprintf(expected, sizeof(expected), "[\"%.255s\\\"\\\"%s\"]", value,
             value + 255);
    domain =
        domain_with(json_pack("[o]", record("a.example.com", "TXT", value)));
    text = wxs_record_file(&wxs_format_terraform, domain, &len);
    ck_assert_msg(strstr(text, expected) != NULL, "%s", text);
    free(text);
    json_decref(domain);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("record_text");
    TCase *tcase = tcase_create("record_text");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, a_long_text_becomes_strings_of_255_bytes);
    tcase_add_test(tcase, quotes_and_backslashes_are_escaped);
    tcase_add_test(tcase, names_are_absolute);
    tcase_add_test(tcase, dmarc_is_a_comment);
    tcase_add_test(tcase, a_record_without_a_value_is_refused);
    tcase_add_test(tcase, every_format_quotes_its_own_way);
    tcase_add_test(tcase, caa_records_stand_beside_others);
    tcase_add_test(tcase, caa_records_never_replace_unknown_ones);
    tcase_add_test(tcase, long_texts_are_split_for_terraform);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
