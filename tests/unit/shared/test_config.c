#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../state_dir.h"
#include "config.h"
#include "embedded.h"

static wxs_config config;
static wxs_error error;

static void
load(const char *text)
{
    state_write("waxseal.conf", text);
    ck_assert_msg(wxs_config_load(&config, state_dir, NULL, &error), "%s",
                  error.text);
}

static void
refuse(const char *text, const char *reason)
{
    state_write("waxseal.conf", text);
    ck_assert_msg(!wxs_config_load(&config, state_dir, NULL, &error), "%s",
                  text);
    ck_assert_msg(strstr(error.text, reason) != NULL, "%s", error.text);
}

static struct in6_addr
address(const char *text)
{
    struct in6_addr parsed;

    ck_assert_int_eq(inet_pton(AF_INET6, text, &parsed), 1);
    return parsed;
}

START_TEST(defaults_hold_without_a_file)
{
    ck_assert(wxs_config_load(&config, state_dir, NULL, &error));
    ck_assert_str_eq(config.dir, state_dir);
    ck_assert_str_eq(config.api.listen, "127.0.0.1:8080");
    ck_assert_str_eq(config.edge.listen, "127.0.0.1:8081");
    ck_assert_str_eq(config.edge.tls_listen, "127.0.0.1:8443");
    ck_assert_int_eq(config.edge.public_scheme, WXS_SCHEME_AUTO);
    ck_assert_uint_eq(config.edge.trusted_proxies.count, 0);
    ck_assert_uint_eq(config.dns.port, 53);
    ck_assert_int_eq(config.dns.mode, WXS_DNS_AUTHORITATIVE);
    ck_assert_uint_gt(config.dns.resolver_len, 0);
    ck_assert_int_eq(config.verify.window_ms, INT64_C(72) * 3600 * 1000);
    ck_assert_int_eq(config.verify.min_interval_ms, 5000);
    ck_assert_int_eq(config.verify.max_interval_ms, 30 * 60 * 1000);
    ck_assert_int_eq(config.verify.watch_interval_ms, 12 * 3600 * 1000);
    ck_assert_str_eq(config.names.allow_special,
                     "example example.com example.net example.org");
    ck_assert_int_eq(config.journal.sync_ms, 200);
    ck_assert_int_eq(config.events.hold_ms, 30000);
    ck_assert_str_eq(config.webhook.schedule, "0s 5s 5m 30m 2h 5h 10h 10h");
    ck_assert_int_eq(config.dkim.pool, 16);
    ck_assert_str_eq(config.region[0].name, "us-east-1");
    ck_assert_str_eq(config.region[3].name, "ap-northeast-1");
    ck_assert_str_eq(config.region[1].spf_include,
                     "_spf.eu-west-1.waxseal.example");
    ck_assert_str_eq(wxs_config_region(&config, "sa-east-1")->bounce_mx,
                     "bounce.sa-east-1.waxseal.example");
    ck_assert_ptr_null(wxs_config_region(&config, "eu-central-1"));
}
END_TEST

START_TEST(a_file_changes_them)
{
    const struct sockaddr_in *resolver =
        (const struct sockaddr_in *)&config.dns.resolver;

    load("; comment\n[api]\nlisten = [::1]:80\n\n[edge]\n"
         "public_scheme=https ; inline\ntrusted_proxies = 10.1.2.3/8,\n"
         "    2001:db8::/32\t192.0.2.1\n[dns]\nresolver=127.0.0.2:5353\n"
         "mode = recursive\n[verify]\nwindow = 90s\nmin_interval = 10ms\n"
         "[names]\nallow_special = Example.  test\n[dkim]\npool = 1\n"
         "[region.eu-west-1]\ntracking_target = Links.Acme.Example.\n");
    ck_assert_str_eq(config.api.listen, "[::1]:80");
    ck_assert_int_eq(config.edge.public_scheme, WXS_SCHEME_HTTPS);
    ck_assert_uint_eq(config.edge.trusted_proxies.count, 3);
    ck_assert_int_eq(resolver->sin_family, AF_INET);
    ck_assert_uint_eq(ntohs(resolver->sin_port), 5353);
    ck_assert_uint_eq(ntohl(resolver->sin_addr.s_addr), 0x7f000002);
    ck_assert_int_eq(config.dns.mode, WXS_DNS_RECURSIVE);
    ck_assert_int_eq(config.verify.window_ms, 90000);
    ck_assert_int_eq(config.verify.min_interval_ms, 10);
    ck_assert_str_eq(config.names.allow_special, "example test");
    ck_assert_int_eq(config.dkim.pool, 1);
    ck_assert_str_eq(config.region[1].tracking_target, "links.acme.example");
    ck_assert_str_eq(config.region[0].tracking_target,
                     "links.us-east-1.waxseal.example");
}
END_TEST

START_TEST(the_template_holds_the_defaults)
{
    wxs_config defaults;
    const struct wxs_embedded *file = wxs_embedded_files;
    char text[8192];
    size_t used = 0;

    ck_assert(wxs_config_load(&defaults, state_dir, NULL, &error));
    while (file->path != NULL &&
           strcmp(file->path, "conf/waxseal.conf.in") != 0)
        file++;
    ck_assert_ptr_nonnull(file->path);
    /* ";key = value" is a default, "; text" a comment; one is described */
    for (size_t i = 0; i < file->size && used < sizeof(text) - 1; i++) {
        bool start = i == 0 || file->data[i - 1] == '\n';
        if (start && file->data[i] == ';' && file->data[i + 1] != ' ' &&
            strncmp(file->data + i, ";resolver", 9) != 0)
            continue;
        text[used++] = file->data[i];
    }
    text[used] = '\0';
    load(text);
    ck_assert_mem_eq(&config, &defaults, sizeof(config));
}
END_TEST

START_TEST(the_environment_wins)
{
    ck_assert_int_eq(setenv("WAXSEAL_API_LISTEN", "127.0.0.3:1", 1), 0);
    ck_assert_int_eq(
        setenv("WAXSEAL_REGION_US_EAST_1_SPF_INCLUDE", "spf.example", 1), 0);
    ck_assert_int_eq(setenv("WAXSEAL_NOTHING", "1", 1), 0);
    load("[api]\nlisten = 127.0.0.1:2\n");
    ck_assert_str_eq(config.api.listen, "127.0.0.3:1");
    ck_assert_str_eq(config.region[0].spf_include, "spf.example");
    ck_assert_int_eq(setenv("WAXSEAL_DKIM_POOL", "many", 1), 0);
    refuse("", "WAXSEAL_DKIM_POOL: dkim.pool cannot be \"many\"; allowed: 1 "
               "to 10000");
}
END_TEST

START_TEST(faults_name_file_and_line)
{
    char path[256];

    snprintf(path, sizeof(path), "%s:3: dkim.pool cannot be \"0\"",
             state_path("waxseal.conf"));
    refuse("\n[dkim]\npool = 0\n", path);
    snprintf(path, sizeof(path), "%s:2: this section has no such key: pol",
             state_path("waxseal.conf"));
    refuse("[dkim]\npol = 3\n", path);
    refuse("[dkims]\npool = 3\n", ":2: there is no such section: dkims");
    refuse("[dkim]\npool = 3\nnonsense\n", ":3: this is neither");
    refuse("[dkim\npool = 3\n", ":1: this is neither");
    refuse("[dkim]\npool = 3\n[api]\n[dkim]\npool = 4\n",
           ":5: this key is given twice: pool");
    ck_assert(!wxs_config_load(&config, state_dir, "/nonexistent", &error));
    ck_assert_ptr_nonnull(strstr(error.text, "cannot read /nonexistent"));
    ck_assert(!wxs_config_load(&config, "/nonexistent", NULL, &error));
}
END_TEST

START_TEST(a_long_line_is_refused_not_cut)
{
    char text[400];

    memset(text, ' ', sizeof(text));
    memcpy(text, "[names]\nallow_special = example", 31);
    memcpy(text + 390, "test\n", 6);
    refuse(text, ":2: this line is too long");
}
END_TEST

#define LABEL_OF_64                                                            \
    "[region.us-east-1]\nbounce_mx = "                                         \
    "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-0123456789.a"

static const char *const bad_lines[] = {
    "[api]\nlisten = localhost:80",
    "[api]\nlisten = 127.0.0.1",
    "[api]\nlisten = 127.0.0.1:0",
    "[api]\nlisten = 127.0.0.1:65536",
    "[api]\nlisten = 127.0.0.1:80;",
    "[api]\nlisten = ::1:80",
    "[api]\nlisten = [127.0.0.1]:80",
    "[api]\nlisten = [::1]80",
    "[api]\nlisten = [::1:80",
    "[edge]\npublic_scheme = HTTP",
    "[edge]\ntrusted_proxies = 10.0.0.0/33",
    "[edge]\ntrusted_proxies = ::/129",
    "[edge]\ntrusted_proxies = 10.0.0",
    "[edge]\ntrusted_proxies = 10.0.0.0/",
    "[edge]\ntrusted_proxies = 10.0.0.0/-1",
    "[dns]\nresolver = resolver.example:53",
    "[dns]\nresolver =",
    "[dns]\nport = 0",
    "[dns]\nport = 053x",
    "[dns]\nmode = both",
    "[verify]\nwindow = 72",
    "[verify]\nwindow = h",
    "[verify]\nwindow = -1h",
    "[verify]\nwindow = 1h30m",
    "[verify]\nwindow = 0s",
    "[verify]\nwindow = 999999999999d",
    "[verify]\nwindow = 99999999999d",
    "[verify]\nmin_interval = 31m",
    "[journal]\nsync = 0ms",
    "[names]\nallow_special = a..b",
    "[names]\nallow_special = -a",
    "[region.us-east-1]\nspf_include =",
    "[region.us-east-1]\nspf_include = a b",
    "[region.us-east-1]\nbounce_mx = a-.b",
    "[region.us-east-1]\nbounce_mx = a..b",
    "[region.us-east-1]\nbounce_mx = .",
    "[region.us-east-1]\nbounce_mx = b\xc3\xbc.example",
    LABEL_OF_64,
    "[acme]\ndirectory = http://acme.example",
    "[acme]\nemail = nobody",
    "[acme]\nca_file = ca.pem",
    "[acme]\naccept_terms = maybe",
    "[acme]\norder_limit = 300",
    "[acme]\norder_limit = 0/3h",
    "[acme]\ndomain_limit = 50/7",
    "[acme]\nfailure_limit = /1h",
    "[webhook]\nschedule =",
    "[webhook]\nschedule = 5s later",
    "[dkim]\npool = 10001",
    "[dkim]\npool = 1x",
};

START_TEST(bad_values_are_refused)
{
    char text[256];

    snprintf(text, sizeof(text), "%s\n", bad_lines[_i]);
    /* "a ;" would be an inline comment, "a;" is not */
    refuse(text, strstr(text, "31m") == NULL ? "cannot be" : "longer than");
}
END_TEST

START_TEST(networks_contain_addresses)
{
    static const struct {
        const char *address;
        bool inside;
    } cases[] = {{"::ffff:10.255.0.1", true},  {"::ffff:11.0.0.1", false},
                 {"::ffff:192.0.2.9", true},   {"::ffff:192.0.2.10", false},
                 {"2001:db8:7f00::1", true},   {"2001:db8:8000::1", false},
                 {"::a00:1", false},           {"::ffff:172.16.15.255", true},
                 {"::ffff:172.16.16.0", false}};

    load("[dns]\nallow_ns = 10.9.9.9/8 192.0.2.9 2001:db8::/33 "
         "172.16.0.0/20\n");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct in6_addr wanted = address(cases[i].address);
        ck_assert_msg(wxs_networks_contain(&config.dns.allow_ns, &wanted) ==
                          cases[i].inside,
                      "%s", cases[i].address);
    }
    ck_assert_uint_eq(config.dns.allow_ns.item[0].prefix, 104);
    ck_assert_uint_eq(config.dns.allow_ns.item[0].address.s6_addr[13], 0);
    load("[dns]\nallow_ns = 0.0.0.0/0\n");
    struct in6_addr v4 = address("::ffff:203.0.113.1");
    struct in6_addr v6 = address("2001:db8::1");
    ck_assert(wxs_networks_contain(&config.dns.allow_ns, &v4));
    ck_assert(!wxs_networks_contain(&config.dns.allow_ns, &v6));
}
END_TEST

START_TEST(paths_are_bounded)
{
    char path[512];
    char wanted[128];

    load("");
    snprintf(wanted, sizeof(wanted), "%s", state_path("link.key"));
    ck_assert(wxs_config_path(&config, "link.key", path, sizeof(path)));
    ck_assert_str_eq(path, wanted);
    ck_assert(!wxs_config_path(&config, "link.key", path, strlen(wanted)));
    ck_assert(wxs_config_path(&config, "link.key", path, strlen(wanted) + 1));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(tests, state_dir_make, state_dir_remove);
    tcase_add_test(tests, defaults_hold_without_a_file);
    tcase_add_test(tests, a_file_changes_them);
    tcase_add_test(tests, the_template_holds_the_defaults);
    tcase_add_test(tests, the_environment_wins);
    tcase_add_test(tests, faults_name_file_and_line);
    tcase_add_test(tests, a_long_line_is_refused_not_cut);
    tcase_add_loop_test(tests, bad_values_are_refused, 0,
                        (int)(sizeof(bad_lines) / sizeof(bad_lines[0])));
    tcase_add_test(tests, networks_contain_addresses);
    tcase_add_test(tests, paths_are_bounded);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
