#ifndef CATALOGUE_H
#define CATALOGUE_H

/* Mistakes as zone text. A row's records take the place of the right ones of
 * its kind; everything else in the zone is right and has to stay without a
 * word. Each row is judged as the worker does it: again after every answer. */

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "noted_rows.h"
#include "verify/match.h"
#include "zone_world.h"

#define DOMAIN   "customer.example"
#define SELECTOR "wx1._domainkey." DOMAIN
#define SEND     "send." DOMAIN
#define LINKS    "links." DOMAIN
#define OUR_SPF  "v=spf1 include:_spf.waxseal.example ~all"
#define OUR_MX   "bounce.us.waxseal.example"
#define TARGET   "links.waxseal.example"

typedef struct {
    const char *id; /* of the catalogue; a sign behind it makes a neighbour */
    wxs_record_kind kind;
    /* Records in zone form. "=NAME VALUE" is a TXT record with that value as it
     * is. {KEY} is our key, {DKIM} our value, {HEAD} and {TAIL} its first 255
     * bytes and the rest; {OTHER}, {SHORT}, {PRIVATE}, {LOWER} are other keys.
     * "; silent NAME": nothing is known of it. "; parent": the rest is what the
     * zone above says. "; zone NAME", "; others NAME" set the world. */
    const char *records;
    wxs_class class;
    const char *code;
    bool alone; /* nothing else is in the zone, and nothing else is judged */
} catalogue_row;

static struct {
    char key[1200], other[1200], shorter[1200], private[2400], lower[1200];
    char dkim[1300], head[300];
} made;

static wxs_expected wanted[] = {
    {.kind = WXS_RECORD_DKIM, .fqdn = SELECTOR, .value = made.dkim},
    {.kind = WXS_RECORD_SPF, .fqdn = SEND, .value = OUR_SPF},
    {.kind = WXS_RECORD_MX, .fqdn = SEND, .value = OUR_MX, .priority = 10},
    {.kind = WXS_RECORD_DMARC,
     .fqdn = "_dmarc." DOMAIN,
     .value = "v=DMARC1; p=none;"},
    {.kind = WXS_RECORD_TRACKING, .fqdn = LINKS, .value = TARGET},
};

static const char *const right[] = {
    "=" SELECTOR " {DKIM}",
    "=" SEND " " OUR_SPF,
    SEND ". 60 IN MX 10 " OUR_MX ".",
    "=_dmarc." DOMAIN " v=DMARC1; p=none;",
    LINKS ". 60 IN CNAME " TARGET ".",
};

#define INFRASTRUCTURE                                                         \
    DOMAIN ". 60 IN NS ns1.dns.example.\n" DOMAIN                              \
           ". 60 IN NS ns2.dns.example.\n"                                     \
           "ns1.dns.example. 60 IN A 192.0.2.53\n"                             \
           "=_spf.waxseal.example v=spf1 ip4:192.0.2.0/24 "                    \
           "ip4:198.51.100.7 ip6:2001:db8::/32 -all\n" OUR_MX                  \
           ". 60 IN A 192.0.2.25\n" TARGET ". 60 IN A 192.0.2.80\n" TARGET     \
           ". 60 IN AAAA 2001:db8::80\n"

/* base64 of a fresh key of so many bits, private or public */
static inline void
make_key(unsigned bits, bool private, char *text)
{
    EVP_PKEY *pair = EVP_RSA_gen(bits);
    unsigned char *der = NULL;
    int length = private ? i2d_PrivateKey(pair, &der) : i2d_PUBKEY(pair, &der);

    ck_assert_int_gt(length, 0);
    EVP_EncodeBlock((unsigned char *)text, der, length);
    OPENSSL_free(der);
    EVP_PKEY_free(pair);
}

static inline void
make_keys(void)
{
    make_key(2048, false, made.key);
    make_key(2048, false, made.other);
    make_key(1024, false, made.shorter);
    make_key(1024, true, made.private);
    for (size_t i = 0; i <= strlen(made.key); i++) {
        char c = made.key[i];

        made.lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    (void)snprintf(made.dkim, sizeof made.dkim, "v=DKIM1; k=rsa; p=%s",
                   made.key);
    (void)snprintf(made.head, sizeof made.head, "%.255s", made.dkim);
}

/* The text with what stands for keys replaced. */
static inline char *
expand(const char *text)
{
    const struct {
        const char *name, *value;
    } names[] = {{"{KEY}", made.key},       {"{OTHER}", made.other},
                 {"{SHORT}", made.shorter}, {"{PRIVATE}", made.private},
                 {"{LOWER}", made.lower},   {"{DKIM}", made.dkim},
                 {"{HEAD}", made.head},     {"{TAIL}", made.dkim + 255}};
    char *out = calloc(1, 40000);
    size_t used = 0;

    while (*text != '\0') {
        bool found = false;

        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            size_t n = strlen(names[i].name);

            if (strncmp(text, names[i].name, n) == 0) {
                used += (size_t)sprintf(out + used, "%s", names[i].value);
                text += n;
                found = true;
                break;
            }
        }
        if (!found) {
            out[used++] = *text++;
        }
        ck_assert_uint_lt(used, 36000);
    }
    return out;
}

/* "=NAME VALUE" as a record, in strings of at most 255 bytes. */
static inline void
encode_txt(const char *line, char *to)
{
    size_t name = strcspn(line, " ");
    const char *value = line + name + 1;
    int used = sprintf(to, "%.*s. 60 IN TXT", (int)name, line);

    for (size_t length = strlen(value); length > 0;) {
        size_t n = length > 255 ? 255 : length;

        used += sprintf(to + used, " \"");
        for (size_t i = 0; i < n; i++) {
            used += sprintf(to + used, "\\%03u", (unsigned char)value[i]);
        }
        used += sprintf(to + used, "\"");
        value += n;
        length -= n;
    }
}

static inline void
open_zone(zone_world *w, const char *records)
{
    static char zone[80000];
    static char parent[4000];
    char *text = expand(records);
    char *rest = text;
    char *line;
    char *to = zone;
    const char *cut = DOMAIN;
    const char *other = NULL;

    zone[0] = parent[0] = '\0';
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (strcmp(line, "; parent") == 0) {
            to = parent;
        } else if (strncmp(line, "; zone ", 7) == 0) {
            cut = line + 7;
        } else if (strncmp(line, "; other ", 8) == 0) {
            other = line + 8;
        } else if (line[0] == '=') {
            encode_txt(line + 1, to + strlen(to));
            (void)strcat(to, "\n");
        } else if (line[0] != '\0') {
            (void)strcat(strcat(to, line), "\n");
        }
    }
    world_open(w, zone);
    w->slow = true;
    w->parent = to == parent ? strdup(parent) : NULL;
    w->world.domain = DOMAIN;
    w->world.organizational = DOMAIN;
    w->world.zone = strdup(cut);
    w->world.chance = 0x12345678;
    w->world.hosts = world_make(w, WXS_VIA_ZONE, cut, WXS_TYPE_NS);
    if (other != NULL) {
        w->world.other[w->world.others++] = strdup(other);
    }
    free(text);
}

static inline void
close_zone(zone_world *w)
{
    wxs_dns_answer_free((wxs_dns_answer *)w->world.hosts);
    free((char *)w->world.zone);
    free((char *)w->parent);
    if (w->world.others > 0) {
        free((char *)w->world.other[0]);
    }
    world_close(w);
}

/* The verdict on the record as one nameserver with the zone has it. */
static inline void
judge_in(zone_world *w, const wxs_expected *expected, wxs_verdict *verdict)
{
    wxs_dns_answer *answer =
        world_make(w, WXS_VIA_ZONE, expected->fqdn,
                   expected->kind == WXS_RECORD_MX         ? WXS_TYPE_MX
                   : expected->kind == WXS_RECORD_TRACKING ? WXS_TYPE_CNAME
                                                           : WXS_TYPE_TXT);
    wxs_observation seen = {"ns1.dns.example", "192.0.2.53", answer};
    int rounds = 0;

    do {
        ck_assert_int_lt(rounds++, 20);
        w->world.waiting = false;
        wxs_match(expected, &seen, 1, &w->world, verdict);
    } while (w->world.waiting);
    wxs_dns_answer_free(answer);
}

static inline void
assert_verdict(const char *id, const wxs_verdict *verdict, wxs_class class,
               const char *code)
{
    ck_assert_msg(verdict->class == class && strcmp(verdict->code, code) == 0,
                  "%s: %s/%s instead of %s/%s: %s", id,
                  wxs_class_name(verdict->class), verdict->code,
                  wxs_class_name(class), code, verdict->message);
    ck_assert_msg(verdict->message[0] != '\0', "%s: no message", id);
    ck_assert_msg(!wxs_class_miss(class) || verdict->fix[0] != '\0',
                  "%s: no fix", id);
    ck_assert_msg(strlen(verdict->message) < sizeof verdict->message - 1 &&
                      strlen(verdict->fix) < sizeof verdict->fix - 1,
                  "%s: cut: %s %s", id, verdict->message, verdict->fix);
    note_row(id, code);
}

/* Judges the whole zone of a row; the verdict on its record is left. */
static inline void
judge_row(const catalogue_row *row, wxs_verdict *verdict)
{
    static char records[30000];
    zone_world w;
    wxs_landmarks *landmarks = calloc(1, sizeof *landmarks);
    wxs_error error;

    (void)snprintf(records, sizeof records, "%s", INFRASTRUCTURE);
    for (size_t i = 0; !row->alone && i < sizeof right / sizeof *right; i++) {
        if (i != (size_t)row->kind) {
            (void)strcat(strcat(records, right[i]), "\n");
        }
    }
    (void)strcat(records, row->records);
    ck_assert(wxs_landmarks_parse("proxy 203.0.113.0/24 Cloudflare\n"
                                  "forwarder 198.51.100.0/25 Registrar\n"
                                  "parking parking.example Parker\n",
                                  landmarks, &error));
    open_zone(&w, records);
    w.world.landmarks = landmarks;
    for (size_t i = 0; !row->alone && i < sizeof wanted / sizeof *wanted; i++) {
        if (i != (size_t)row->kind) {
            judge_in(&w, &wanted[i], verdict);
            assert_verdict(row->id, verdict, WXS_EXACT, "ok");
        }
    }
    judge_in(&w, &wanted[row->kind], verdict);
    assert_verdict(row->id, verdict, row->class, row->code);
    close_zone(&w);
    free(landmarks);
}

static inline void
judge_rows(const catalogue_row *rows, size_t count)
{
    static wxs_verdict verdict;

    for (size_t i = 0; i < count; i++) {
        judge_row(&rows[i], &verdict);
    }
}

static inline int
run_cases(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    SRunner *runner;
    int failed;

    tcase_set_timeout(cases, 60); /* a private key may take a second */
    tcase_add_unchecked_fixture(cases, make_keys, NULL);
    for (size_t i = 0; i < count; i++) {
        tcase_add_test(cases, tests[i]);
    }
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#define RUN(name, ...)                                                         \
    run_cases(name, (const TTest *const[]){__VA_ARGS__},                       \
              sizeof((const TTest *const[]){__VA_ARGS__}) /                    \
                  sizeof(const TTest *))

#endif
