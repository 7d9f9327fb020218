#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "nginx_conf.h"

static wxs_config config;
static wxs_error error;
static char *made;

static void
network_add(const char *address, int prefix)
{
    wxs_networks *list = &config.edge.trusted_proxies;
    wxs_network *network = &list->item[list->count++];

    ck_assert_int_eq(inet_pton(AF_INET6, address, &network->address), 1);
    network->prefix = (uint8_t)prefix;
}

static void
setup(void)
{
    memset(&config, 0, sizeof(config));
    error.text[0] = '\0';
    strcpy(config.dir, "/var/lib/wax seal");
    strcpy(config.api.listen, "127.0.0.1:8080");
    strcpy(config.edge.listen, "0.0.0.0:80");
    strcpy(config.edge.tls_listen, "[::]:443");
    made = NULL;
}

static void
teardown(void)
{
    free(made);
}

static const char *
make(const char *text)
{
    free(made);
    made = wxs_nginx_conf_make(text, &config, "/opt/m.so", 3, &error);
    return made;
}

START_TEST(fills_placeholders)
{
    ck_assert_str_eq(make("a @MODULE@ @WORKERS@ \"@DIR@/x\";\n@API_LISTEN@ "
                          "@EDGE_LISTEN@ @EDGE_TLS_LISTEN@ @REGION@@DIR@"),
                     "a /opt/m.so 3 \"/var/lib/wax seal/x\";\n127.0.0.1:8080 "
                     "0.0.0.0:80 [::]:443 us-east-1/var/lib/wax seal");
    ck_assert_str_eq(make(""), "");
}
END_TEST

START_TEST(leaves_other_at_signs_alone)
{
    const char *text = "error_page 404 @not_found; @broken @@ x@ @A-B@ @";

    ck_assert_str_eq(make(text), text);
}
END_TEST

START_TEST(refuses_an_unknown_placeholder)
{
    ck_assert_ptr_null(make("x @NONSENSE@ y"));
    ck_assert_ptr_nonnull(strstr(error.text, "@NONSENSE@"));
}
END_TEST

START_TEST(does_not_fill_what_it_filled_in)
{
    strcpy(config.dir, "/a@WORKERS@b");
    ck_assert_str_eq(make("@DIR@"), "/a@WORKERS@b");
}
END_TEST

START_TEST(writes_trusted_networks)
{
    ck_assert_str_eq(make("{\n@TRUSTED_GEO@}@TRUSTED_REALIP@"), "{\n}");
    network_add("::ffff:10.1.0.0", 96 + 16);
    network_add("::ffff:0.0.0.0", 96);
    network_add("2001:db8::", 32);
    network_add("::", 0);
    ck_assert_str_eq(make("@TRUSTED_GEO@"), "        10.1.0.0/16 1;\n"
                                            "        0.0.0.0/0 1;\n"
                                            "        2001:db8::/32 1;\n"
                                            "        ::/0 1;\n");
    ck_assert_str_eq(make("@TRUSTED_REALIP@"),
                     "        set_real_ip_from 10.1.0.0/16;\n"
                     "        set_real_ip_from 0.0.0.0/0;\n"
                     "        set_real_ip_from 2001:db8::/32;\n"
                     "        set_real_ip_from ::/0;\n"
                     "        real_ip_header X-Forwarded-For;\n"
                     "        real_ip_recursive on;\n");
}
END_TEST

START_TEST(names_the_regions_that_are_set)
{
    ck_assert_str_eq(make("@DEFAULT_HOSTS@"), "");
    strcpy(config.region[1].tracking_target, "links.eu.example");
    ck_assert_str_eq(make("@DEFAULT_HOSTS@"),
                     "    waxseal_default_host \"links.eu.example\";\n");
    strcpy(config.region[3].tracking_target, "links.sa.example");
    ck_assert_str_eq(make("@DEFAULT_HOSTS@"),
                     "    waxseal_default_host \"links.eu.example\" "
                     "\"links.sa.example\";\n");
}
END_TEST

static const char *const unquotable[] = {
    "/a\"b", "/a\\b", "/a$b", "/a\nb", "/a\x7f", "/a*", "/a?", "/a[b",
};

START_TEST(refuses_a_path_that_nginx_cannot_quote)
{
    strcpy(config.dir, unquotable[_i]);
    ck_assert_ptr_null(make("x"));
    ck_assert_ptr_nonnull(strstr(error.text, "choose another folder"));
    setup();
    ck_assert_ptr_null(
        wxs_nginx_conf_make("x", &config, unquotable[_i], 1, &error));
}
END_TEST

START_TEST(fills_the_real_templates)
{
    static const char *const names[] = {"conf/nginx.conf.in",
                                        "conf/fastcgi.conf.in"};

    for (size_t i = 0; i < 2; i++) {
        const char *text = wxs_embedded_text(names[i], &error);
        ck_assert_ptr_nonnull(text);
        ck_assert_ptr_nonnull(make(text));
        ck_assert_ptr_null(strstr(made, "@DIR@"));
        /* run by an ordinary user, nginx would only complain of it */
        ck_assert_ptr_null(strstr(made, "\nuser "));
    }
    ck_assert_ptr_null(wxs_embedded_text("conf/nothing", &error));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("nginx_conf");
    TCase *tcase = tcase_create("nginx_conf");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, fills_placeholders);
    tcase_add_test(tcase, leaves_other_at_signs_alone);
    tcase_add_test(tcase, refuses_an_unknown_placeholder);
    tcase_add_test(tcase, does_not_fill_what_it_filled_in);
    tcase_add_test(tcase, writes_trusted_networks);
    tcase_add_test(tcase, names_the_regions_that_are_set);
    tcase_add_loop_test(tcase, refuses_a_path_that_nginx_cannot_quote, 0,
                        (int)(sizeof(unquotable) / sizeof(unquotable[0])));
    tcase_add_test(tcase, fills_the_real_templates);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
