#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/agent.h"
#include "embedded.h"

/* The agents of conf/agents.txt, and lists that are refused. */

static wxs_agent_list list;

static const char *
embedded(const char *path)
{
    const struct wxs_embedded *file = wxs_embedded_files;

    while (strcmp(file->path, path) != 0)
        file++;
    return file->data;
}

static void
setup(void)
{
    wxs_error error;

    ck_assert_msg(
        wxs_agent_list_parse(embedded("conf/agents.txt"), &list, &error), "%s",
        error.text);
}

static void
teardown(void)
{
    wxs_agent_list_free(&list);
}

static wxs_agent
read_agent(const char *text)
{
    return wxs_agent_read(&list, text, strlen(text));
}

static void
use(const char *text)
{
    wxs_error error;

    wxs_agent_list_free(&list);
    ck_assert_msg(wxs_agent_list_parse(text, &list, &error), "%s", error.text);
}

START_TEST(machines)
{
    static const struct {
        const char *agent;
        wxs_agent_kind kind;
    } cases[] = {
        {"curl/8.5.0", WXS_AGENT_LIBRARY},
        {"python-requests/2.31.0", WXS_AGENT_LIBRARY},
        {"Go-http-client/1.1", WXS_AGENT_LIBRARY},
        {"Mozilla/5.0 (compatible; Googlebot/2.1; "
         "+http://www.google.com/bot.html)",
         WXS_AGENT_CRAWLER},
        {"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
         WXS_AGENT_PREVIEW},
        {"facebookexternalhit/1.1 "
         "(+http://www.facebook.com/externalhit_uatext.php)",
         WXS_AGENT_PREVIEW},
        {"WhatsApp/2.23.20.0", WXS_AGENT_PREVIEW},
        {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like "
         "Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
         WXS_AGENT_AUTOMATION},
        {"BarracudaCentral/1.0", WXS_AGENT_SCANNER},
        {"Mozilla/5.0 (compatible; SomeNewBot/1.0)", WXS_AGENT_CRAWLER},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wxs_agent agent = read_agent(cases[i].agent);

        ck_assert_msg(agent.machine == cases[i].kind, "%s: %d", cases[i].agent,
                      agent.machine);
        ck_assert_int_eq(agent.device, WXS_DEVICE_OTHER);
    }
}
END_TEST

START_TEST(people)
{
    static const struct {
        const char *agent;
        wxs_device device;
        const char *client;
    } cases[] = {
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) "
         "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 "
         "Safari/604.1",
         WXS_DEVICE_MOBILE, "-"},
        {"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 "
         "(KHTML, like Gecko) Mobile/15E148",
         WXS_DEVICE_TABLET, "-"},
        {"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, "
         "like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
         WXS_DEVICE_MOBILE, "-"},
        {"Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 (KHTML, "
         "like Gecko) Chrome/126.0.0.0 Safari/537.36",
         WXS_DEVICE_TABLET, "-"},
        {"Mozilla/5.0 (Linux; Android 9; CUBOT P30) AppleWebKit/537.36 (KHTML, "
         "like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
         WXS_DEVICE_MOBILE, "-"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 "
         "Firefox/127.0",
         WXS_DEVICE_DESKTOP, "-"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:115.0) Gecko/20100101 "
         "Thunderbird/115.12.0",
         WXS_DEVICE_DESKTOP, "thunderbird"},
        {"Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; "
         "Trident/7.0; Microsoft Outlook 16.0.17628; ms-office; MSOffice 16)",
         WXS_DEVICE_DESKTOP, "outlook"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wxs_agent agent = read_agent(cases[i].agent);

        ck_assert_msg(agent.machine == 0 && agent.has_engine &&
                          !agent.is_ancient && !agent.is_proxy,
                      "%s: %d", cases[i].agent, agent.machine);
        ck_assert_msg(agent.device == cases[i].device, "%s: %d", cases[i].agent,
                      agent.device);
        ck_assert_str_eq(list.names[agent.client], cases[i].client);
    }
}
END_TEST

START_TEST(proxies)
{
    static const char *const agents[] = {
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via "
        "ggpht.com GoogleImageProxy)",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, "
        "like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 "
        "Mozilla/5.0",
        "YahooMailProxy; https://help.yahoo.com/kb/"
        "yahoo-mail-proxy-SLN28749.html",
    };

    for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++) {
        ck_assert(read_agent(agents[i]).is_proxy);
        ck_assert_int_eq(read_agent(agents[i]).device, WXS_DEVICE_PROXY);
    }
    ck_assert(read_agent("Mozilla/5.0").is_bare);
    ck_assert(!read_agent("Mozilla/5.0").is_proxy);
    ck_assert(!read_agent("Mozilla/5.0 ").is_bare);
    ck_assert(read_agent("").is_empty);
}
END_TEST

START_TEST(ancient)
{
    ck_assert(read_agent("Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 "
                         "(KHTML, like Gecko) Chrome/41.0.2228.0 Safari/537.36")
                  .is_ancient);
    ck_assert(read_agent("Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; "
                         "Trident/5.0)")
                  .is_ancient);
    ck_assert(!read_agent("Chrome/").is_ancient);
    ck_assert(!read_agent("Chrome/99999999999999999999").is_ancient);
}
END_TEST

START_TEST(patterns)
{
    use("scanner - \\bab\\b\n"
        "crawler - ^Start\n"
        "monitor - end$\n"
        "library - (?i)MiXeD\n"
        "feed - with\\sspace\n"
        "preview - \\^\\$\\\\\n"
        "not - taxicab\n");
    ck_assert_int_eq(read_agent("x ab y").machine, WXS_AGENT_SCANNER);
    ck_assert_int_eq(read_agent("ab").machine, WXS_AGENT_SCANNER);
    ck_assert_int_eq(read_agent("xab ab3 taxicab").machine, 0);
    ck_assert_int_eq(read_agent("Started").machine, WXS_AGENT_CRAWLER);
    ck_assert_int_eq(read_agent("start").machine, 0);
    ck_assert_int_eq(read_agent(" Start").machine, 0);
    ck_assert_int_eq(read_agent("the end").machine, WXS_AGENT_MONITOR);
    ck_assert_int_eq(read_agent("ending").machine, 0);
    ck_assert_int_eq(read_agent("xmIxEdx").machine, WXS_AGENT_LIBRARY);
    ck_assert_int_eq(read_agent("with space").machine, WXS_AGENT_FEED);
    ck_assert_int_eq(read_agent("a^$\\b").machine, WXS_AGENT_PREVIEW);
}
END_TEST

START_TEST(overlapping)
{
    use("crawler - abcd\nscanner - bc\nlibrary - Bc\nmonitor - c\n");
    /* the longest counts, whatever the case of the others */
    ck_assert_int_eq(read_agent("xabcd").machine, WXS_AGENT_CRAWLER);
    ck_assert_int_eq(read_agent("xabc").machine, WXS_AGENT_SCANNER);
    ck_assert_int_eq(read_agent("aBc").machine, WXS_AGENT_LIBRARY);
    ck_assert_int_eq(read_agent("BC c").machine, WXS_AGENT_MONITOR);
}
END_TEST

START_TEST(refused)
{
    static const char *const bad[] = {
        "scanner\n",        "scanner - \n",
        "what - Text\n",    "scanner - ^\n",
        "scanner - $\n",    "scanner - \\x\n",
        "scanner - a\\\n",  "scanner - a b\n",
        "scanner - \\b\n",  "scanner - \xc3\xa9\n",
        "scanner - (?i)\n", "scanner 12345678901234567890123456789012 a\n",
    };
    wxs_agent_list wrong;
    wxs_error error;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!wxs_agent_list_parse(bad[i], &wrong, &error), "%s",
                      bad[i]);
        ck_assert_ptr_nonnull(strstr(error.text, "line 1: "));
    }
    ck_assert(wxs_agent_list_parse("", &wrong, &error));
    ck_assert_int_eq(wxs_agent_read(&wrong, "curl/8", 6).machine, 0);
    wxs_agent_list_free(&wrong);
}
END_TEST

/* More agents than the memory has room for are told apart all the same. */
START_TEST(cached)
{
    static wxs_agent_cache cache = {.key = {1, 2}};
    char text[64];
    uint64_t hash, again;

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3 * WXS_AGENT_SETS * WXS_AGENT_WAYS; i++) {
            bool is_bot = i % 3 == 0;
            int len = snprintf(text, sizeof text, "Agent/%d %s", i,
                               is_bot ? "bot" : "bott");
            wxs_agent agent =
                wxs_agent_recall(&cache, &list, text, (size_t)len, &hash);

            ck_assert_int_eq(agent.machine, is_bot ? WXS_AGENT_CRAWLER : 0);
            ck_assert_int_eq(
                wxs_agent_recall(&cache, &list, text, (size_t)len, &again)
                    .machine,
                agent.machine);
            ck_assert_uint_eq(hash, again);
        }
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("agents");
    TCase *tc = tcase_create("agents");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, machines);
    tcase_add_test(tc, people);
    tcase_add_test(tc, proxies);
    tcase_add_test(tc, ancient);
    tcase_add_test(tc, patterns);
    tcase_add_test(tc, overlapping);
    tcase_add_test(tc, refused);
    tcase_add_test(tc, cached);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
