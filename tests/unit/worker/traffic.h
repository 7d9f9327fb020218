#ifndef TEST_TRAFFIC_H
#define TEST_TRAFFIC_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/journal.h"
#include "verdict.h"

/* Made-up events whose true verdicts are known, to measure classification by.
 * The same seed gives the same events. They are no sample of the world's mail:
 * each actor below is a kind of behaviour that was described by somebody who
 * saw it, and its share is a guess. What the figures say is what is told apart
 * and what is not; docs/classification.md has the rules in words. */

#define TRAFFIC_AGENT 256
#define TRAFFIC_LINK  48
#define TRAFFIC_LINKS 14 /* of a message, at most */

typedef struct {
    uint64_t time_ms;
    uint64_t collected; /* in order of this: when the collector sees it */
    wxs_token_type type;
    uint16_t flags;
    uint8_t message[WXS_MESSAGE_ID_SIZE];
    uint8_t address[16];
    uint32_t link_index;
    char link[TRAFFIC_LINK];
    char agent[TRAFFIC_AGENT];
    wxs_verdict truth;
    int actor;
} traffic_event;

typedef struct {
    uint64_t random;
    traffic_event *events;
    size_t count, room;
    int actor;
    /* of the message at hand */
    uint8_t message[WXS_MESSAGE_ID_SIZE];
    uint32_t links;
    uint64_t now; /* ms */
    /* of whoever acts */
    uint8_t address[16];
    const char *agent;
    wxs_verdict truth;
    uint16_t flags;
} traffic;

/* ---- chance (splitmix64) ---- */

static uint64_t
traffic_random(traffic *t)
{
    uint64_t z = t->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint32_t
between(traffic *t, uint32_t least, uint32_t most)
{
    return least + (uint32_t)(traffic_random(t) % (most - least + 1));
}

#define ONE_OF(t, array)                                                       \
    (array)[between((t), 0, sizeof(array) / sizeof((array)[0]) - 1)]

/* ---- agents ---- */

static const char *const desktops[] = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Chrome/146.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Chrome/145.0.0.0 Safari/537.36 Edg/145.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 "
    "(KHTML, "
    "like Gecko) Chrome/146.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.4 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 "
    "Firefox/140.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Chrome/144.0.0.0 Safari/537.36",
};
static const char *const phones[] = {
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) "
    "AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) "
    "AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) CriOS/146.0.0.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/146.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 15; SM-S928B Build/AP3A.240617.008; wv) "
    "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/144.0.0.0 "
    "Mobile "
    "Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, "
    "like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
};
static const char *const previews[] = {
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "WhatsApp/2.24.20.89 A",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 "
    "skype-url-preview@microsoft.com",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient "
    "+http://www.linkedin.com)",
};
static const char *const libraries[] = {
    "curl/8.5.0",          "python-requests/2.31.0",
    "Go-http-client/2.0",  "axios/1.7.2",
    "Java/17.0.9",         "okhttp/4.12.0",
    "python-httpx/0.27.0", "Wget/1.21.4",
    "aiohttp/3.9.5",
};
static const char outlook[] =
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; "
    "Trident/7.0; Microsoft Outlook 16.0.17628; ms-office; MSOffice 16)";
static const char office[] = "Microsoft Office/16.0 (Windows NT 10.0; "
                             "Microsoft Outlook 16.0.17628; Pro)";
static const char thunderbird[] =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 "
    "Thunderbird/128.5.0";
static const char apple_proxy[] = "Mozilla/5.0";
static const char gmail_proxy[] =
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com "
    "GoogleImageProxy)";
static const char gmail_prefetch[] =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0";
static const char yahoo_proxy[] =
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html";
static const char headless[] =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "HeadlessChrome/138.0.0.0 Safari/537.36";
static const char old_browser[] =
    "Mozilla/5.0 (Windows NT 5.1) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/49.0.2623.112 Safari/537.36";
static const char own_client[] = "HomegrownMailer/3.1 (inhouse)";

/* ---- whoever acts ---- */

static void
from(traffic *t, const char *network, uint32_t bits_of_host)
{
    struct in_addr in;
    uint32_t host = (uint32_t)traffic_random(t) &
                    (uint32_t)((UINT64_C(1) << bits_of_host) - 1);

    if (inet_pton(AF_INET, network, &in) != 1)
        abort();
    in.s_addr = htonl(ntohl(in.s_addr) | host);
    memset(t->address, 0, sizeof t->address);
    t->address[10] = t->address[11] = 0xff;
    memcpy(t->address + 12, &in, sizeof in);
}

/* Lines of homes and phones, and of rented machines: in no list. */
static void
from_home(traffic *t)
{
    static const char *const networks[] = {"73.0.0.0", "90.0.0.0", "92.0.0.0",
                                           "189.0.0.0", "126.0.0.0"};

    from(t, ONE_OF(t, networks), 24);
}

static void
from_rented(traffic *t)
{
    static const char *const networks[] = {"3.80.0.0", "54.144.0.0",
                                           "18.192.0.0"};

    from(t, ONE_OF(t, networks), 16);
}

static void
by(traffic *t, wxs_verdict truth, const char *agent)
{
    t->truth = truth;
    t->agent = agent;
    t->flags = WXS_EVENT_TLS;
}

static void
person(traffic *t)
{
    bool is_phone = between(t, 0, 1) == 0;

    from_home(t);
    by(t, WXS_VERDICT_HUMAN,
       is_phone ? ONE_OF(t, phones) : ONE_OF(t, desktops));
}

/* ---- what they do ---- */

static void
message(traffic *t, uint32_t least_links, uint32_t most_links)
{
    for (size_t i = 0; i < sizeof t->message; i += 8) {
        uint64_t word = traffic_random(t);

        memcpy(t->message + i, &word, 8);
    }
    t->links = between(t, least_links, most_links);
}

static traffic_event *
happens(traffic *t, wxs_token_type type)
{
    traffic_event *e;

    if (t->count == t->room) {
        t->room = 2 * t->room + 1024;
        t->events = realloc(t->events, t->room * sizeof *t->events);
        if (t->events == NULL)
            abort();
    }
    e = &t->events[t->count++];
    memset(e, 0, sizeof *e);
    e->time_ms = t->now;
    /* two nginx workers, read in turns */
    e->collected = t->now + between(t, 0, 150);
    e->type = type;
    e->flags = t->flags;
    memcpy(e->message, t->message, sizeof e->message);
    memcpy(e->address, t->address, sizeof e->address);
    (void)snprintf(e->agent, sizeof e->agent, "%s", t->agent);
    e->truth = t->truth;
    e->actor = t->actor;
    return e;
}

static void
opens(traffic *t)
{
    (void)happens(t, WXS_TOKEN_OPEN);
}

static void
clicks(traffic *t, uint32_t link)
{
    traffic_event *e = happens(t, WXS_TOKEN_CLICK);

    e->link_index = link;
    (void)snprintf(e->link, sizeof e->link, "https://shop.example/page/%u",
                   link);
}

static void
clicks_one(traffic *t)
{
    clicks(t, between(t, 0, t->links - 1));
}

static void
waits(traffic *t, uint32_t least_ms, uint32_t most_ms)
{
    t->now += between(t, least_ms, most_ms);
}

/* All links in order, with pauses between. */
static void
scans(traffic *t, uint32_t least_ms, uint32_t most_ms)
{
    for (uint32_t i = 0; i < t->links; i++) {
        clicks(t, i);
        waits(t, least_ms, most_ms);
    }
}

/* ---- actors ---- */

static void
reads_and_clicks(traffic *t)
{
    waits(t, 4000, 90000);
    person(t);
    clicks_one(t);
}

static void
apple_mail(traffic *t)
{
    message(t, 1, 9);
    from(t, between(t, 0, 1) ? "172.225.0.0" : "104.28.32.0", 12);
    by(t, WXS_VERDICT_PROXY, apple_proxy);
    opens(t);
    if (between(t, 0, 3) == 0)
        reads_and_clicks(t);
}

static void
gmail(traffic *t)
{
    message(t, 1, 9);
    from(t, "66.249.84.0", 8);
    if (between(t, 0, 9) == 0) {
        by(t, WXS_VERDICT_PROXY, gmail_prefetch);
        opens(t);
        waits(t, 500, 9000);
    }
    by(t, WXS_VERDICT_PROXY, gmail_proxy);
    opens(t);
    if (between(t, 0, 3) == 0)
        reads_and_clicks(t);
}

static void
yahoo(traffic *t)
{
    message(t, 1, 9);
    from(t, "98.136.0.0", 8);
    by(t, WXS_VERDICT_PROXY, yahoo_proxy);
    opens(t);
    if (between(t, 0, 3) == 0)
        reads_and_clicks(t);
}

static void
outlook_on_the_web(traffic *t)
{
    message(t, 1, 9);
    from(t, "40.94.0.0", 8);
    by(t, WXS_VERDICT_PROXY, ONE_OF(t, desktops));
    opens(t);
    if (between(t, 0, 2) == 0)
        reads_and_clicks(t);
}

static void
outlook_on_windows(traffic *t)
{
    message(t, 1, 9);
    from_home(t);
    by(t, WXS_VERDICT_HUMAN, outlook);
    opens(t);
    waits(t, 3000, 60000);
    by(t, WXS_VERDICT_HUMAN, desktops[between(t, 0, 1)]);
    clicks_one(t);
}

static void
office_looks_first(traffic *t)
{
    uint32_t link;

    message(t, 1, 9);
    link = between(t, 0, t->links - 1);
    from_home(t);
    by(t, WXS_VERDICT_MACHINE, office);
    clicks(t, link);
    waits(t, 200, 900);
    by(t, WXS_VERDICT_HUMAN, desktops[1]);
    clicks(t, link);
}

static void
thunderbird_user(traffic *t)
{
    message(t, 1, 9);
    from_home(t);
    by(t, WXS_VERDICT_HUMAN, thunderbird);
    opens(t);
    waits(t, 3000, 60000);
    by(t, WXS_VERDICT_HUMAN, desktops[4]);
    clicks_one(t);
}

static void
double_click(traffic *t)
{
    uint32_t link;

    message(t, 1, 9);
    person(t);
    link = between(t, 0, t->links - 1);
    clicks(t, link);
    waits(t, 90, 400);
    clicks(t, link);
}

static void
tab_opener(traffic *t)
{
    uint32_t count, first;

    message(t, 6, TRAFFIC_LINKS);
    person(t);
    opens(t);
    count = between(t, 2, 4);
    first = between(t, 1, t->links - count);
    for (uint32_t i = 0; i < count; i++) {
        waits(t, 900, 4000);
        clicks(t, first + i);
    }
}

static void
reads_all_links(traffic *t)
{
    message(t, 4, 5);
    person(t);
    for (uint32_t i = 0; i < t->links; i++) {
        clicks(t, i);
        waits(t, 4000, 9000);
    }
}

static void
shared_office(traffic *t)
{
    uint8_t office_address[16];

    from(t, "24.0.0.0", 24);
    memcpy(office_address, t->address, sizeof office_address);
    for (int i = 0; i < 4; i++) {
        message(t, 3, 9);
        by(t, WXS_VERDICT_HUMAN, ONE_OF(t, desktops));
        memcpy(t->address, office_address, sizeof t->address);
        clicks_one(t);
        waits(t, 50, 3000);
    }
}

static void
one_copy_for_a_list(traffic *t)
{
    uint32_t people = between(t, 30, 120);

    message(t, 4, 10);
    for (uint32_t i = 0; i < people; i++) {
        person(t);
        clicks_one(t);
        waits(t, 20, 4000);
    }
}

static void
private_relay(traffic *t)
{
    message(t, 1, 9);
    from(t, "172.225.0.0", 12);
    by(t, WXS_VERDICT_HUMAN, between(t, 0, 1) ? phones[0] : desktops[3]);
    clicks_one(t);
}

static void
forwarded(traffic *t)
{
    uint32_t link;

    message(t, 2, 9);
    person(t);
    link = between(t, 0, t->links - 1);
    clicks(t, link);
    waits(t, 3000, 20000);
    person(t);
    clicks(t, link);
}

static void
cloud_desktop(traffic *t)
{
    message(t, 1, 9);
    from(t, "20.42.0.0", 16);
    by(t, WXS_VERDICT_HUMAN, desktops[1]);
    clicks_one(t);
}

static void
old_computer(traffic *t)
{
    message(t, 1, 9);
    from_home(t);
    by(t, WXS_VERDICT_HUMAN, old_browser);
    clicks_one(t);
}

static void
unknown_client(traffic *t)
{
    message(t, 1, 9);
    from_home(t);
    by(t, WXS_VERDICT_HUMAN, own_client);
    opens(t);
}

static void
office_with_scanner(traffic *t)
{
    message(t, 4, 9);
    from(t, "71.0.0.0", 24);
    by(t, WXS_VERDICT_MACHINE, desktops[0]);
    scans(t, 20, 120);
    waits(t, 14000, 28000);
    by(t, WXS_VERDICT_HUMAN, desktops[4]);
    clicks_one(t);
}

static void
previewed_ahead(traffic *t)
{
    uint32_t link;

    message(t, 2, 9);
    person(t);
    link = between(t, 0, t->links - 1);
    t->truth = WXS_VERDICT_MACHINE;
    t->flags |= WXS_EVENT_PREFETCH;
    clicks(t, link);
    waits(t, 100, 2000);
    t->truth = WXS_VERDICT_HUMAN;
    t->flags = WXS_EVENT_TLS;
    clicks(t, link);
}

static void
microsoft_scan(traffic *t)
{
    message(t, 2, TRAFFIC_LINKS);
    from(t, between(t, 0, 2) ? "40.94.0.0" : "104.47.0.0", 8);
    by(t, WXS_VERDICT_MACHINE, ONE_OF(t, desktops));
    scans(t, 5, 90);
    if (between(t, 0, 3) == 0) {
        waits(t, 20000, 90000);
        person(t);
        clicks_one(t);
    }
}

static void
rented_scan(traffic *t)
{
    message(t, 3, TRAFFIC_LINKS);
    from_rented(t);
    by(t, WXS_VERDICT_MACHINE, ONE_OF(t, desktops));
    opens(t);
    waits(t, 5000, 29000);
    scans(t, 5, 110);
}

static void
vendor_scan(traffic *t)
{
    message(t, 1, 9);
    from(t, "66.159.224.0", 9);
    by(t, WXS_VERDICT_MACHINE, ONE_OF(t, desktops));
    scans(t, 2000, 8000);
}

static void
scattered_scan(traffic *t)
{
    message(t, 3, TRAFFIC_LINKS);
    for (uint32_t i = 0; i < t->links; i++) {
        from_rented(t);
        by(t, WXS_VERDICT_MACHINE, ONE_OF(t, desktops));
        clicks(t, i);
        waits(t, 5, 100);
    }
}

static void
two_links_scan(traffic *t)
{
    message(t, 2, 2);
    from_rented(t);
    by(t, WXS_VERDICT_MACHINE, ONE_OF(t, desktops));
    scans(t, 20, 250);
}

static void
steady_scan(traffic *t)
{
    message(t, 5, 9);
    from_rented(t);
    by(t, WXS_VERDICT_MACHINE, ONE_OF(t, desktops));
    scans(t, 1500, 3500);
}

static void
renaming_scan(traffic *t)
{
    uint32_t turn = between(t, 0, 6);

    message(t, 3, 4);
    from_rented(t);
    for (uint32_t i = 0; i < t->links; i++) {
        by(t, WXS_VERDICT_MACHINE, desktops[(turn + i) % 7]);
        clicks(t, t->links - 1 - i);
        waits(t, 1100, 3000);
    }
}

static void
slow_scan(traffic *t)
{
    message(t, 3, 6);
    from_rented(t);
    by(t, WXS_VERDICT_MACHINE, ONE_OF(t, desktops));
    scans(t, 40000, 90000);
}

static void
one_link_scan(traffic *t)
{
    message(t, 1, 1);
    from_rented(t);
    by(t, WXS_VERDICT_MACHINE, ONE_OF(t, desktops));
    clicks(t, 0);
}

static void
second_look(traffic *t)
{
    uint32_t link;

    message(t, 3, 9);
    person(t);
    link = between(t, 0, t->links - 1);
    clicks(t, link);
    waits(t, 6000, 15000);
    from_rented(t);
    by(t, WXS_VERDICT_MACHINE, desktops[0]);
    clicks(t, link);
}

static void
link_preview(traffic *t)
{
    message(t, 1, 9);
    from_rented(t);
    by(t, WXS_VERDICT_MACHINE, ONE_OF(t, previews));
    clicks_one(t);
}

static void
script(traffic *t)
{
    message(t, 1, 9);
    from_rented(t);
    by(t, WXS_VERDICT_MACHINE, ONE_OF(t, libraries));
    clicks_one(t);
}

static void
head_first(traffic *t)
{
    uint32_t link;

    message(t, 1, 9);
    from_rented(t);
    by(t, WXS_VERDICT_MACHINE, ONE_OF(t, desktops));
    link = between(t, 0, t->links - 1);
    t->flags |= WXS_EVENT_HEAD;
    clicks(t, link);
    waits(t, 50, 2000);
    t->flags = WXS_EVENT_TLS;
    clicks(t, link);
}

static void
browser_robot(traffic *t)
{
    message(t, 1, 9);
    from_rented(t);
    by(t, WXS_VERDICT_MACHINE, headless);
    opens(t);
    waits(t, 1000, 4000);
    clicks_one(t);
}

static void
without_a_name(traffic *t)
{
    message(t, 1, 9);
    from_rented(t);
    by(t, WXS_VERDICT_MACHINE, "");
    clicks_one(t);
}

/* share: of 1,000 messages */
static const struct {
    const char *name;
    void (*act)(traffic *t);
    int share;
    bool is_hard; /* cannot be told by what an event shows */
} traffic_actors[] = {
    {"Apple Mail, images through the proxy", apple_mail, 220, false},
    {"Gmail", gmail, 190, false},
    {"Yahoo", yahoo, 40, false},
    {"Outlook on the web", outlook_on_the_web, 60, false},
    {"Outlook on Windows", outlook_on_windows, 60, false},
    {"Office looks at the link first", office_looks_first, 10, false},
    {"Thunderbird", thunderbird_user, 25, false},
    {"double click", double_click, 30, false},
    {"opens links in tabs", tab_opener, 25, false},
    {"an office behind one address", shared_office, 10, false},
    {"one copy for a whole list", one_copy_for_a_list, 1, false},
    {"privacy relay", private_relay, 25, false},
    {"forwarded to somebody", forwarded, 8, false},
    {"office with a scanner of its own", office_with_scanner, 8, false},
    {"browser fetches ahead", previewed_ahead, 5, false},
    {"Microsoft's scanner", microsoft_scan, 70, false},
    {"scanner on rented machines", rented_scan, 40, false},
    {"vendor's scanner, one by one", vendor_scan, 20, false},
    {"scanner on many addresses", scattered_scan, 20, false},
    {"scanner, two links", two_links_scan, 8, false},
    {"scanner, a link every 2.5 s", steady_scan, 8, false},
    {"scanner with changing agents", renaming_scan, 8, false},
    {"preview in a chat", link_preview, 15, false},
    {"script", script, 15, false},
    {"HEAD, then GET", head_first, 5, false},
    {"browser robot", browser_robot, 5, false},
    {"no agent", without_a_name, 3, false},
    {"HARD: reads every link in half a minute", reads_all_links, 4, true},
    {"HARD: desktop in Microsoft's cloud", cloud_desktop, 6, true},
    {"HARD: computer of 2015", old_computer, 3, true},
    {"HARD: mail client nobody knows", unknown_client, 5, true},
    {"HARD: scanner, a link a minute", slow_scan, 6, true},
    {"HARD: scanner, the only link", one_link_scan, 12, true},
    {"HARD: scanner repeats a person's click", second_look, 15, true},
};

#define TRAFFIC_ACTORS (sizeof traffic_actors / sizeof traffic_actors[0])

static int
traffic_compare(const void *a, const void *b)
{
    const traffic_event *x = a, *y = b;

    return (x->collected > y->collected) - (x->collected < y->collected);
}

/* Messages per thousand as the shares say, spread over an hour; sorted as the
 * collector sees the events. To be freed: ->events. */
static traffic
traffic_make(uint64_t seed, int thousands)
{
    traffic t = {.random = seed};

    for (size_t a = 0; a < TRAFFIC_ACTORS; a++) {
        t.actor = (int)a;
        for (int i = 0; i < traffic_actors[a].share * thousands; i++) {
            t.now = UINT64_C(1790000000000) + between(&t, 0, 3600000);
            traffic_actors[a].act(&t);
        }
    }
    qsort(t.events, t.count, sizeof *t.events, traffic_compare);
    return t;
}

#endif
