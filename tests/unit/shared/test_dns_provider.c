#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns_provider.h"
#include "embedded.h"

static const struct {
    const char *host;
    const char *id; /* NULL: nobody */
} hosts[] = {
    {"amy.ns.cloudflare.com", "cloudflare"},
    {"amy.ns.cloudflare.com.", "cloudflare"},
    {"ns-1234.awsdns-05.co.uk", "route53"},
    {"ns37.domaincontrol.com", "godaddy"},
    {"dns1.registrar-servers.com", "namecheap"},
    {"ns1.squarespacedns.com", "squarespace"},
    {"ns-cloud-d1.googledomains.com", "google-cloud"},
    {"ns1042.ui-dns.biz", "ionos"},
    {"ns1-04.azure-dns.com", "azure"},
    {"ns2.he.net", "he"},
    {"ns1.example.com", NULL},
    {"ns.cloudflare.com.evil.example", NULL},
    {"xns.cloudflare.com.", NULL},
    {"", NULL},
    {".", NULL},
    {"*", NULL},
};

START_TEST(name_servers_tell_the_provider)
{
    wxs_dns_provider provider;
    bool found = wxs_dns_provider_by_host(hosts[_i].host, &provider);

    ck_assert_msg(found == (hosts[_i].id != NULL), "%s", hosts[_i].host);
    if (found)
        ck_assert_str_eq(provider.id, hosts[_i].id);
}
END_TEST

START_TEST(some_want_whole_names)
{
    wxs_dns_provider provider;

    ck_assert(wxs_dns_provider_by_id("godaddy", &provider));
    ck_assert_str_eq(provider.name, "GoDaddy");
    ck_assert(!provider.full_names);
    ck_assert(wxs_dns_provider_by_id("he", &provider));
    ck_assert(provider.full_names);
    ck_assert(!wxs_dns_provider_by_id("", &provider));
    ck_assert(!wxs_dns_provider_by_id("nobody", &provider));
}
END_TEST

/* Each line of the table can be read: id, short or full, name, patterns. */
START_TEST(the_table_is_sound)
{
    const struct wxs_embedded *file = wxs_embedded_files;
    wxs_dns_provider provider;
    char *text, *rest, *line;
    int lines = 0;

    while (strcmp(file->path, "conf/dns-providers.txt") != 0)
        file++;
    text = rest = strdup(file->data);
    while ((line = strsep(&rest, "\n")) != NULL) {
        char id[40], form[8];

        if (line[0] == '#' || line[0] == '\0')
            continue;
        ck_assert_msg(sscanf(line, "%39s | %7s |", id, form) == 2, "%s", line);
        ck_assert_msg(strcmp(form, "short") == 0 || strcmp(form, "full") == 0,
                      "%s", line);
        ck_assert_msg(wxs_dns_provider_by_id(id, &provider), "%s", line);
        ck_assert_msg(strchr(strrchr(line, '|'), '.') != NULL, "%s", line);
        lines++;
    }
    ck_assert_int_gt(lines, 30);
    free(text);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("dns_provider");
    TCase *tcase = tcase_create("dns_provider");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, name_servers_tell_the_provider, 0,
                        sizeof(hosts) / sizeof(hosts[0]));
    tcase_add_test(tcase, some_want_whole_names);
    tcase_add_test(tcase, the_table_is_sound);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
