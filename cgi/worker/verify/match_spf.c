#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "match_kinds.h"
#include "tags.h"

/* The return path's SPF record, RFC 7208: the record itself is walked, what it
 * includes is not looked up. */

#define VERSION     "v=spf1"
#define LOOKUPS_MAX 10 /* RFC 7208 4.6.4 */

typedef struct {
    char qualifier;     /* '+' if none is written */
    wxs_span mechanism; /* without the qualifier; a modifier as it is */
    wxs_span name;
    char separator; /* ':', '=', '/' or 0 */
    wxs_span rest;  /* after the separator */
} term;

/* ---- words ---- */

/* Cuts the next word off rest; false at the end. */
static bool
next_word(wxs_span *rest, wxs_span *word)
{
    while (rest->length > 0 && rest->data[0] == ' ') {
        rest->data++;
        rest->length--;
    }
    word->data = rest->data;
    word->length = 0;
    while (rest->length > 0 && rest->data[0] != ' ') {
        rest->data++;
        rest->length--;
        word->length++;
    }
    return word->length > 0;
}

static term
split_term(wxs_span word)
{
    term t = {.qualifier = '+', .mechanism = word};

    if (memchr("+-~?", word.data[0], 4) != NULL) {
        t.qualifier = word.data[0];
        t.mechanism.data++;
        t.mechanism.length--;
    }
    t.name = (wxs_span){t.mechanism.data, 0};
    while (t.name.length < t.mechanism.length &&
           memchr(":=/", t.name.data[t.name.length], 3) == NULL) {
        t.name.length++;
    }
    if (t.name.length < t.mechanism.length) {
        t.separator = t.name.data[t.name.length];
        t.rest.data = t.name.data + t.name.length + 1;
        t.rest.length = t.mechanism.length - t.name.length - 1;
    }
    return t;
}

static bool
same_mechanism(const term *a, const term *b)
{
    return a->mechanism.length == b->mechanism.length &&
           strncasecmp(a->mechanism.data, b->mechanism.data,
                       a->mechanism.length) == 0;
}

/* ---- syntax ---- */

/* "192.0.2.0/24": false if it is no network of the family. */
static bool
is_network(wxs_span text, int family)
{
    char copy[INET6_ADDRSTRLEN + 4];
    unsigned char bytes[16];
    int bits = 0;
    int digits = 0;

    if (text.length == 0 || text.length >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    char *slash = strchr(copy, '/');

    if (slash != NULL) {
        *slash = '\0';
        for (const char *p = slash + 1; *p != '\0'; p++) {
            if (*p < '0' || *p > '9' || ++digits > 3) {
                return false;
            }
            bits = bits * 10 + (*p - '0');
        }
        if (digits == 0 || bits > (family == AF_INET ? 32 : 128)) {
            return false;
        }
    }
    return inet_pton(family, copy, bytes) == 1;
}

static bool
is_modifier(const term *t)
{
    return t->separator == '=' && t->name.length > 0;
}

/* RFC 7208 12, as far as a typing mistake could show. */
static bool
valid_term(const term *t)
{
    if (is_modifier(t)) {
        return t->mechanism.data == t->name.data && t->qualifier == '+' &&
               (t->rest.length > 0 ||
                (!wxs_span_is_nocase(t->name, "redirect") &&
                 !wxs_span_is_nocase(t->name, "exp")));
    }
    if (wxs_span_is_nocase(t->name, "all")) {
        return t->separator == 0;
    }
    if (wxs_span_is_nocase(t->name, "include") ||
        wxs_span_is_nocase(t->name, "exists")) {
        return t->separator == ':' && t->rest.length > 0;
    }
    if (wxs_span_is_nocase(t->name, "a") || wxs_span_is_nocase(t->name, "mx")) {
        return t->separator == 0 || t->rest.length > 0;
    }
    if (wxs_span_is_nocase(t->name, "ptr")) {
        return t->separator == 0 || (t->separator == ':' && t->rest.length > 0);
    }
    if (wxs_span_is_nocase(t->name, "ip4")) {
        return t->separator == ':' && is_network(t->rest, AF_INET);
    }
    if (wxs_span_is_nocase(t->name, "ip6")) {
        return t->separator == ':' && is_network(t->rest, AF_INET6);
    }
    return false;
}

static bool
costs_lookup(const term *t)
{
    static const char *const names[] = {"include", "a", "mx", "ptr", "exists"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!is_modifier(t) && wxs_span_is_nocase(t->name, names[i])) {
            return true;
        }
    }
    return false;
}

/* ---- one record ---- */

typedef struct {
    size_t lookups;
    bool all;
    char all_qualifier;
    bool redirect;
} summary;

/* Reads the whole record; true if it is sound, else the verdict says why not.
 */
static bool
survey(wxs_span rest, const char *start, summary *sum, wxs_verdict *verdict)
{
    wxs_span word;

    while (next_word(&rest, &word)) {
        term t = split_term(word);
        int shown = (int)(word.length > 80 ? 80 : word.length);

        if (wxs_span_is_nocase(word, VERSION)) {
            wxs_verdict_set(verdict, WXS_WRONG, "spf_two_versions");
            wxs_verdict_say(verdict, "Two SPF records were put into one: "
                                     "\"v=spf1\" stands in it twice.");
            wxs_verdict_fix(verdict, "Keep the first \"v=spf1\" and the last "
                                     "\"all\" only.");
            return false;
        }
        if (!valid_term(&t)) {
            wxs_verdict_set(verdict, WXS_WRONG, "spf_syntax");
            wxs_verdict_say(verdict,
                            "\"%.*s\" at position %zu is not valid in an SPF "
                            "record; receivers reject the whole record.",
                            shown, word.data, (size_t)(word.data - start) + 1);
            wxs_verdict_fix(verdict, "Correct or remove it.");
            return false;
        }
        sum->lookups += costs_lookup(&t);
        if (wxs_span_is_nocase(t.name, "all") && !sum->all) {
            sum->all = true;
            sum->all_qualifier = t.qualifier;
        }
        sum->redirect |= wxs_span_is_nocase(t.name, "redirect");
    }
    sum->lookups += sum->redirect && !sum->all;
    if (sum->lookups > LOOKUPS_MAX) {
        wxs_verdict_set(verdict, WXS_WRONG, "spf_too_many_lookups");
        wxs_verdict_say(verdict,
                        "The record asks for %zu look-ups; receivers "
                        "stop at 10 and reject it.",
                        sum->lookups);
        wxs_verdict_fix(verdict, "Remove terms that are not needed.");
        return false;
    }
    return true;
}

typedef enum {
    ABSENT,
    PRESENT,
    AFTER_ALL,
    OTHER_QUALIFIER
} presence;

static presence
find_mechanism(wxs_span rest, const term *wanted)
{
    presence best = ABSENT;
    bool all = false;
    wxs_span word;

    while (next_word(&rest, &word)) {
        term t = split_term(word);

        if (same_mechanism(&t, wanted)) {
            if (!all && t.qualifier == '+') {
                return PRESENT;
            }
            if (best == ABSENT) {
                best = all ? AFTER_ALL : OTHER_QUALIFIER;
            }
        }
        all = all || wxs_span_is_nocase(t.mechanism, "all");
    }
    return best;
}

static void
judge_presence(const term *wanted, presence how, wxs_verdict *verdict)
{
    int length =
        (int)(wanted->mechanism.length > 300 ? 300 : wanted->mechanism.length);
    const char *text = wanted->mechanism.data;

    switch (how) {
    case AFTER_ALL:
        wxs_verdict_set(verdict, WXS_WRONG, "spf_after_all");
        wxs_verdict_say(verdict,
                        "%.*s stands after \"all\", where nothing is "
                        "read any more.",
                        length, text);
        wxs_verdict_fix(verdict, "Move %.*s before \"all\".", length, text);
        break;
    case OTHER_QUALIFIER:
        wxs_verdict_set(verdict, WXS_WRONG, "spf_qualifier");
        wxs_verdict_say(verdict,
                        "A sign before %.*s turns it from a pass into "
                        "something else.",
                        length, text);
        wxs_verdict_fix(verdict,
                        "Remove the \"-\", \"~\" or \"?\" before "
                        "%.*s.",
                        length, text);
        break;
    case ABSENT:
    case PRESENT:
        wxs_verdict_set(verdict, WXS_WRONG, "spf_not_included");
        wxs_verdict_say(verdict, "The SPF record lacks %.*s.", length, text);
        wxs_verdict_fix(verdict, "Add %.*s before \"all\".", length, text);
        break;
    }
}

static void
judge_record(const wxs_expected *expected, const wxs_dns_value *value,
             wxs_verdict *verdict)
{
    const char *start = (const char *)value->data;
    size_t skip = sizeof VERSION - 1;
    wxs_span terms = {start + skip, value->length - skip};
    wxs_span ours = {expected->value, strlen(expected->value)};
    summary sum = {0};
    wxs_span word;

    if (value->length == ours.length &&
        memcmp(start, ours.data, ours.length) == 0) {
        wxs_verdict_set(verdict, WXS_EXACT, "ok");
        wxs_verdict_say(verdict, "The record at %s is as shown.",
                        expected->fqdn);
        return;
    }
    if (wxs_match_pasted(expected, value, verdict) ||
        !survey(terms, start, &sum, verdict)) {
        return;
    }
    (void)next_word(&ours, &word); /* the version */
    while (next_word(&ours, &word)) {
        term wanted = split_term(word);
        presence how = find_mechanism(terms, &wanted);

        if (!wxs_span_is_nocase(wanted.name, "all") && how != PRESENT) {
            judge_presence(&wanted, how, verdict);
            return;
        }
    }
    wxs_verdict_set(verdict, WXS_SATISFIED, "ok");
    wxs_verdict_say(verdict, "The SPF record at %s includes what is needed.",
                    expected->fqdn);
    if (sum.all && sum.all_qualifier == '+') {
        wxs_verdict_set(verdict, WXS_SATISFIED, "spf_pass_all");
        wxs_verdict_say(verdict,
                        "The SPF record at %s includes what is "
                        "needed, but lets everyone send.",
                        expected->fqdn);
        wxs_verdict_fix(verdict, "Replace \"+all\" by \"~all\".");
    }
}

/* ---- which records are SPF's ---- */

/* RFC 7208 4.5 */
static bool
is_candidate(const wxs_dns_value *value)
{
    size_t length = sizeof VERSION - 1;

    return value->length >= length &&
           strncasecmp((const char *)value->data, VERSION, length) == 0 &&
           (value->length == length || value->data[length] == ' ');
}

static bool
mentions_spf(const wxs_dns_value *value)
{
    for (size_t i = 0; i + 4 <= value->length; i++) {
        if (strncasecmp((const char *)value->data + i, "spf1", 4) == 0) {
            return true;
        }
    }
    return false;
}

/* Something that was meant for an SPF record, or nothing of the kind. */
static void
judge_none(const wxs_expected *expected, const wxs_dns_answer *answer,
           wxs_verdict *verdict)
{
    for (size_t i = 0; i < answer->count; i++) {
        if (!mentions_spf(&answer->value[i])) {
            continue;
        }
        wxs_verdict_found(verdict, answer->value[i].data,
                          answer->value[i].length);
        if (!wxs_match_pasted(expected, &answer->value[i], verdict)) {
            wxs_verdict_set(verdict, WXS_WRONG, "spf_syntax");
            wxs_verdict_say(verdict, "The value does not begin with \"v=spf1\" "
                                     "and a space, so receivers ignore it.");
            wxs_verdict_fix(verdict, "Replace it with the value shown.");
        }
        return;
    }
    wxs_verdict_set(verdict, WXS_MISSING, "missing");
    wxs_verdict_say(verdict, "The TXT records at %s are not SPF's.",
                    expected->fqdn);
    wxs_verdict_fix(verdict, "Add a TXT record at %s with the value shown.",
                    expected->fqdn);
}

/* Our mechanisms put into the customer's own record. */
static void
propose_merged(const wxs_expected *expected, const char *other,
               wxs_verdict *verdict)
{
    wxs_span ours = {expected->value, strlen(expected->value)};
    char mechanisms[400] = "";
    size_t used = 0;
    wxs_span word;

    (void)next_word(&ours, &word);
    while (next_word(&ours, &word)) {
        if (!wxs_span_is_nocase(split_term(word).name, "all") &&
            word.length + 2 < sizeof mechanisms - used) {
            used +=
                (size_t)snprintf(mechanisms + used, sizeof mechanisms - used,
                                 " %.*s", (int)word.length, word.data);
        }
    }
    wxs_verdict_fix(verdict, "Keep one record only: \"" VERSION "%s%s\".",
                    mechanisms, other + sizeof VERSION - 1);
}

void
wxs_match_spf(const wxs_expected *expected, const wxs_dns_answer *answer,
              wxs_verdict *verdict)
{
    const wxs_dns_value *record = NULL;
    size_t candidates = 0;
    size_t other = 0; /* index in found of one that is not ours */

    if (wxs_match_absent(expected, answer, "TXT", verdict)) {
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        if (!is_candidate(&answer->value[i])) {
            continue;
        }
        candidates++;
        record = &answer->value[i];
        wxs_verdict_found(verdict, record->data, record->length);
        if (strcmp((const char *)record->data, expected->value) != 0 &&
            verdict->found_count > 0) {
            other = verdict->found_count - 1;
        }
    }
    if (candidates == 0) {
        judge_none(expected, answer, verdict);
    } else if (candidates > 1) {
        wxs_verdict_set(verdict, WXS_CONFLICT, "spf_two_records");
        wxs_verdict_say(verdict,
                        "%zu SPF records stand at %s; receivers then "
                        "reject all of them.",
                        candidates, expected->fqdn);
        propose_merged(expected, verdict->found[other], verdict);
    } else {
        judge_record(expected, record, verdict);
    }
}
