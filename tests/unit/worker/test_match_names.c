#include "catalogue.h"

/* Records at other names than they should be, rows N1 to N9, and what answers
 * in their place. */

#define LONG "mail." DOMAIN

static const catalogue_row rows[] = {
    {"N1", WXS_RECORD_SPF, "=" SEND "." DOMAIN " " OUR_SPF, WXS_MISSING,
     "doubled_name", false},
    {"N1", WXS_RECORD_MX, SEND "." DOMAIN ". 60 IN MX 10 " OUR_MX ".",
     WXS_MISSING, "doubled_name", false},
    {"N1", WXS_RECORD_DKIM, "=" SELECTOR "." DOMAIN " {DKIM}", WXS_MISSING,
     "doubled_name", false},
    {"N1", WXS_RECORD_TRACKING, LINKS "." DOMAIN ". 60 IN CNAME " TARGET ".",
     WXS_MISSING, "doubled_name", false},
    {"N1", WXS_RECORD_DMARC, "=_dmarc." DOMAIN "." DOMAIN " v=DMARC1; p=reject",
     WXS_MISSING, "doubled_name", false},
    /* another value at the doubled name says nothing */
    {"N1-", WXS_RECORD_SPF, "=" SEND "." DOMAIN " v=spf1 -all", WXS_MISSING,
     "missing", false},
    {"N1-", WXS_RECORD_DKIM, "=" SELECTOR "." DOMAIN " p={OTHER}", WXS_MISSING,
     "missing", false},
    {"N2", WXS_RECORD_DKIM, "=wx1.domainkey." DOMAIN " {DKIM}", WXS_MISSING,
     "underscore_missing", false},
    {"N2", WXS_RECORD_DMARC, "=dmarc." DOMAIN " v=DMARC1; p=none", WXS_MISSING,
     "underscore_missing", false},
    {"N2-", WXS_RECORD_DMARC, "=dmarc." DOMAIN " site-verification=1",
     WXS_MISSING, "missing", false},
    {"N3", WXS_RECORD_DKIM, "=" DOMAIN " {DKIM}", WXS_MISSING, "dkim_misplaced",
     false},
    {"N3", WXS_RECORD_DKIM, "=" DOMAIN " {DKIM}\n=" DOMAIN " v=spf1 mx -all",
     WXS_MISSING, "dkim_misplaced", false},
    {"N3", WXS_RECORD_DKIM, "=wx1." DOMAIN " {DKIM}", WXS_MISSING,
     "dkim_misplaced", false},
    {"N3-", WXS_RECORD_DKIM, "=" DOMAIN " p={OTHER}", WXS_MISSING, "missing",
     false},
    {"N4", WXS_RECORD_SPF,
     "=" DOMAIN " v=spf1 include:_spf.other.example "
     "include:_spf.waxseal.example -all",
     WXS_MISSING, "spf_at_apex", false},
    {"N4-", WXS_RECORD_SPF,
     "=" DOMAIN " v=spf1 include:_spf.other.example -all", WXS_MISSING,
     "missing", false},
    {"N6", WXS_RECORD_SPF,
     "send\\.customer\\.example\\."
     "." DOMAIN ". 60 IN TXT \"" OUR_SPF "\"",
     WXS_MISSING, "dot_in_name", false},
    {"N7", WXS_RECORD_SPF, "send\\032." DOMAIN ". 60 IN TXT \"" OUR_SPF "\"",
     WXS_MISSING, "missing", false},
    {"N8", WXS_RECORD_DKIM,
     "; other second.example\n=wx1._domainkey.second.example {DKIM}",
     WXS_MISSING, "other_domain", false},
    {"N8-", WXS_RECORD_DKIM,
     "; other second.example\n=wx1._domainkey.second.example p={OTHER}",
     WXS_MISSING, "missing", false},
    {"N9", WXS_RECORD_MX, "www." SEND ". 60 IN MX 10 " OUR_MX ".", WXS_MISSING,
     "host_prefix", false},
    {"N9", WXS_RECORD_TRACKING, "www." LINKS ". 60 IN CNAME " TARGET ".",
     WXS_MISSING, "host_prefix", false},
    {"M8", WXS_RECORD_MX, DOMAIN ". 60 IN MX 10 " OUR_MX ".", WXS_MISSING,
     "mx_at_apex", false},
    {"M8-", WXS_RECORD_MX, DOMAIN ". 60 IN MX 10 mail.other.example.",
     WXS_MISSING, "missing", false},
    {"P8", WXS_RECORD_SPF, SEND ". 60 IN SPF \"" OUR_SPF "\"", WXS_MISSING,
     "spf_type_99", false},
    {"P8-", WXS_RECORD_SPF, SEND ". 60 IN SPF \"v=spf1 -all\"", WXS_MISSING,
     "missing", false},
    {"Z1", WXS_RECORD_SPF, "*." DOMAIN ". 60 IN TXT \"v=spf1 mx -all\"",
     WXS_WRONG, "wildcard", true},
    {"Z1", WXS_RECORD_MX, "*." DOMAIN ". 60 IN MX 5 mail.other.example.",
     WXS_WRONG, "wildcard", true},
    {"Z1", WXS_RECORD_DKIM,
     "*._domainkey." DOMAIN ". 60 IN TXT \"v=DKIM1; p=\"", WXS_WRONG,
     "wildcard", true},
    {"Z1", WXS_RECORD_TRACKING, "*." DOMAIN ". 60 IN A 192.0.2.200", WXS_WRONG,
     "wildcard", true},
    {"Z1", WXS_RECORD_MX, "*." DOMAIN ". 60 IN CNAME www.other.example.",
     WXS_WRONG, "wildcard", true},
    {"Z1-", WXS_RECORD_SPF,
     "*." DOMAIN ". 60 IN TXT \"v=spf1 mx -all\"\n=" SEND " v=spf1 a -all",
     WXS_WRONG, "spf_not_included", true},
    /* found at every name, also at the wrong ones */
    {"Z1-", WXS_RECORD_DMARC,
     "*." DOMAIN ". 60 IN TXT \"v=DMARC1; p=none\"\n_dmarc." DOMAIN
     ". 60 IN A 192.0.2.9",
     WXS_MISSING, "missing", true},
    {"Z10", WXS_RECORD_MX,
     "*." DOMAIN ". 60 IN MX 0 .\n*." DOMAIN ". 60 IN TXT \"v=spf1 -all\"",
     WXS_WRONG, "parked", true},
    {"Z10", WXS_RECORD_SPF,
     "*." DOMAIN ". 60 IN MX 0 .\n*." DOMAIN ". 60 IN TXT \"v=spf1 -all\"",
     WXS_WRONG, "parked", true},
    {"Z10-", WXS_RECORD_MX, SEND ". 60 IN MX 0 .", WXS_WRONG, "mx_null", false},
};

START_TEST(names)
{
    judge_rows(rows, sizeof rows / sizeof *rows);
}
END_TEST

/* N5: a domain below the organizational one, whose records were entered as if
 * it were that. */
START_TEST(wrong_base)
{
    static wxs_verdict verdict;
    wxs_expected expected = {
        .kind = WXS_RECORD_SPF, .fqdn = "send." LONG, .value = OUR_SPF};
    zone_world w;

    open_zone(&w, INFRASTRUCTURE "=" SEND " " OUR_SPF);
    w.world.domain = LONG;
    judge_in(&w, &expected, &verdict);
    assert_verdict("N5", &verdict, WXS_MISSING, "wrong_base");
    ck_assert_ptr_nonnull(strstr(verdict.fix, "\"send.mail\""));
    /* unless that is where the domain above has its own */
    w.world.others = 1;
    w.world.other[0] = strdup(DOMAIN);
    judge_in(&w, &expected, &verdict);
    assert_verdict("N5-", &verdict, WXS_MISSING, "missing");
    close_zone(&w);
}
END_TEST

START_TEST(fixes_name_what_to_enter)
{
    static wxs_verdict verdict;

    judge_row(&rows[0], &verdict);
    ck_assert_ptr_nonnull(strstr(verdict.fix, "\"send\""));
    ck_assert_ptr_nonnull(strstr(verdict.message, SEND "." DOMAIN));
    judge_row(&(catalogue_row){"N", WXS_RECORD_SPF, "", WXS_MISSING, "missing",
                               false},
              &verdict);
    ck_assert_ptr_nonnull(strstr(verdict.fix, "ns1.dns.example"));
}
END_TEST

/* Z11: the resolver sees what no public nameserver has. */
START_TEST(local_only)
{
    static wxs_verdict verdict;
    zone_world w;
    wxs_dns_answer *none = zone_answer(SEND, LDNS_RR_TYPE_TXT, "", false);
    wxs_observation seen = {"ns1.dns.example", "192.0.2.53", none};

    open_zone(&w, INFRASTRUCTURE "=" SEND " " OUR_SPF);
    w.slow = false;
    wxs_match(&wanted[WXS_RECORD_SPF], &seen, 1, &w.world, &verdict);
    assert_verdict("Z11", &verdict, WXS_MISSING, "local_only");
    wxs_dns_answer_free(none);
    close_zone(&w);
}
END_TEST

int
main(void)
{
    return RUN("match names", names, wrong_base, fixes_name_what_to_enter,
               local_only);
}
