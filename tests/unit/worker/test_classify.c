#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "classify/classifier.h"
#include "log.h"
#include "mmdb.h"
#include "traffic.h"
#include "traffic_score.h"

/* Classification of events, alone and with their neighbours. */

#define CHROME                                                                 \
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, "    \
    "like Gecko) Chrome/146.0.0.0 Safari/537.36"
#define FIREFOX                                                                \
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
#define SAFARI                                                                 \
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "    \
    "(KHTML, like Gecko) Version/18.4 Safari/605.1.15"
#define START UINT64_C(1790000000000)
#define HOME  "192.0.2.7"
#define AWAY  "198.51.100.9"

static wxs_config config;
static wxs_classifier *classifier;
static wxs_judgement judgements[64]; /* by id */
static wxs_classification last;
static int64_t last_id;
static char folder[32];

static void
open_classifier(void)
{
    wxs_error error = {""};

    wxs_classifier_close(classifier);
    classifier = wxs_classifier_open(&config, &error);
    ck_assert_msg(classifier != NULL, "%s", error.text);
}

static void
setup(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/classify.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    memset(&config, 0, sizeof config);
    last_id = 0;
    open_classifier();
}

static void
teardown(void)
{
    char command[64];

    wxs_classifier_close(classifier);
    classifier = NULL;
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static wxs_event
make_event(wxs_token_type type, uint64_t at, const char *address,
           const char *agent)
{
    wxs_event event = {.time_ms = START + at,
                       .type = type,
                       .mode = WXS_MODE_FULL,
                       .message_id = {1, 2, 3},
                       .prefix = "",
                       .rest = "",
                       .agent = agent,
                       .agent_len = strlen(agent)};

    if (strchr(address, ':') != NULL) {
        ck_assert_int_eq(inet_pton(AF_INET6, address, event.address), 1);
    } else {
        event.address[10] = event.address[11] = 0xff;
        ck_assert_int_eq(inet_pton(AF_INET, address, event.address + 12), 1);
    }
    return event;
}

/* Classifies it, with what of its address is stored. */
static int64_t
put_kept(const wxs_event *event, const char *link, const uint8_t *kept,
         size_t kept_len)
{
    wxs_classify_facts facts = {.id = ++last_id,
                                .event = event,
                                .link = link,
                                .link_len = link == NULL ? 0 : strlen(link),
                                .kept = kept,
                                .kept_len = kept_len};
    wxs_reclassified changes[WXS_RECLASSIFIED_MAX];
    size_t count = wxs_classify(classifier, &facts, &last, changes);

    judgements[last_id] = last.judgement;
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_lt(changes[i].id, last_id);
        judgements[changes[i].id] = changes[i].judgement;
    }
    return last_id;
}

static int64_t
put(const wxs_event *event, const char *link)
{
    return put_kept(event, link, event->address, sizeof event->address);
}

static int64_t
click(uint64_t at, uint32_t link, const char *address, const char *agent)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, at, address, agent);
    char url[32];

    event.link_index = link;
    (void)snprintf(url, sizeof url, "https://a.example/%u", link);
    return put(&event, url);
}

static int64_t
open_at(uint64_t at, const char *address, const char *agent)
{
    wxs_event event = make_event(WXS_TOKEN_OPEN, at, address, agent);

    return put(&event, NULL);
}

static void
check_last(wxs_verdict verdict, wxs_reason reason)
{
    ck_assert_str_eq(wxs_verdict_name(last.judgement.verdict),
                     wxs_verdict_name(verdict));
    ck_assert_str_eq(wxs_reason_name(last.judgement.reason),
                     wxs_reason_name(reason));
    ck_assert_int_le(last.judgement.certainty, 100);
}

static void
check(int64_t id, wxs_verdict verdict, wxs_reason reason)
{
    last.judgement = judgements[id];
    check_last(verdict, reason);
}

#define HUMAN(id)        check(id, WXS_VERDICT_HUMAN, WXS_REASON_BROWSER)
#define MACHINE(id, why) check(id, WXS_VERDICT_MACHINE, WXS_REASON_##why)

/* ---- alone ---- */

START_TEST(alone)
{
    static const struct {
        char type;
        const char *address, *agent;
        wxs_verdict verdict;
        wxs_reason reason;
    } cases[] = {
        {'c', HOME, CHROME, WXS_VERDICT_HUMAN, WXS_REASON_BROWSER},
        {'o', HOME, CHROME, WXS_VERDICT_HUMAN, WXS_REASON_BROWSER},
        {'c', HOME, "curl/8.5.0", WXS_VERDICT_MACHINE, WXS_REASON_HTTP_LIBRARY},
        {'c', HOME, "", WXS_VERDICT_MACHINE, WXS_REASON_NO_AGENT},
        {'o', HOME, "", WXS_VERDICT_MACHINE, WXS_REASON_NO_AGENT},
        {'c', HOME, "Mozilla/5.0", WXS_VERDICT_MACHINE, WXS_REASON_BARE_AGENT},
        {'o', HOME, "Mozilla/5.0", WXS_VERDICT_PROXY, WXS_REASON_IMAGE_PROXY},
        {'o', "172.225.3.4", "Mozilla/5.0", WXS_VERDICT_PROXY,
         WXS_REASON_IMAGE_PROXY},
        {'o', "2a02:26f7:c100::1", SAFARI, WXS_VERDICT_HUMAN,
         WXS_REASON_PRIVACY_RELAY},
        {'c', "2a02:26f7:c100::1", SAFARI, WXS_VERDICT_HUMAN,
         WXS_REASON_PRIVACY_RELAY},
        {'c', "40.94.3.4", CHROME, WXS_VERDICT_MACHINE,
         WXS_REASON_SCANNER_NETWORK},
        {'o', "40.94.3.4", CHROME, WXS_VERDICT_PROXY, WXS_REASON_IMAGE_PROXY},
        {'o', "40.92.3.4", CHROME, WXS_VERDICT_MACHINE,
         WXS_REASON_SCANNER_NETWORK},
        {'o', HOME, gmail_proxy, WXS_VERDICT_PROXY, WXS_REASON_IMAGE_PROXY},
        {'c', HOME, gmail_proxy, WXS_VERDICT_MACHINE, WXS_REASON_IMAGE_PROXY},
        {'c', HOME, office, WXS_VERDICT_MACHINE, WXS_REASON_CLIENT_PREFLIGHT},
        {'o', HOME, office, WXS_VERDICT_HUMAN, WXS_REASON_MAIL_CLIENT},
        {'o', HOME, "okhttp/4.12.0", WXS_VERDICT_HUMAN, WXS_REASON_MAIL_CLIENT},
        {'c', HOME, "okhttp/4.12.0", WXS_VERDICT_MACHINE,
         WXS_REASON_HTTP_LIBRARY},
        {'c', HOME, old_browser, WXS_VERDICT_MACHINE,
         WXS_REASON_ANCIENT_BROWSER},
        {'o', HOME, old_browser, WXS_VERDICT_HUMAN, WXS_REASON_BROWSER},
        {'c', HOME, own_client, WXS_VERDICT_UNKNOWN, WXS_REASON_ODD_AGENT},
        {'u', HOME, "", WXS_VERDICT_HUMAN, WXS_REASON_ONE_CLICK},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wxs_event event = make_event((wxs_token_type)cases[i].type, 0,
                                     cases[i].address, cases[i].agent);

        event.message_id[0] = (uint8_t)i; /* no neighbours */
        (void)put(&event, cases[i].type == 'c' ? "https://a.example/" : NULL);
        check_last(cases[i].verdict, cases[i].reason);
    }
}
END_TEST

START_TEST(flags_and_modes)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, 0, HOME, CHROME);

    event.flags = WXS_EVENT_PREFETCH;
    (void)put(&event, "https://a.example/");
    check_last(WXS_VERDICT_MACHINE, WXS_REASON_PREFETCH_HEADER);
    event.flags |= WXS_EVENT_HEAD;
    event.mode = WXS_MODE_ANONYMOUS;
    (void)put(&event, "https://a.example/");
    check_last(WXS_VERDICT_MACHINE, WXS_REASON_HEAD_REQUEST);
    event.flags = 0;
    (void)put(&event, "https://a.example/");
    check_last(WXS_VERDICT_UNKNOWN, WXS_REASON_ANONYMOUS);
    /* nothing of it is looked at */
    ck_assert_int_eq(last.device, WXS_DEVICE_UNKNOWN);
    ck_assert_ptr_null(last.client);
}
END_TEST

START_TEST(devices)
{
    (void)open_at(0, HOME, thunderbird);
    ck_assert_str_eq(wxs_device_name(last.device), "desktop");
    ck_assert_str_eq(last.client, "thunderbird");
    (void)open_at(0, HOME, phones[0]);
    ck_assert_str_eq(wxs_device_name(last.device), "mobile");
    ck_assert_ptr_null(last.client);
    (void)open_at(0, HOME, gmail_proxy);
    ck_assert_str_eq(wxs_device_name(last.device), "proxy");
    (void)open_at(0, HOME, "curl/8");
    ck_assert_str_eq(wxs_device_name(last.device), "other");
}
END_TEST

/* ---- with neighbours ---- */

START_TEST(burst)
{
    HUMAN(click(0, 0, HOME, CHROME));
    HUMAN(click(400, 1, HOME, CHROME));
    MACHINE(click(900, 2, HOME, CHROME), LINK_BURST);
    MACHINE(1, LINK_BURST);
    MACHINE(2, LINK_BURST);
    /* the person, later and from elsewhere */
    HUMAN(click(9000, 1, AWAY, FIREFOX));
    MACHINE(3, LINK_BURST);
}
END_TEST

START_TEST(burst_in_any_order)
{
    HUMAN(click(900, 2, HOME, CHROME));
    HUMAN(click(0, 0, HOME, CHROME));
    MACHINE(click(400, 1, HOME, CHROME), LINK_BURST);
    MACHINE(1, LINK_BURST);
    MACHINE(2, LINK_BURST);
}
END_TEST

START_TEST(burst_of_many_addresses)
{
    HUMAN(click(0, 0, "198.51.100.1", CHROME));
    HUMAN(click(350, 1, "203.0.113.1", FIREFOX));
    MACHINE(click(700, 2, "192.0.2.1", SAFARI), LINK_BURST);
    MACHINE(1, LINK_BURST);
    MACHINE(2, LINK_BURST);
}
END_TEST

/* One copy of a message for a whole list. */
START_TEST(crowd)
{
    char address[32];

    for (uint32_t i = 0; i < 60; i++) {
        (void)snprintf(address, sizeof address, "203.0.%u.1", i);
        (void)click(i * 700, i * 7 % 5, address, i % 2 ? CHROME : FIREFOX);
    }
    for (int64_t id = 1; id <= 60; id++)
        HUMAN(id);
}
END_TEST

START_TEST(people_are_slower)
{
    HUMAN(click(0, 3, HOME, CHROME));
    HUMAN(click(150, 3, HOME, CHROME)); /* double click */
    HUMAN(click(2000, 1, HOME, CHROME));
    HUMAN(click(3200, 5, HOME, CHROME));
    HUMAN(click(15000, 2, HOME, CHROME));
    for (int64_t id = 1; id <= 5; id++)
        HUMAN(id);
}
END_TEST

START_TEST(other_messages_do_not_matter)
{
    for (uint32_t i = 0; i < 6; i++) {
        wxs_event event = make_event(WXS_TOKEN_CLICK, i * 10, HOME, CHROME);

        event.message_id[0] = (uint8_t)i;
        event.link_index = i;
        HUMAN(put(&event, CHROME + i));
    }
}
END_TEST

START_TEST(series)
{
    for (uint32_t i = 0; i < 4; i++)
        HUMAN(click(i * 2000, 9 - i, HOME, CHROME));
    MACHINE(click(8000, 5, HOME, CHROME), LINK_BURST);
    for (int64_t id = 1; id <= 4; id++)
        MACHINE(id, LINK_BURST);
    /* it goes on */
    MACHINE(click(12000, 4, HOME, CHROME), SAME_SOURCE);
    MACHINE(click(20000, 3, HOME, CHROME), SAME_SOURCE);
    HUMAN(click(22000, 3, AWAY, CHROME));
}
END_TEST

START_TEST(sweep)
{
    for (uint32_t i = 0; i < 3; i++)
        HUMAN(click(i * 7000, i, HOME, CHROME));
    MACHINE(click(21000, 3, HOME, CHROME), LINK_SWEEP);
    for (int64_t id = 1; id <= 3; id++)
        MACHINE(id, LINK_SWEEP);
}
END_TEST

START_TEST(rotation)
{
    HUMAN(click(0, 5, HOME, CHROME));
    HUMAN(click(2000, 3, HOME, FIREFOX));
    MACHINE(click(4000, 4, HOME, SAFARI), AGENT_ROTATION);
    MACHINE(1, AGENT_ROTATION);
    MACHINE(2, AGENT_ROTATION);
}
END_TEST

START_TEST(head_then_get)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, 0, HOME, CHROME);

    event.flags = WXS_EVENT_HEAD;
    MACHINE(put(&event, "https://a.example/0"), HEAD_REQUEST);
    MACHINE(click(500, 0, HOME, CHROME), HEAD_THEN_GET);
    HUMAN(click(1500, 0, HOME, FIREFOX));
    HUMAN(click(20000, 0, HOME, CHROME));
}
END_TEST

/* A browser that fetches ahead has a person before it. */
START_TEST(prefetch_then_get)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, 0, HOME, CHROME);

    event.flags = WXS_EVENT_PREFETCH;
    MACHINE(put(&event, "https://a.example/0"), PREFETCH_HEADER);
    event.time_ms += 50;
    event.link_index = 1;
    MACHINE(put(&event, "https://a.example/1"), PREFETCH_HEADER);
    HUMAN(click(200, 2, HOME, CHROME));
}
END_TEST

START_TEST(open_before_burst)
{
    (void)open_at(0, HOME, CHROME);
    (void)open_at(1000, AWAY, thunderbird);
    (void)open_at(2000, AWAY, gmail_proxy);
    (void)open_at(3000, AWAY, FIREFOX);
    for (uint32_t i = 0; i < 4; i++)
        (void)click(25000 + i * 50, i, HOME, CHROME);
    MACHINE(1, SCANNER_OPEN);
    ck_assert_int_eq(judgements[1].certainty, 85);
    check(2, WXS_VERDICT_HUMAN, WXS_REASON_MAIL_CLIENT);
    check(3, WXS_VERDICT_PROXY, WXS_REASON_IMAGE_PROXY);
    MACHINE(4, SCANNER_OPEN);
    ck_assert_int_eq(judgements[4].certainty, 60);
}
END_TEST

START_TEST(scanner_of_the_office)
{
    for (uint32_t i = 0; i < 5; i++)
        (void)click(i * 50, i, HOME, CHROME);
    MACHINE(1, LINK_BURST);
    HUMAN(click(8000, 2, HOME, FIREFOX)); /* the same address */
    HUMAN(click(11000, 2, HOME, CHROME)); /* and agent, but later */
}
END_TEST

static void
put_pseudonymous(uint64_t at, uint32_t link, const uint8_t hash[8])
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, at, HOME, CHROME);
    char url[32];

    event.mode = WXS_MODE_PSEUDONYMOUS;
    event.link_index = link;
    (void)snprintf(url, sizeof url, "https://a.example/%u", link);
    (void)put_kept(&event, url, hash, 8);
}

/* Addresses that are stored as hashes tell sources apart too. */
START_TEST(pseudonymous)
{
    static const uint8_t here[8] = {1}, there[8] = {2};

    for (uint32_t i = 0; i < 5; i++)
        put_pseudonymous(i * 1500, 9 - i, i == 2 ? there : here);
    for (int64_t id = 1; id <= 5; id++)
        HUMAN(id);
    put_pseudonymous(9000, 3, here);
    MACHINE(1, LINK_BURST);
    HUMAN(3);
    MACHINE(6, LINK_BURST);
}
END_TEST

/* ---- memory ---- */

START_TEST(recalled)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, 0, HOME, CHROME);
    wxs_classify_facts facts = {.event = &event,
                                .kept = event.address,
                                .kept_len = sizeof event.address};
    wxs_judgement human = {WXS_VERDICT_HUMAN, WXS_REASON_BROWSER, 75};

    open_classifier();
    for (uint32_t i = 0; i < 2; i++) {
        facts.id = ++last_id;
        facts.link = i == 0 ? "https://a.example/0" : "https://a.example/1";
        facts.link_len = strlen(facts.link);
        event.time_ms += 100;
        event.link_index = i;
        wxs_classifier_recall(classifier, &facts, human);
    }
    MACHINE(click(300, 2, HOME, CHROME), LINK_BURST);
    MACHINE(1, LINK_BURST);
    MACHINE(2, LINK_BURST);
    wxs_classifier_forget(classifier);
    HUMAN(click(400, 3, HOME, CHROME));
}
END_TEST

/* What is pushed out of the memory by millions of others is forgotten, and
 * nothing else. */
START_TEST(flooded)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, 0, HOME, CHROME);
    wxs_classify_facts facts = {.event = &event,
                                .link = "https://a.example/",
                                .link_len = 18,
                                .kept = event.address,
                                .kept_len = sizeof event.address};
    wxs_reclassified changes[WXS_RECLASSIFIED_MAX];

    (void)click(0, 0, HOME, CHROME);
    (void)click(400, 1, HOME, CHROME);
    for (uint32_t i = 1; i <= 600000; i++) {
        memcpy(event.message_id + 8, &i, sizeof i);
        facts.id = 1000 + i;
        ck_assert_int_eq(wxs_classify(classifier, &facts, &last, changes), 0);
        ck_assert_int_eq(last.judgement.verdict, WXS_VERDICT_HUMAN);
    }
    last_id = 2;
    HUMAN(click(800, 2, HOME, CHROME));
    HUMAN(click(1200, 3, HOME, CHROME));
    MACHINE(click(1600, 4, HOME, CHROME), LINK_BURST);
    MACHINE(3, LINK_BURST);
    check(1, WXS_VERDICT_HUMAN, WXS_REASON_BROWSER);
}
END_TEST

/* ---- files of the operator ---- */

static void
write_file(const char *name, const char *text, char *path, size_t cap)
{
    FILE *file;

    (void)snprintf(path, cap, "%s/%s", folder, name);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(own_networks)
{
    write_file("networks.txt",
               "192.0.2.0/24 scanner machine machine 88\n"
               "40.94.0.0/16 desktops - - 0\n",
               config.events.networks, sizeof config.events.networks);
    open_classifier();
    (void)click(0, 0, HOME, CHROME);
    check_last(WXS_VERDICT_MACHINE, WXS_REASON_SCANNER_NETWORK);
    ck_assert_int_eq(last.judgement.certainty, 88);
    HUMAN(click(0, 0, "40.94.3.4", CHROME));
    (void)click(0, 0, "40.92.3.4", CHROME); /* the others hold on */
    check_last(WXS_VERDICT_MACHINE, WXS_REASON_SCANNER_NETWORK);
}
END_TEST

/* They are complained about; events are classified without them. */
START_TEST(bad_files)
{
    write_file("networks.txt", "192.0.2.0/24 x machine - 88\n192.0.2.0/24 x\n",
               config.events.networks, sizeof config.events.networks);
    write_file("geo.mmdb", "no database", config.events.geoip,
               sizeof config.events.geoip);
    open_classifier();
    HUMAN(click(0, 0, HOME, CHROME));
    ck_assert_str_eq(last.country, "");
    (void)snprintf(config.events.networks, sizeof config.events.networks,
                   "%s/none", folder);
    open_classifier();
    HUMAN(click(0, 0, HOME, CHROME));
}
END_TEST

START_TEST(countries)
{
    static mmdb database;
    wxs_event event = make_event(WXS_TOKEN_CLICK, 0, HOME, CHROME);

    memset(&database, 0, sizeof database);
    (void)snprintf(config.events.geoip, sizeof config.events.geoip,
                   "%s/geo.mmdb", folder);
    mmdb_add(&database, "192.0.2.0", 24, "country", "DE");
    mmdb_add(&database, "198.51.100.0", 25, "registered_country", "FR");
    mmdb_add(&database, "203.0.113.0", 24, "country", "x!");
    mmdb_add(&database, "2001:db8::", 32, "country", "JP");
    ck_assert_int_eq(mmdb_write(&database, config.events.geoip), 0);
    open_classifier();
    (void)click(0, 0, HOME, CHROME);
    ck_assert_str_eq(last.country, "DE");
    (void)click(0, 0, AWAY, CHROME);
    ck_assert_str_eq(last.country, "FR");
    (void)click(0, 0, "203.0.113.1", CHROME);
    ck_assert_str_eq(last.country, "");
    (void)click(0, 0, "198.51.100.200", CHROME);
    ck_assert_str_eq(last.country, "");
    (void)click(0, 0, "2001:db8:5::1", CHROME);
    ck_assert_str_eq(last.country, "JP");
    event.mode = WXS_MODE_PSEUDONYMOUS;
    (void)put(&event, "https://a.example/");
    ck_assert_str_eq(last.country, "DE");
    event.mode = WXS_MODE_ANONYMOUS;
    (void)put(&event, "https://a.example/");
    ck_assert_str_eq(last.country, "");
}
END_TEST

START_TEST(countries_replaced)
{
    static mmdb database, other;

    memset(&database, 0, sizeof database);
    memset(&other, 0, sizeof other);
    (void)snprintf(config.events.geoip, sizeof config.events.geoip,
                   "%s/geo.mmdb", folder);
    open_classifier(); /* not there yet */
    mmdb_add(&database, "192.0.2.0", 24, "country", "DE");
    ck_assert_int_eq(mmdb_write(&database, config.events.geoip), 0);
    wxs_classifier_refresh(classifier);
    (void)click(0, 0, HOME, CHROME);
    ck_assert_str_eq(last.country, "DE");
    mmdb_add(&other, "192.0.2.0", 24, "country", "AT");
    ck_assert_int_eq(mmdb_write(&other, config.events.geoip), 0);
    wxs_classifier_refresh(classifier);
    (void)click(0, 0, HOME, CHROME);
    ck_assert_str_eq(last.country, "AT");
    /* gone or broken: the old one holds on */
    ck_assert_int_eq(unlink(config.events.geoip), 0);
    wxs_classifier_refresh(classifier);
    (void)click(0, 0, HOME, CHROME);
    ck_assert_str_eq(last.country, "AT");
}
END_TEST

/* ---- the whole ---- */

START_TEST(made_up_traffic)
{
    traffic t = traffic_make(20261125, 4);
    wxs_judgement *all = calloc(t.count, sizeof *all);
    traffic_score score;

    ck_assert_ptr_nonnull(all);
    for (size_t i = 0; i < t.count; i++)
        (void)traffic_classify(classifier, &t, i, all);
    score = traffic_score_of(&t, all);
    ck_assert_double_ge(traffic_precision(&score, WXS_VERDICT_HUMAN), 0.92);
    ck_assert_double_ge(traffic_recall(&score, WXS_VERDICT_HUMAN), 0.94);
    ck_assert_double_ge(traffic_precision(&score, WXS_VERDICT_MACHINE), 0.97);
    ck_assert_double_ge(traffic_recall(&score, WXS_VERDICT_MACHINE), 0.95);
    ck_assert_double_ge(traffic_precision(&score, WXS_VERDICT_PROXY), 0.995);
    ck_assert_double_ge(traffic_recall(&score, WXS_VERDICT_PROXY), 0.995);
    for (size_t a = 0; a < TRAFFIC_ACTORS; a++) {
        double right =
            (double)score.actors[a].right / (double)score.actors[a].events;

        ck_assert_msg(traffic_actors[a].is_hard || right >= 0.96, "%s: %.3f",
                      traffic_actors[a].name, right);
    }
    free(all);
    free(t.events);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("classify");
    TCase *tc = tcase_create("classify");
    SRunner *runner = srunner_create(suite);
    int failed;

    wxs_log_init("test_classify");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, alone);
    tcase_add_test(tc, flags_and_modes);
    tcase_add_test(tc, devices);
    tcase_add_test(tc, burst);
    tcase_add_test(tc, burst_in_any_order);
    tcase_add_test(tc, burst_of_many_addresses);
    tcase_add_test(tc, crowd);
    tcase_add_test(tc, people_are_slower);
    tcase_add_test(tc, other_messages_do_not_matter);
    tcase_add_test(tc, series);
    tcase_add_test(tc, sweep);
    tcase_add_test(tc, rotation);
    tcase_add_test(tc, head_then_get);
    tcase_add_test(tc, prefetch_then_get);
    tcase_add_test(tc, open_before_burst);
    tcase_add_test(tc, scanner_of_the_office);
    tcase_add_test(tc, pseudonymous);
    tcase_add_test(tc, recalled);
    tcase_add_test(tc, flooded);
    tcase_add_test(tc, own_networks);
    tcase_add_test(tc, bad_files);
    tcase_add_test(tc, countries);
    tcase_add_test(tc, countries_replaced);
    tcase_add_test(tc, made_up_traffic);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
