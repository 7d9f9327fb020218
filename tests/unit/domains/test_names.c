#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "name_policy.h"
#include "names.h"

struct clean {
    const char *input;
    const char *name; /* NULL: refused */
    const char *says; /* part of the message */
};

static const struct clean cleaned[] = {
    {"example.com", "example.com", NULL},
    {" Mail.Example.COM.\r\n", "mail.example.com", NULL},
    {"b\xc3\xbc"
     "cher.example",
     "xn--bcher-kva.example", NULL},
    {"B\xc3\x9c"
     "CHER.example",
     "xn--bcher-kva.example", NULL},
    {"fa\xc3\x9f.example", "xn--fa-hia.example", NULL},
    {"xn--bcher-kva.example", "xn--bcher-kva.example", NULL},
    {"XN--BCHER-KVA.example", "xn--bcher-kva.example", NULL},
    {"ab--cd.example", "ab--cd.example", NULL},
    {"example\xe3\x80\x82"
     "com",
     "example.com", NULL},
    {"\xef\xbb\xbf"
     "example.com",
     "example.com", NULL},
    {"3com.example", "3com.example", NULL},

    {"", NULL, "holds no domain name"},
    {".", NULL, "holds no domain name"},
    {"localhost", NULL, "with a dot"},
    {"a..b.example", NULL, "empty part"},
    {".example.com", NULL, "empty part"},
    {"example.com..", NULL, "empty part"},
    {"-a.example", NULL, "hyphen"},
    {"a-.example", NULL, "hyphen"},
    {"_dmarc.example.com", NULL, "`_`"},
    {"two words.example", NULL, "spaces"},
    {"no\xc2\xa0"
     "break.example",
     NULL, "spaces"},
    {"a\tb.example", NULL, "control character"},
    {"caf\xc3(.example", NULL, "internationalised"},
    {"xn--a.example", NULL, "`xn--`"},
    {"xn--abc-.example", NULL, "hyphen"},
    {"1.2.3.4", NULL, "IP address"},
    {"[2001:db8::1]", NULL, "IP address"},
    {"2001:db8::1", NULL, "IP address"},
    {"1.2.3", NULL, "end in a number"},
    {"http://example.com", NULL, "`http://`. Did you mean `example.com`?"},
    {"https://Example.com:8443/a?b#c", NULL,
     "remove `https://`, the path after the name, the port with its `:`. "
     "Did you mean `example.com`?"},
    {"user@b\xc3\xbc"
     "cher.example",
     NULL, "up to `@`. Did you mean `xn--bcher-kva.example`?"},
    {"mailto:user@example.com", NULL, "Did you mean `example.com`?"},
    {"*.example.com", NULL, "`*.`. Did you mean `example.com`?"},
    {"example.com/", NULL, "Did you mean `example.com`?"},
    {"https://", NULL, "remove `https://`."},
    {"a*.example.com", NULL, "letters, digits"},
};

START_TEST(cleans_what_people_paste)
{
    const struct clean *c = &cleaned[_i];
    wxs_error error = {""};
    char name[WXS_NAME_TEXT];
    bool ok = wxs_name_clean(c->input, strlen(c->input), name, &error);

    ck_assert_msg(ok == (c->name != NULL), "%s: %s", c->input, error.text);
    if (ok)
        ck_assert_str_eq(name, c->name);
    else
        ck_assert_msg(strstr(error.text, c->says) != NULL, "%s: %s", c->input,
                      error.text);
}
END_TEST

START_TEST(refuses_zero_bytes)
{
    wxs_error error;
    char name[WXS_NAME_TEXT];

    ck_assert(!wxs_name_clean("example.com\0.net", 16, name, &error));
}
END_TEST

/* Labels of 63 characters and a rest that makes up the length. */
static size_t
long_name(char *name, size_t len)
{
    memset(name, 'a', len);
    for (size_t i = 63; i + 1 < len; i += 64)
        name[i] = '.';
    return len;
}

START_TEST(bounds_lengths)
{
    char input[2000];
    char name[WXS_NAME_TEXT];
    wxs_error error;

    ck_assert(wxs_name_clean(input, long_name(input, WXS_SENDING_NAME_MAX),
                             name, &error));
    ck_assert(!wxs_name_clean(input, long_name(input, WXS_SENDING_NAME_MAX + 1),
                              name, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "too long"));
    ck_assert(!wxs_name_clean(input, long_name(input, 1999), name, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "too long"));
    memset(input, 'a', 64);
    memcpy(input + 64, ".example", 8);
    ck_assert(!wxs_name_clean(input, 72, name, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "63"));
    ck_assert(wxs_name_clean(input + 1, 71, name, &error));
}
END_TEST

START_TEST(knows_labels)
{
    static const char *const good[] = {"links", "a", "0", "a-b.c", "xn--x"};
    static const char *const bad[] = {"",   ".", "a.",  ".a",   "-a",  "a-",
                                      "_a", "A", "a b", "a..b", "a.-b"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(wxs_labels_valid(good[i], strlen(good[i])), "%s",
                      good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!wxs_labels_valid(bad[i], strlen(bad[i])), "%s", bad[i]);
}
END_TEST

struct policy {
    const char *name;
    const char *says; /* NULL: allowed */
};

static const struct policy policies[] = {
    {"waxseal-customer.com", NULL},
    {"mail.waxseal-customer.co.uk", NULL},
    {"customer.example", NULL},
    {"a.example.com", NULL},
    {"a.test", "below `test`"},
    {"a.b.test", NULL},
    {"printer.local", "below `local`"},
    {"a.home.arpa", "below `arpa`"},
    {"co.uk", "public suffix"},
    {"github.io", "public suffix"},
    {"me.github.io", NULL},
    {"gmail.com", "mailbox provider"},
    {"mail.gmail.com", "mailbox provider"},
    {"yahoo.co.uk", "mailbox provider"},
    {"gmx.net", "mailbox provider"},
    {"126.com", "mailbox provider"},
    {"zohomail.in", "mailbox provider"},
    {"notgmail.com", NULL},
    {"yahoo.waxseal-customer.com", NULL},
    {"gmail.com.waxseal-customer.com", NULL},
    {"notlocal.com", NULL},
    {"gov.in", NULL}, /* the operator's exceptions */
    {"gov.uk", "public suffix"},
    {"proton.me", NULL},
    {"mail.fastmail.com", NULL},
    {"refused-customer.com", "operator of this server refuses"},
    {"a.refused-customer.com", "operator of this server refuses"},
    {"not-refused-customer.com", NULL},
};

START_TEST(allows_what_one_may_own)
{
    const struct policy *p = &policies[_i];
    const wxs_name_rules rules = {
        .allow_special = "example example.com b.test",
        .allow_suffixes = "gov.in",
        .allow_freemail = "fastmail.com proton.me",
        .refuse = "refused-customer.com",
    };
    psl_ctx_t *psl = psl_latest(NULL);
    wxs_error error = {""};
    bool ok = wxs_name_allowed(p->name, psl, &rules, &error);

    ck_assert_msg(ok == (p->says == NULL), "%s: %s", p->name, error.text);
    if (!ok)
        ck_assert_msg(strstr(error.text, p->says) != NULL, "%s", error.text);
    psl_free(psl);
}
END_TEST

START_TEST(finds_the_registrable_domain)
{
    psl_ctx_t *psl = psl_latest(NULL);

    ck_assert_str_eq(wxs_name_registrable("a.b.c.co.uk", psl), "c.co.uk");
    ck_assert_str_eq(wxs_name_registrable("customer.example", psl),
                     "customer.example");
    ck_assert_str_eq(wxs_name_registrable("co.uk", psl), "co.uk");
    psl_free(psl);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("names");
    TCase *names = tcase_create("names");
    SRunner *runner;
    int failures;

    tcase_add_loop_test(names, cleans_what_people_paste, 0,
                        sizeof(cleaned) / sizeof(cleaned[0]));
    tcase_add_test(names, refuses_zero_bytes);
    tcase_add_test(names, bounds_lengths);
    tcase_add_test(names, knows_labels);
    tcase_add_loop_test(names, allows_what_one_may_own, 0,
                        sizeof(policies) / sizeof(policies[0]));
    tcase_add_test(names, finds_the_registrable_domain);
    suite_add_tcase(suite, names);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
