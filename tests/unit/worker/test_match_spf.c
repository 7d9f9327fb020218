#include "catalogue.h"

/* SPF records, rows P1 to P10, as receivers evaluate them. */

#define S    "=" SEND " "
#define OURS "include:_spf.waxseal.example"
#define CHAIN                                                                  \
    "=a.vendor.example v=spf1 include:b.vendor.example a:x.vendor.example "    \
    "a:x.vendor.example a:x.vendor.example a:x.vendor.example ?all\n"          \
    "=b.vendor.example v=spf1 mx:x.vendor.example ptr exists:%{i}.e.example "  \
    "a:x.vendor.example ~all\n"                                                \
    "x.vendor.example. 60 IN A 192.0.2.99\n"                                   \
    "x.vendor.example. 60 IN MX 1 x.vendor.example.\n"

/* three mail servers */
#define MANY_MX(name)                                                          \
    "many.example. 60 IN MX 1 " name "1.many.example.\n"                       \
    "many.example. 60 IN MX 1 " name "2.many.example.\n"                       \
    "many.example. 60 IN MX 1 " name "3.many.example.\n"

static const catalogue_row rows[] = {
    {"P1", WXS_RECORD_SPF, S OUR_SPF "\n" S "v=spf1 mx -all", WXS_CONFLICT,
     "spf_two_records", false},
    {"P1-", WXS_RECORD_SPF, S OUR_SPF "\n" S "unrelated=1", WXS_EXACT, "ok",
     false},
    {"P1-", WXS_RECORD_SPF, S OUR_SPF "\n" S "v=spf10 -all", WXS_EXACT, "ok",
     false},
    {"P2", WXS_RECORD_SPF, S "v=spf1 ip4:203.0.113.0/24 a mx/24 " OURS " -all",
     WXS_SATISFIED, "ok", false},
    {"P2", WXS_RECORD_SPF,
     S "v=spf1 include:all.vendor.example ~all\n"
       "=all.vendor.example v=spf1 " OURS " -all",
     WXS_SATISFIED, "ok", false},
    {"P2", WXS_RECORD_SPF,
     S "v=spf1 redirect=all.vendor.example\n=all.vendor.example v=spf1 " OURS
       " -all",
     WXS_SATISFIED, "ok", false},
    {"P2", WXS_RECORD_SPF, S "v=spf1 " OURS, WXS_SATISFIED, "ok", false},
    {"P2", WXS_RECORD_SPF, S "v=spf1 " OURS " exp=e.example ?all",
     WXS_SATISFIED, "ok", false},
    {"P3", WXS_RECORD_SPF, S "v=spf1 -all " OURS, WXS_WRONG, "spf_after_all",
     false},
    {"P4", WXS_RECORD_SPF, S "v=spf1 -" OURS " ~all", WXS_WRONG,
     "spf_qualifier", false},
    {"P4", WXS_RECORD_SPF, S "v=spf1 ?" OURS " ~all", WXS_WRONG,
     "spf_qualifier", false},
    /* what an include refuses does not count outside of it (5.2) */
    {"P4-", WXS_RECORD_SPF,
     S "v=spf1 include:no.vendor.example " OURS " -all\n"
       "=no.vendor.example v=spf1 -ip4:192.0.2.0/24 -all",
     WXS_SATISFIED, "ok", false},
    {"P4-", WXS_RECORD_SPF, S "v=spf1 -ip4:203.0.113.0/24 " OURS " -all",
     WXS_SATISFIED, "ok", false},
    {"P4-", WXS_RECORD_SPF, S "v=spf1 -ip4:192.0.2.7 " OURS " -all",
     WXS_SATISFIED, "ok", false},
    {"P4-", WXS_RECORD_SPF, S "v=spf1 -ip4:192.0.0.0/16 " OURS " -all",
     WXS_WRONG, "spf_refused", false},
    {"P5", WXS_RECORD_SPF,
     S "v=spf1 a:x.vendor.example a:x.vendor.example a:x.vendor.example "
       "a:x.vendor.example mx:x.vendor.example mx:x.vendor.example "
       "exists:x.vendor.example ptr a mx " OURS " -all\n" CHAIN,
     WXS_WRONG, "spf_too_many_lookups", false},
    {"P5", WXS_RECORD_SPF,
     S "v=spf1 " OURS " include:a.vendor.example ~all\n" CHAIN, WXS_WRONG,
     "spf_too_many_lookups", false},
    {"P5", WXS_RECORD_SPF,
     "=" SEND
     " v=spf1 mx:many.example include:_spf.waxseal.example -all\n" MANY_MX("a")
         MANY_MX("b") MANY_MX("c") MANY_MX("d"),
     WXS_WRONG, "spf_too_many_names", false},
    {"P5-", WXS_RECORD_SPF,
     "=" SEND
     " v=spf1 mx:many.example include:_spf.waxseal.example -all\n" MANY_MX("a")
         MANY_MX("b") MANY_MX("c"),
     WXS_SATISFIED, "ok", false},
    {"P5-", WXS_RECORD_SPF,
     S "v=spf1 " OURS " include:b.vendor.example ~all\n" CHAIN, WXS_SATISFIED,
     "ok", false},
    {"P5-", WXS_RECORD_SPF,
     S "v=spf1 " OURS " -all include:a.vendor.example\n" CHAIN, WXS_SATISFIED,
     "ok", false},
    {"P5", WXS_RECORD_SPF,
     S "v=spf1 " OURS " include:loop.example ~all\n"
       "=loop.example v=spf1 include:loop.example -all",
     WXS_WRONG, "spf_too_many_lookups", false},
    {"P6", WXS_RECORD_SPF, S OUR_SPF " v=spf1 mx -all", WXS_WRONG,
     "spf_two_versions", false},
    {"P7", WXS_RECORD_SPF, S "v=spf1 inlude:_spf.waxseal.example ~all",
     WXS_WRONG, "spf_syntax", false},
    {"P7", WXS_RECORD_SPF, S "v=spf1 include: _spf.waxseal.example ~all",
     WXS_WRONG, "spf_syntax", false},
    {"P7", WXS_RECORD_SPF, S "spf1 include:_spf.waxseal.example ~all",
     WXS_WRONG, "spf_syntax", false},
    {"P7", WXS_RECORD_SPF, S OUR_SPF " ip4:192.0.2.300", WXS_WRONG,
     "spf_syntax", false},
    {"P7", WXS_RECORD_SPF, S "v=spf1 a:x.example/33 " OURS " -all", WXS_WRONG,
     "spf_syntax", false},
    {"P7", WXS_RECORD_SPF, S "v=spf1 exists:%{q}.example " OURS " -all",
     WXS_WRONG, "spf_syntax", false},
    {"P7-", WXS_RECORD_SPF,
     S "v=spf1 exists:%{ir}.%{v}.a%%%_%-.example a/24//64 " OURS " -all",
     WXS_SATISFIED, "ok", false},
    {"P9", WXS_RECORD_SPF,
     S "v=spf1 ip4:192.0.0.0/16 ip4:198.51.100.7 ip6:2001:db8::/32 -all",
     WXS_SATISFIED, "spf_flattened", false},
    {"P9", WXS_RECORD_SPF,
     S "v=spf1 redirect=flat.example\n=flat.example v=spf1 include:f2.example "
       "-all\n=f2.example v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/28 "
       "ip6:2001:db8::/30 -all",
     WXS_SATISFIED, "spf_flattened", false},
    {"P9-", WXS_RECORD_SPF, S "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.7 -all",
     WXS_WRONG, "spf_not_included", false},
    {"P9-", WXS_RECORD_SPF,
     S "v=spf1 ip4:192.0.2.0/25 ip4:198.51.100.7 ip6:2001:db8::/32 -all",
     WXS_WRONG, "spf_not_included", false},
    {"P10", WXS_RECORD_SPF,
     S "v=spf1 include:_spf.vendor.example ~all\n"
       "=_spf.vendor.example v=spf1 ip4:203.0.113.0/24 -all",
     WXS_WRONG, "spf_not_included", false},
    {"P10", WXS_RECORD_SPF,
     S "v=spf1 include:_spf.waxseal.example.evil.example ~all\n"
       "=_spf.waxseal.example.evil.example v=spf1 -all",
     WXS_WRONG, "spf_not_included", false},
    {"P10-", WXS_RECORD_SPF, S "unrelated=1", WXS_MISSING, "missing", false},
    /* the record is rejected whole, wherever our term stands */
    {"P", WXS_RECORD_SPF, S "v=spf1 " OURS " include:gone.example ~all",
     WXS_WRONG, "spf_include_missing", false},
    {"P", WXS_RECORD_SPF, S "v=spf1 " OURS " redirect=gone.example", WXS_WRONG,
     "spf_include_missing", false},
    {"P", WXS_RECORD_SPF,
     S "v=spf1 " OURS " include:two.example ~all\n"
       "=two.example v=spf1 -all\n=two.example v=spf1 mx -all",
     WXS_WRONG, "spf_include_broken", false},
    {"P", WXS_RECORD_SPF,
     S "v=spf1 " OURS " include:bad.example ~all\n"
       "=bad.example v=spf1 ipv4:192.0.2.1 -all",
     WXS_WRONG, "spf_include_broken", false},
    {"P", WXS_RECORD_SPF, S "v=spf1 " OURS " +all", WXS_SATISFIED,
     "spf_pass_all", false},
    {"P", WXS_RECORD_SPF,
     S "v=spf1 " OURS " a:n1.example a:n2.example mx:n3.example -all",
     WXS_SATISFIED, "spf_void_lookups", false},
    /* not knowing is not failing */
    {"P?", WXS_RECORD_SPF,
     "; silent slow.example\n" S "v=spf1 " OURS " include:slow.example -all",
     WXS_SATISFIED, "spf_include_unknown", false},
    {"P?", WXS_RECORD_SPF,
     "; silent slow.example\n" S "v=spf1 include:slow.example " OURS " -all",
     WXS_TEMP, "beyond_unknown", false},
    {"P?", WXS_RECORD_SPF,
     "; silent slow.example\n" S "v=spf1 include:slow.example -all", WXS_TEMP,
     "beyond_unknown", false},
};

START_TEST(catalogue)
{
    judge_rows(rows, sizeof rows / sizeof *rows);
}
END_TEST

static void
assert_merged(const char *records, wxs_class class, const char *code,
              const char *merged)
{
    static wxs_verdict verdict;
    catalogue_row row = {"P1", WXS_RECORD_SPF, records, class, code, false};

    judge_row(&row, &verdict);
    ck_assert_str_eq(verdict.suggested, merged);
}

START_TEST(merges_are_ready_to_paste)
{
    assert_merged(S OUR_SPF "\n" S "v=spf1 mx -all", WXS_CONFLICT,
                  "spf_two_records", "v=spf1 " OURS " mx -all");
    assert_merged(S "v=spf1 a ~all\n" S "v=spf1 mx a -all", WXS_CONFLICT,
                  "spf_two_records", "v=spf1 " OURS " a mx -all");
    assert_merged(S "v=spf1 ip4:203.0.113.9 -all", WXS_WRONG,
                  "spf_not_included", "v=spf1 " OURS " ip4:203.0.113.9 -all");
    assert_merged(S OUR_SPF " v=spf1 mx -all", WXS_WRONG, "spf_two_versions",
                  "v=spf1 " OURS " mx -all");
}
END_TEST

START_TEST(a_typing_mistake_has_its_place)
{
    static wxs_verdict verdict;
    catalogue_row row = {
        "P7",      WXS_RECORD_SPF, S "v=spf1 inlude:_spf.waxseal.example ~all",
        WXS_WRONG, "spf_syntax",   false};

    judge_row(&row, &verdict);
    ck_assert_ptr_nonnull(strstr(verdict.message, "position 8"));
}
END_TEST

int
main(void)
{
    return RUN("match spf", catalogue, merges_are_ready_to_paste,
               a_typing_mistake_has_its_place);
}
