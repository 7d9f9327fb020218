#include "catalogue.h"

/* Several nameservers, rows Z5 to Z8 and Z12 to Z14. */

static wxs_verdict
match_servers(const wxs_dns_answer *a, const wxs_dns_answer *b)
{
    static wxs_verdict verdict;
    wxs_observation seen[] = {{"ns1." DOMAIN, "192.0.2.1", a},
                              {"ns2." DOMAIN, "192.0.2.2", b}};

    wxs_match(&wanted[WXS_RECORD_SPF], seen, 2, NULL, &verdict);
    return verdict;
}

static wxs_dns_answer *
answer_with(const char *value)
{
    char line[600] = "";

    if (value != NULL) {
        (void)snprintf(line, sizeof line, SEND ". 60 IN TXT \"%s\"", value);
    }
    return zone_answer(SEND, LDNS_RR_TYPE_TXT, line, false);
}

START_TEST(nameservers_agree_or_not)
{
    wxs_dns_answer *right_one = answer_with(OUR_SPF);
    wxs_dns_answer *none = answer_with(NULL);
    wxs_dns_answer *other = answer_with("v=spf1 mx -all");
    right_one->has_serial = none->has_serial = true;
    right_one->serial = 7;
    none->serial = 6;
    wxs_verdict verdict = match_servers(right_one, right_one);

    assert_verdict("agree", &verdict, WXS_EXACT, "ok");
    ck_assert_uint_eq(verdict.good, 2);
    verdict = match_servers(right_one, none);
    assert_verdict("Z7", &verdict, WXS_PROPAGATING, "propagating");
    ck_assert_ptr_nonnull(strstr(verdict.message, "seen at ns1." DOMAIN
                                                  " (serial 7), not yet at "
                                                  "ns2." DOMAIN " (serial 6)"));
    ck_assert_str_eq(verdict.server[1], "missing");
    verdict = match_servers(other, right_one);
    assert_verdict("Z7", &verdict, WXS_PROPAGATING, "propagating");
    verdict = match_servers(none, other);
    assert_verdict("Z7-", &verdict, WXS_WRONG, "spf_not_included");
    verdict = match_servers(none, none);
    assert_verdict("missing", &verdict, WXS_MISSING, "missing");
    ck_assert_uint_eq(verdict.definite, 2);
    wxs_dns_answer_free(right_one);
    wxs_dns_answer_free(none);
    wxs_dns_answer_free(other);
}
END_TEST

/* Whatever a nameserver does other than answering: beside a right one a word
 * of warning, beside a definite no nothing, alone nothing is known. */
START_TEST(failures_do_not_count)
{
    static const struct {
        const char *id;
        wxs_dns_outcome outcome;
        bool truncated;
        const char *code;
    } failures[] = {
        {"Z5", WXS_DNS_LAME, false, "nameserver_lame"},
        {"Z5", WXS_DNS_REFUSED, false, "nameserver_refuses"},
        {"Z8", WXS_DNS_TIMEOUT, false, "nameserver_silent"},
        {"Z8", WXS_DNS_UNREACHABLE, false, "nameserver_unreachable"},
        {"Z12", WXS_DNS_NOT_PUBLIC, false, "ns_not_public"},
        {"Z12", WXS_DNS_UNRESOLVED, false, "nameserver_unresolved"},
        {"Z13", WXS_DNS_TIMEOUT, true, "tcp_blocked"},
        {"Z13", WXS_DNS_UNREACHABLE, true, "tcp_blocked"},
        {"Z13-", WXS_DNS_LAME, true, "nameserver_lame"},
        {"Z", WXS_DNS_SERVFAIL, false, "nameserver_error"},
        {"Z", WXS_DNS_MALFORMED, false, "nameserver_malformed"},
        {"Z", WXS_DNS_LOCAL, false, "check_incomplete"},
    };
    wxs_dns_answer *right_one = answer_with(OUR_SPF);
    wxs_dns_answer *none = answer_with(NULL);

    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        wxs_dns_answer *failed = wxs_dns_answer_new(failures[i].outcome);

        failed->truncated = failures[i].truncated;
        wxs_verdict verdict = match_servers(right_one, failed);

        assert_verdict(failures[i].id, &verdict, WXS_EXACT, failures[i].code);
        ck_assert_ptr_nonnull(strstr(verdict.message, "ns2." DOMAIN));
        verdict = match_servers(failed, none);
        assert_verdict(failures[i].id, &verdict, WXS_MISSING, "missing");
        verdict = match_servers(failed, failed);
        assert_verdict(failures[i].id, &verdict, WXS_TEMP, failures[i].code);
        ck_assert_uint_eq(verdict.definite, 0);
        wxs_dns_answer_free(failed);
    }
    wxs_verdict verdict = match_servers(NULL, NULL);

    assert_verdict("none", &verdict, WXS_TEMP, "check_incomplete");
    wxs_match(&wanted[WXS_RECORD_SPF], NULL, 0, NULL, &verdict);
    assert_verdict("none", &verdict, WXS_TEMP, "zone_unknown");
    wxs_dns_answer_free(right_one);
    wxs_dns_answer_free(none);
}
END_TEST

int
main(void)
{
    return RUN("match agreement", nameservers_agree_or_not,
               failures_do_not_count);
}
