#include "catalogue.h"
#include "verify/caa.h"

/* What concerns the domain as a whole: DMARC and its inheritance, certificates
 * (row C9), and zones (rows Z). */

#define D    "=_dmarc." DOMAIN " "
#define DEEP "a.b.c.d.e.f.g.h." DOMAIN

static const catalogue_row rows[] = {
    {"DMARC", WXS_RECORD_DMARC, D "v=DMARC1; p=none;", WXS_EXACT, "ok", false},
    {"DMARC", WXS_RECORD_DMARC, D "v = DMARC1 ; p=Reject; pct=50",
     WXS_SATISFIED, "ok", false},
    {"DMARC", WXS_RECORD_DMARC, D "v=DMARC1; p=none; aspf=s", WXS_SATISFIED,
     "dmarc_strict_spf", false},
    {"DMARC", WXS_RECORD_DMARC, D "v=DMARC1; p=none; adkim=s", WXS_SATISFIED,
     "dmarc_strict_dkim", false},
    {"DMARC", WXS_RECORD_DMARC, D "v=DMARC1; rua=mailto:x@" DOMAIN,
     WXS_SATISFIED, "dmarc_no_policy", false},
    {"DMARC", WXS_RECORD_DMARC, D "v=DMARC1; p=none; rua=mailto:x@else.example",
     WXS_SATISFIED, "dmarc_reports_refused", false},
    {"DMARC", WXS_RECORD_DMARC,
     D "v=DMARC1; p=none; rua=mailto:y@" DOMAIN ",mailto:x@else.example!10m\n"
       "=*._report._dmarc.else.example v=DMARC1",
     WXS_SATISFIED, "ok", false},
    {"DMARC?", WXS_RECORD_DMARC,
     "; silent else.example\n" D "v=DMARC1; p=none; rua=mailto:x@else.example",
     WXS_SATISFIED, "ok", false},
    {"DMARC", WXS_RECORD_DMARC, D "v=DMARC1; p=monitor", WXS_WRONG,
     "dmarc_invalid", false},
    {"DMARC", WXS_RECORD_DMARC, D "v=DMARC1; p none", WXS_WRONG,
     "dmarc_invalid", false},
    {"DMARC", WXS_RECORD_DMARC, D "v=dmarc1; p=none", WXS_MISSING, "missing",
     false},
    {"DMARC", WXS_RECORD_DMARC, D "v=DMARC1; p=none;\n" D "unrelated",
     WXS_EXACT, "ok", false},
    {"DMARC", WXS_RECORD_DMARC, D "v=DMARC1; p=none;\n" D "v=DMARC1; p=reject",
     WXS_CONFLICT, "dmarc_two_records", false},
    {"DMARC", WXS_RECORD_DMARC,
     "_dmarc." DOMAIN ". 60 IN CNAME d.vendor.example.\n"
     "=d.vendor.example v=DMARC1; p=reject",
     WXS_SATISFIED, "ok", false},
    {"Z2", WXS_RECORD_SPF,
     "; parent\n" DOMAIN ". 60 IN NS ns1.new-dns.example.", WXS_MISSING,
     "stale_delegation", false},
    {"Z2-", WXS_RECORD_SPF,
     "; parent\n" DOMAIN ". 60 IN NS NS2.dns.example.\n" DOMAIN
     ". 60 IN NS ns1.dns.example.",
     WXS_MISSING, "missing", false},
    /* found at a wrong place, the delegation is of no interest */
    {"Z2-", WXS_RECORD_SPF,
     "=" SEND "." DOMAIN " " OUR_SPF "\n; parent\n" DOMAIN
     ". 60 IN NS ns1.new-dns.example.",
     WXS_MISSING, "doubled_name", false},
    {"Z6", WXS_RECORD_SPF,
     "; zone " SEND "\n" SEND ". 60 IN NS ns1.other.example.", WXS_MISSING,
     "name_delegated", true},
    {"Z9", WXS_RECORD_SPF, "; parent\n", WXS_MISSING, "not_registered", false},
    {"Z9", WXS_RECORD_DKIM, "; zone example\nexample. 60 IN NS a.nic.example.",
     WXS_MISSING, "not_registered", true},
    {"Z10", WXS_RECORD_DKIM, DOMAIN ". 60 IN NS ns1.parking.example.",
     WXS_WRONG, "parked", true},
};

START_TEST(catalogue)
{
    judge_rows(rows, sizeof rows / sizeof *rows);
}
END_TEST

/* ---- DMARC's tree walk ---- */

static size_t
judge_walk(const char *domain, const char *records, wxs_class class,
           const char *code)
{
    static wxs_verdict verdict;
    char name[300];
    wxs_expected expected = {
        .kind = WXS_RECORD_DMARC, .fqdn = name, .value = "v=DMARC1; p=none;"};
    zone_world w;
    size_t walked = 0;

    (void)snprintf(name, sizeof name, "_dmarc.%s", domain);
    open_zone(&w, records);
    w.world.domain = domain;
    judge_in(&w, &expected, &verdict);
    assert_verdict(domain, &verdict, class, code);
    for (size_t i = 0; i < w.answers; i++) {
        walked += strstr(w.question[i], " 16 _dmarc.") != NULL &&
                  strstr(w.question[i], DOMAIN "." DOMAIN) == NULL;
    }
    close_zone(&w);
    return walked;
}

START_TEST(policies_are_inherited)
{
    judge_walk("a.b." DOMAIN, D "v=DMARC1; p=reject", WXS_SATISFIED,
               "dmarc_inherited");
    judge_walk("a.b." DOMAIN, "=_dmarc.b." DOMAIN " v=DMARC1; p=reject",
               WXS_SATISFIED, "dmarc_inherited_between");
    judge_walk("a.b." DOMAIN,
               "=_dmarc.b." DOMAIN " v=DMARC1; p=reject\n" D "v=DMARC1; p=none",
               WXS_SATISFIED, "dmarc_inherited");
    judge_walk("a.b." DOMAIN,
               "=_dmarc.b." DOMAIN " v=DMARC1; p=reject; psd=n\n" D
               "v=DMARC1; p=none",
               WXS_SATISFIED, "dmarc_inherited_between");
    judge_walk("a." DOMAIN, D "v=DMARC1; p=reject; psd=y", WXS_MISSING,
               "missing");
    judge_walk("a." DOMAIN, D "v=DMARC1; p=none\n" D "v=DMARC1; p=reject",
               WXS_MISSING, "missing");
    judge_walk("a." DOMAIN, "; silent " DOMAIN, WXS_TEMP, "nameserver_silent");
    judge_walk("a." DOMAIN, "; silent _dmarc." DOMAIN, WXS_TEMP,
               "beyond_unknown");
    judge_walk(DOMAIN, "=_dmarc.example v=DMARC1; p=reject", WXS_MISSING,
               "missing");
}
END_TEST

START_TEST(the_walk_is_short)
{
    /* long names keep seven labels: 8 queries with the domain's own */
    size_t asked = judge_walk(DEEP, D "v=DMARC1; p=reject", WXS_SATISFIED,
                              "dmarc_inherited");

    ck_assert_uint_le(asked, 7);
}
END_TEST

/* ---- certificates ---- */

static void
assert_caa(const char *records, wxs_caa_result result, const char *at)
{
    wxs_caa_verdict verdict;
    zone_world w;
    int rounds = 0;

    open_zone(&w, records);
    do {
        ck_assert_int_lt(rounds++, 10);
        w.world.waiting = false;
        wxs_caa_judge(&w.world, LINKS, "letsencrypt.org", &verdict);
    } while (w.world.waiting);
    ck_assert_msg(verdict.result == result, "%s: %s", records, verdict.message);
    note_row("C9", result == WXS_CAA_FORBIDDEN ? "caa_forbids" : "ok");
    ck_assert_str_eq(verdict.at, at);
    ck_assert_int_ne(verdict.message[0], '\0');
    ck_assert((verdict.fix[0] != '\0') == (result == WXS_CAA_FORBIDDEN));
    close_zone(&w);
}

#define CAA DOMAIN ". 60 IN CAA "

START_TEST(certificates)
{
    assert_caa("", WXS_CAA_ALLOWED, "");
    assert_caa(CAA "0 issue \"letsencrypt.org\"", WXS_CAA_ALLOWED, DOMAIN);
    assert_caa(CAA "0 issue \"digicert.com\"", WXS_CAA_FORBIDDEN, DOMAIN);
    assert_caa(CAA "0 issue \"digicert.com\"\n" CAA
                   "0 issue \" LetsEncrypt.org ; x=y\"",
               WXS_CAA_ALLOWED, DOMAIN);
    assert_caa(CAA "0 issue \"letsencrypt.org.evil.example\"",
               WXS_CAA_FORBIDDEN, DOMAIN);
    assert_caa(CAA "0 issue \";\"", WXS_CAA_FORBIDDEN, DOMAIN);
    assert_caa(CAA "0 iodef \"mailto:x@example.org\"", WXS_CAA_ALLOWED, DOMAIN);
    assert_caa(CAA "0 issuewild \";\"", WXS_CAA_ALLOWED, DOMAIN);
    assert_caa(CAA "0 issue \"letsencrypt.org\"\n" CAA "128 tbs \"x\"",
               WXS_CAA_FORBIDDEN, DOMAIN);
    assert_caa(CAA "0 issue \"letsencrypt.org\"\n" CAA "0 tbs \"x\"",
               WXS_CAA_ALLOWED, DOMAIN);
    assert_caa(CAA "0 issue \"letsencrypt.org; validationmethods=dns-01\"",
               WXS_CAA_FORBIDDEN, DOMAIN);
    assert_caa(CAA
               "0 issue \"letsencrypt.org; validationmethods=dns-01,http-01\"",
               WXS_CAA_ALLOWED, DOMAIN);
    assert_caa(CAA "0 issue \"letsencrypt.org; accounturi=https://x/1\"",
               WXS_CAA_UNKNOWN, DOMAIN);
    /* the nearest set counts, also behind an alias */
    assert_caa(CAA "0 issue \"digicert.com\"\n" LINKS
                   ". 60 IN CAA 0 issue \"letsencrypt.org\"",
               WXS_CAA_ALLOWED, LINKS);
    assert_caa(LINKS ". 60 IN CNAME t.example.\n"
                     "t.example. 60 IN CAA 0 issue \";\"",
               WXS_CAA_FORBIDDEN, "t.example");
    assert_caa("; silent " DOMAIN, WXS_CAA_UNKNOWN, "");
}
END_TEST

START_TEST(authorities)
{
    ck_assert_str_eq(
        wxs_caa_authority("https://acme-v02.api.letsencrypt.org/directory"),
        "letsencrypt.org");
    ck_assert_str_eq(wxs_caa_authority("https://dv.acme-v02.api.pki.goog/dir"),
                     "pki.goog");
    ck_assert_ptr_null(wxs_caa_authority("https://localhost:14000/dir"));
    ck_assert_ptr_null(wxs_caa_authority("https://notssl.com/letsencrypt.org"));
    ck_assert_ptr_null(wxs_caa_authority(""));
}
END_TEST

int
main(void)
{
    return RUN("match domain", catalogue, policies_are_inherited,
               the_walk_is_short, certificates, authorities);
}
