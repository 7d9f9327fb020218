#include <check.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "verify/match.h"
#include "zone_answer.h"

#define SELECTOR "wx1._domainkey.customer.example"
#define SEND     "send.customer.example"
#define LINKS    "links.customer.example"
#define SPF      "v=spf1 include:_spf.waxseal.example ~all"

static char key_text[1200]; /* base64 of a public key */
static char dkim[1300];     /* the value to publish */

static const wxs_expected spf = {
    .kind = WXS_RECORD_SPF, .fqdn = SEND, .value = SPF};
static const wxs_expected mx = {.kind = WXS_RECORD_MX,
                                .fqdn = SEND,
                                .value = "bounce.us.waxseal.example",
                                .priority = 10};
static const wxs_expected dmarc = {.kind = WXS_RECORD_DMARC,
                                   .fqdn = "_dmarc.customer.example",
                                   .value = "v=DMARC1; p=none;"};
static const wxs_expected tracking = {.kind = WXS_RECORD_TRACKING,
                                      .fqdn = LINKS,
                                      .value = "links.waxseal.example"};
static const wxs_expected key = {
    .kind = WXS_RECORD_DKIM, .fqdn = SELECTOR, .value = dkim};

/* base64 of a fresh key of so many bits, private or public */
static void
make_key(unsigned bits, bool private, char *text)
{
    EVP_PKEY *pair = EVP_RSA_gen(bits);
    unsigned char *der = NULL;
    int length = private ? i2d_PrivateKey(pair, &der) : i2d_PUBKEY(pair, &der);

    ck_assert_int_gt(length, 0);
    EVP_EncodeBlock((unsigned char *)text, der, length);
    OPENSSL_free(der);
    EVP_PKEY_free(pair);
}

static ldns_rr_type
type_of(const wxs_expected *expected)
{
    return expected->kind == WXS_RECORD_MX         ? LDNS_RR_TYPE_MX
           : expected->kind == WXS_RECORD_TRACKING ? LDNS_RR_TYPE_CNAME
                                                   : LDNS_RR_TYPE_TXT;
}

/* The verdict on one nameserver with that zone. */
static wxs_verdict
match_zone(const wxs_expected *expected, const char *zone,
           const wxs_beyond *beyond)
{
    static wxs_verdict verdict;
    wxs_dns_answer *answer =
        zone_answer(expected->fqdn, type_of(expected), zone, true);
    wxs_observation seen = {"ns1.customer.example", "192.0.2.1", answer};

    wxs_match(expected, &seen, 1, beyond, &verdict);
    wxs_dns_answer_free(answer);
    return verdict;
}

/* A TXT record in zone form, in strings of at most 255 bytes. */
static const char *
txt(const char *name, const char *value)
{
    static char line[4][9000];
    static int turn;
    char *to = line[turn = (turn + 1) % 4];
    int used = sprintf(to, "%s. 60 IN TXT", name);

    for (size_t length = strlen(value); length > 0;) {
        size_t n = length > 255 ? 255 : length;

        used += sprintf(to + used, " \"");
        for (size_t i = 0; i < n; i++) {
            used += sprintf(to + used, "\\%03u", (unsigned char)value[i]);
        }
        used += sprintf(to + used, "\"");
        value += n;
        length -= n;
    }
    return to;
}

static void
expect(const wxs_verdict *verdict, wxs_class class, const char *code)
{
    ck_assert_msg(verdict->class == class && strcmp(verdict->code, code) == 0,
                  "%s/%s instead of %s/%s: %s", wxs_class_name(verdict->class),
                  verdict->code, wxs_class_name(class), code, verdict->message);
    ck_assert_int_ne(verdict->message[0], '\0');
    if (wxs_class_miss(class)) {
        ck_assert_int_ne(verdict->fix[0], '\0');
    }
}

static void
expect_value(const wxs_expected *expected, const char *value, wxs_class class,
             const char *code)
{
    wxs_verdict verdict =
        match_zone(expected, txt(expected->fqdn, value), NULL);

    expect(&verdict, class, code);
}

static void
expect_two(const wxs_expected *expected, const char *a, const char *b,
           wxs_class class, const char *code)
{
    char zone[18000];

    (void)snprintf(zone, sizeof zone, "%s\n%s", txt(expected->fqdn, a),
                   txt(expected->fqdn, b));
    wxs_verdict verdict = match_zone(expected, zone, NULL);

    expect(&verdict, class, code);
}

/* format has one %s for the key */
static void
expect_key(const char *format, const char *text, wxs_class class,
           const char *code)
{
    char value[3000];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(value, sizeof value, format, text);
#pragma GCC diagnostic pop
    expect_value(&key, value, class, code);
}

static void
make_keys(void)
{
    make_key(2048, false, key_text);
    (void)snprintf(dkim, sizeof dkim, "v=DKIM1; k=rsa; p=%s", key_text);
}

START_TEST(dkim_that_works)
{
    char spaced[1300] = "";

    expect_value(&key, dkim, WXS_EXACT, "ok");
    expect_key("p=%s", key_text, WXS_SATISFIED, "ok");
    expect_key("v=DKIM1;k=rsa;p=%s;", key_text, WXS_SATISFIED, "ok");
    expect_key("v=DKIM1; s=email; h=sha1:sha256; n=note; p=%s; x=y", key_text,
               WXS_SATISFIED, "ok");
    (void)snprintf(spaced, sizeof spaced, "%.100s \t\r\n %s", key_text,
                   key_text + 100);
    expect_key("v=DKIM1; k=rsa; p=%s", spaced, WXS_SATISFIED, "ok");
    expect_key("v=DKIM1; t=y; p=%s", key_text, WXS_SATISFIED, "dkim_testing");
}
END_TEST

START_TEST(dkim_that_does_not)
{
    char other[2400], cut[300], lower[1300];

    (void)snprintf(cut, sizeof cut, "%.255s", dkim);
    expect_value(&key, cut, WXS_WRONG, "dkim_truncated");
    expect_value(&key, "v=DKIM1; k=rsa; p=", WXS_WRONG, "dkim_revoked");
    expect_value(&key, "v=DKIM1", WXS_WRONG, "txt_cut_at_semicolon");
    expect_value(&key, "v=DKIM1; k=rsa", WXS_WRONG, "dkim_syntax");
    expect_value(&key, "nothing of the kind", WXS_WRONG, "dkim_syntax");
    make_key(2048, false, other);
    expect_key("v=DKIM1; k=rsa; p=%s", other, WXS_WRONG, "dkim_other_key");
    make_key(1024, false, other);
    expect_key("v=DKIM1; k=rsa; p=%s", other, WXS_WRONG, "dkim_short_key");
    make_key(2048, true, other);
    expect_key("v=DKIM1; k=rsa; p=%s", other, WXS_WRONG, "dkim_private_key");
    for (size_t i = 0; i <= strlen(key_text); i++) {
        lower[i] = key_text[i] >= 'A' && key_text[i] <= 'Z'
                       ? (char)(key_text[i] + 32)
                       : key_text[i];
    }
    expect_key("v=DKIM1; k=rsa; p=%s", lower, WXS_WRONG, "dkim_case_changed");
    expect_key("v=DKIM1; p=-----BEGIN PUBLIC KEY-----%s", key_text, WXS_WRONG,
               "dkim_pem");
    expect_key("v=DKIM1; k=rsa; p=%s$", key_text, WXS_WRONG, "dkim_bad_base64");
    expect_key("v=DKIM1; h=sha1; p=%s", key_text, WXS_WRONG, "dkim_sha1");
    expect_key("v=DKIM1; k=ed25519; p=%s", key_text, WXS_WRONG,
               "dkim_key_type");
    expect_key("v=DKIM1; s=tlsrpt; p=%s", key_text, WXS_WRONG, "dkim_service");
    expect_key("k=rsa; v=DKIM1; p=%s", key_text, WXS_WRONG, "dkim_syntax");
    expect_key("p=%1$s; p=%1$s", key_text, WXS_WRONG, "dkim_syntax");
}
END_TEST

START_TEST(dkim_pasted_badly)
{
    expect_key("\"v=DKIM1; k=rsa; p=%s\"", key_text, WXS_WRONG,
               "txt_literal_quotes");
    expect_key("v=DKIM1\\; k=rsa\\; p=%s", key_text, WXS_WRONG,
               "txt_backslashes");
    expect_key("\xef\xbb\xbfv=DKIM1; k=rsa; p=%s", key_text, WXS_WRONG,
               "txt_not_ascii");
    expect_key("wx1._domainkey TXT v=DKIM1; k=rsa; p=%s", key_text, WXS_WRONG,
               "txt_name_in_value");
}
END_TEST

START_TEST(dkim_more_than_one)
{
    char first[300], other[1300];

    (void)snprintf(first, sizeof first, "%.255s", dkim);
    expect_two(&key, first, dkim + 255, WXS_CONFLICT, "dkim_split_records");
    expect_two(&key, dkim + 255, first, WXS_CONFLICT, "dkim_split_records");
    expect_two(&key, dkim, "something else", WXS_CONFLICT, "dkim_extra_record");
    expect_two(&key, "something else", dkim, WXS_CONFLICT, "dkim_extra_record");
    (void)snprintf(other, sizeof other, "%s", dkim);
    other[100] ^= 1;
    expect_two(&key, other, "something else", WXS_WRONG, "dkim_other_key");
}
END_TEST

START_TEST(dkim_delegated)
{
    const char *alias = SELECTOR ". 60 IN CNAME k.hosted.example.";
    wxs_dns_answer *text = zone_answer("k.hosted.example", LDNS_RR_TYPE_TXT,
                                       txt("k.hosted.example", dkim), true);
    wxs_dns_answer *none =
        zone_answer("k.hosted.example", LDNS_RR_TYPE_TXT, "", false);
    wxs_beyond beyond = {.text = text};
    char zone[10000];
    wxs_verdict verdict = match_zone(&key, alias, &beyond);

    expect(&verdict, WXS_SATISFIED, "ok");
    beyond.text = none;
    verdict = match_zone(&key, alias, &beyond);
    expect(&verdict, WXS_WRONG, "dkim_alias_empty");
    verdict = match_zone(&key, alias, NULL);
    expect(&verdict, WXS_TEMP, "alias_unknown");
    (void)snprintf(zone, sizeof zone, "%s\n%s", alias,
                   txt("k.hosted.example", dkim));
    verdict = match_zone(&key, zone, NULL);
    expect(&verdict, WXS_SATISFIED, "ok");
    wxs_dns_answer_free(text);
    wxs_dns_answer_free(none);
}
END_TEST

START_TEST(spf_that_works)
{
    expect_value(&spf, SPF, WXS_EXACT, "ok");
    expect_value(&spf, "V=SPF1 +Include:_SPF.waxseal.example -all",
                 WXS_SATISFIED, "ok");
    expect_value(&spf,
                 "v=spf1  ip4:192.0.2.0/24 ip6:2001:db8::/32 a mx/24 "
                 "include:_spf.waxseal.example exp=e.example ?all",
                 WXS_SATISFIED, "ok");
    expect_value(&spf, "v=spf1 include:_spf.waxseal.example", WXS_SATISFIED,
                 "ok");
    expect_value(&spf, "v=spf1 include:_spf.waxseal.example +all",
                 WXS_SATISFIED, "spf_pass_all");
    expect_two(&spf, SPF, "unrelated=1", WXS_EXACT, "ok");
    expect_two(&spf, SPF, "v=spf10 -all", WXS_EXACT, "ok");
}
END_TEST

START_TEST(spf_that_does_not)
{
    expect_value(&spf, "v=spf1 include:_spf.other.example ~all", WXS_WRONG,
                 "spf_not_included");
    expect_value(&spf, "v=spf1 include:_spf.waxseal.example.evil.example ~all",
                 WXS_WRONG, "spf_not_included");
    expect_value(&spf, "v=spf1 -all include:_spf.waxseal.example", WXS_WRONG,
                 "spf_after_all");
    expect_value(&spf, "v=spf1 -include:_spf.waxseal.example ~all", WXS_WRONG,
                 "spf_qualifier");
    expect_value(&spf, SPF " v=spf1 mx -all", WXS_WRONG, "spf_two_versions");
    expect_value(&spf, "v=spf1 inlude:_spf.waxseal.example ~all", WXS_WRONG,
                 "spf_syntax");
    expect_value(&spf, "v=spf1 include: _spf.waxseal.example ~all", WXS_WRONG,
                 "spf_syntax");
    expect_value(&spf, SPF " ip4:192.0.2.300", WXS_WRONG, "spf_syntax");
    expect_value(&spf, "spf1 include:_spf.waxseal.example ~all", WXS_WRONG,
                 "spf_syntax");
    expect_value(&spf, "v=spf1include:_spf.waxseal.example~all", WXS_WRONG,
                 "txt_spaces_lost");
    expect_value(&spf, "\"" SPF "\"", WXS_WRONG, "txt_literal_quotes");
    expect_value(&spf, "v=spf1 include:_spf.waxseal.example\xc2\xa0~all",
                 WXS_WRONG, "txt_not_ascii");
    expect_value(&spf,
                 SPF " a:1.example a:2.example a:3.example a:4.example "
                     "a:5.example mx:6.example mx:7.example exists:8.example "
                     "ptr include:9.example",
                 WXS_WRONG, "spf_too_many_lookups");
    expect_value(&spf, "unrelated=1", WXS_MISSING, "missing");
    expect_two(&spf, SPF, "v=spf1 mx -all", WXS_CONFLICT, "spf_two_records");
}
END_TEST

START_TEST(spf_merge_is_proposed)
{
    char zone[1000];

    (void)snprintf(zone, sizeof zone, "%s\n%s", txt(SEND, SPF),
                   txt(SEND, "v=spf1 mx -all"));
    wxs_verdict verdict = match_zone(&spf, zone, NULL);

    ck_assert_ptr_nonnull(
        strstr(verdict.fix, "\"v=spf1 include:_spf.waxseal.example mx -all\""));
}
END_TEST

static void
expect_mx(const char *zone, wxs_class class, const char *code)
{
    wxs_verdict verdict = match_zone(&mx, zone, NULL);

    expect(&verdict, class, code);
}

#define MX SEND ". 60 IN MX "

START_TEST(mx_records)
{
    expect_mx(MX "10 Bounce.US.waxseal.example.", WXS_EXACT, "ok");
    expect_mx(MX "0 bounce.us.waxseal.example.", WXS_SATISFIED, "mx_priority");
    expect_mx(MX "10 bounce.us.waxseal.example.\n" MX
                 "20 bounce.us.waxseal.example.",
              WXS_SATISFIED, "mx_priority");
    expect_mx(MX "10 bounce.us.waxseal.example.\n" MX "20 mx.example.",
              WXS_CONFLICT, "mx_extra");
    expect_mx(MX "0 .", WXS_WRONG, "mx_null");
    expect_mx(MX "10 192.0.2.1.", WXS_WRONG, "mx_address");
    expect_mx(MX "10 10\\032bounce.us.waxseal.example.", WXS_WRONG,
              "mx_priority_in_value");
    expect_mx(MX "10 https://x.example.", WXS_WRONG, "mx_url");
    expect_mx(MX "10 bounce.us.waxseal.example.customer.example.", WXS_WRONG,
              "mx_relative");
    expect_mx(MX "10 bounce.eu.waxseal.example.", WXS_WRONG, "mx_other_region");
    expect_mx(MX "10 mail.example.", WXS_WRONG, "mx_other");
    expect_mx(SEND ". 60 IN CNAME elsewhere.example.", WXS_CONFLICT,
              "cname_conflict");
    expect_mx("", WXS_MISSING, "missing");
}
END_TEST

START_TEST(dmarc_records)
{
    expect_value(&dmarc, "v=DMARC1; p=none;", WXS_EXACT, "ok");
    expect_value(&dmarc, "v = DMARC1 ; p=Reject; pct=50", WXS_SATISFIED, "ok");
    expect_value(&dmarc, "v=DMARC1; p=none; aspf=s", WXS_SATISFIED,
                 "dmarc_strict_spf");
    expect_value(&dmarc, "v=DMARC1; rua=mailto:x@example.org", WXS_SATISFIED,
                 "dmarc_no_policy");
    expect_value(&dmarc, "v=DMARC1; p=monitor", WXS_WRONG, "dmarc_invalid");
    expect_value(&dmarc, "v=DMARC1; p none", WXS_WRONG, "dmarc_invalid");
    expect_value(&dmarc, "v=dmarc1; p=none", WXS_MISSING, "missing");
    expect_two(&dmarc, "v=DMARC1; p=none;", "unrelated", WXS_EXACT, "ok");
    expect_two(&dmarc, "v=DMARC1; p=none;", "v=DMARC1; p=reject", WXS_CONFLICT,
               "dmarc_two_records");
}
END_TEST

static void
expect_tracking(const char *target, const wxs_beyond *beyond, wxs_class class,
                const char *code)
{
    char zone[600];

    (void)snprintf(zone, sizeof zone, LINKS ". 60 IN CNAME %s", target);
    wxs_verdict verdict = match_zone(&tracking, zone, beyond);

    expect(&verdict, class, code);
}

START_TEST(tracking_aliases)
{
    wxs_beyond chain = {.hop = {"b.example", "links.waxseal.example"},
                        .hops = 2};
    wxs_beyond elsewhere = {.hop = {"b.example"}, .hops = 1};
    wxs_beyond endless = {.hops = 8, .too_long = true};
    wxs_beyond unknown = {.unknown = true};

    for (int i = 0; i < 8; i++) {
        endless.hop[i] = "c.example";
    }
    expect_tracking("LINKS.waxseal.example.", NULL, WXS_EXACT, "ok");
    expect_tracking("a.example.", &chain, WXS_SATISFIED, "cname_chain");
    expect_tracking("a.example.", &elsewhere, WXS_WRONG, "cname_other");
    expect_tracking("a.example.", &endless, WXS_WRONG, "cname_loop");
    expect_tracking("a.example.", &unknown, WXS_TEMP, "alias_unknown");
    expect_tracking("https://links.waxseal.example.", &elsewhere, WXS_WRONG,
                    "cname_url");
    expect_tracking("links.waxseal.example.customer.example.", &elsewhere,
                    WXS_WRONG, "cname_relative");
}
END_TEST

START_TEST(tracking_addresses)
{
    wxs_dns_answer *none = zone_answer(LINKS, LDNS_RR_TYPE_AAAA, "", true);
    wxs_dns_answer *own = zone_answer(
        LINKS, LDNS_RR_TYPE_A,
        LINKS ". 60 IN A 192.0.2.1\n" LINKS ". 60 IN A 192.0.2.2", true);
    wxs_dns_answer *same =
        zone_answer("links.waxseal.example", LDNS_RR_TYPE_A,
                    "links.waxseal.example. 60 IN A 192.0.2.2", true);
    wxs_dns_answer *other =
        zone_answer("links.waxseal.example", LDNS_RR_TYPE_A,
                    "links.waxseal.example. 60 IN A 192.0.2.3", true);
    wxs_beyond beyond = {.own = {own, none}, .target = {same, none}};
    wxs_verdict verdict = match_zone(&tracking, "", &beyond);

    expect(&verdict, WXS_SATISFIED, "cname_flattened");
    beyond.target[0] = other;
    verdict = match_zone(&tracking, "", &beyond);
    expect(&verdict, WXS_WRONG, "cname_addresses");
    beyond.target[0] = NULL;
    verdict = match_zone(&tracking, "", &beyond);
    expect(&verdict, WXS_TEMP, "alias_unknown");
    beyond.target[0] = same;
    beyond.own[0] = none;
    verdict = match_zone(&tracking, "", &beyond);
    expect(&verdict, WXS_MISSING, "missing");
    wxs_dns_answer_free(none);
    wxs_dns_answer_free(own);
    wxs_dns_answer_free(same);
    wxs_dns_answer_free(other);
}
END_TEST

/* ---- agreement ---- */

static wxs_verdict
match_servers(const wxs_dns_answer *a, const wxs_dns_answer *b)
{
    static wxs_verdict verdict;
    wxs_observation seen[] = {{"ns1.customer.example", "192.0.2.1", a},
                              {"ns2.customer.example", "192.0.2.2", b}};

    wxs_match(&spf, seen, 2, NULL, &verdict);
    return verdict;
}

START_TEST(nameservers_agree_or_not)
{
    wxs_dns_answer *right =
        zone_answer(SEND, LDNS_RR_TYPE_TXT, txt(SEND, SPF), true);
    wxs_dns_answer *none = zone_answer(SEND, LDNS_RR_TYPE_TXT, "", false);
    wxs_dns_answer *silent = wxs_dns_answer_new(WXS_DNS_TIMEOUT);
    wxs_dns_answer *lame = wxs_dns_answer_new(WXS_DNS_LAME);
    wxs_verdict verdict = match_servers(right, right);

    expect(&verdict, WXS_EXACT, "ok");
    ck_assert_uint_eq(verdict.good, 2);
    verdict = match_servers(right, none);
    expect(&verdict, WXS_PROPAGATING, "propagating");
    ck_assert_ptr_nonnull(strstr(verdict.message, "seen at ns1"));
    ck_assert_str_eq(verdict.server[1], "missing");
    verdict = match_servers(right, lame);
    expect(&verdict, WXS_EXACT, "nameserver_lame");
    ck_assert_ptr_nonnull(strstr(verdict.message, "ns2.customer.example"));
    verdict = match_servers(silent, none);
    expect(&verdict, WXS_MISSING, "missing");
    ck_assert_str_eq(verdict.server[0], "timeout");
    verdict = match_servers(silent, lame);
    expect(&verdict, WXS_TEMP, "nameserver_silent");
    ck_assert_uint_eq(verdict.definite, 0);
    verdict = match_servers(NULL, NULL);
    expect(&verdict, WXS_TEMP, "check_incomplete");
    wxs_match(&spf, NULL, 0, NULL, &verdict);
    expect(&verdict, WXS_TEMP, "zone_unknown");
    wxs_dns_answer_free(right);
    wxs_dns_answer_free(none);
    wxs_dns_answer_free(silent);
    wxs_dns_answer_free(lame);
}
END_TEST

START_TEST(found_values_are_escaped)
{
    wxs_verdict verdict =
        match_zone(&key, txt(SELECTOR, "a\xe2\x80\x8b\"\x01\xff\xc3"), NULL);

    ck_assert_uint_eq(verdict.found_count, 1);
    ck_assert_str_eq(verdict.found[0], "aU+200B\"\\x01\\xff\\xc3");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("match");
    TCase *cases = tcase_create("match");
    SRunner *runner;
    int failed;

    tcase_set_timeout(cases, 60); /* a private key may take a second */
    tcase_add_unchecked_fixture(cases, make_keys, NULL);
    tcase_add_test(cases, dkim_that_works);
    tcase_add_test(cases, dkim_that_does_not);
    tcase_add_test(cases, dkim_pasted_badly);
    tcase_add_test(cases, dkim_more_than_one);
    tcase_add_test(cases, dkim_delegated);
    tcase_add_test(cases, spf_that_works);
    tcase_add_test(cases, spf_that_does_not);
    tcase_add_test(cases, spf_merge_is_proposed);
    tcase_add_test(cases, mx_records);
    tcase_add_test(cases, dmarc_records);
    tcase_add_test(cases, tracking_aliases);
    tcase_add_test(cases, tracking_addresses);
    tcase_add_test(cases, nameservers_agree_or_not);
    tcase_add_test(cases, found_values_are_escaped);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
