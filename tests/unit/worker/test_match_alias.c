/* DKIM records that are CNAMEs into the operator's zone. */
#include <openssl/evp.h>
#include <string.h>

#include "noted_rows.h"
#include "verify/match.h"
#include "zone_world.h"

#define NAME   "wx1._domainkey.customer.example"
#define TARGET "wx1-0123.dkim.op.example"
#define KEY    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static const wxs_expected expected = {
    .kind = WXS_RECORD_DKIM, .fqdn = NAME, .value = KEY, .alias = TARGET};

/* What is judged of the record's own zone and of all that is beyond it; NULL:
 * nothing there answers. */
static void
expect(const char *zone, const char *beyond, wxs_class class, const char *code)
{
    static wxs_verdict verdict;
    zone_world w;
    wxs_dns_answer *answer = zone_answer(NAME, LDNS_RR_TYPE_TXT, zone, true);
    const wxs_observation seen = {"ns1.customer.example", "192.0.2.1", answer};

    world_open(&w, beyond == NULL ? "; silent example\n; silent net" : beyond);
    w.world.domain = w.world.organizational = w.world.zone = "customer.example";
    wxs_match(&expected, &seen, 1, &w.world, &verdict);
    ck_assert_msg(verdict.class == class && strcmp(verdict.code, code) == 0,
                  "%s/%s instead of %s/%s: %s", wxs_class_name(verdict.class),
                  verdict.code, wxs_class_name(class), code, verdict.message);
    if (wxs_class_miss(class))
        ck_assert_int_ne(verdict.fix[0], '\0');
    note_row("alias", code);
    wxs_dns_answer_free(answer);
    world_close(&w);
}

#define CNAME(target)  NAME ". 60 IN CNAME " target "."
#define TXT(text)      AT(TARGET, text)
#define AT(name, text) name ". 60 IN TXT \"" text "\""
#define OTHER                                                                  \
    "v=DKIM1; k=ed25519; p="                                                   \
    "AAAAAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

START_TEST(the_alias_is_judged_with_what_is_behind)
{
    expect(CNAME(TARGET), TXT(KEY), WXS_EXACT, "ok");
    expect(CNAME(TARGET), "", WXS_MISSING, "dkim_target_missing");
    expect(CNAME(TARGET), TXT(OTHER), WXS_MISSING, "dkim_target_missing");
    expect(CNAME(TARGET), NULL, WXS_TEMP, "beyond_unknown");
    expect(CNAME("dkim.example.net"), AT("dkim.example.net", KEY),
           WXS_SATISFIED, "ok");
    expect(CNAME("dkim.example.net"), "", WXS_WRONG, "dkim_alias_other");
    expect(CNAME("dkim.example.net"), NULL, WXS_TEMP, "beyond_unknown");
    expect(CNAME(TARGET ".customer.example"), "", WXS_WRONG, "cname_relative");
    expect("", NULL, WXS_MISSING, "missing");
    expect(NAME ". 60 IN TXT \"" KEY "\"", NULL, WXS_SATISFIED,
           "dkim_alias_direct");
    expect(NAME ". 60 IN TXT \"" OTHER "\"", NULL, WXS_WRONG,
           "dkim_alias_not_cname");
    expect(NAME ". 60 IN TXT \"hello\"", NULL, WXS_WRONG,
           "dkim_alias_not_cname");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("match_alias");
    TCase *tcase = tcase_create("match_alias");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, the_alias_is_judged_with_what_is_behind);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
