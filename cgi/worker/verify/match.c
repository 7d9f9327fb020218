#include "match.h"

#include <stdio.h>
#include <string.h>

#include "match_kinds.h"
#include "spf.h"

bool
wxs_class_good(wxs_class class)
{
    return class == WXS_EXACT || class == WXS_SATISFIED;
}

bool
wxs_class_miss(wxs_class class)
{
    return class == WXS_MISSING || class == WXS_WRONG || class == WXS_CONFLICT;
}

const char *
wxs_class_name(wxs_class class)
{
    static const char *const names[] = {
        [WXS_EXACT] = "exact",       [WXS_SATISFIED] = "satisfied",
        [WXS_WRONG] = "wrong",       [WXS_MISSING] = "missing",
        [WXS_CONFLICT] = "conflict", [WXS_PROPAGATING] = "propagating",
        [WXS_TEMP] = "temp",
    };

    return names[class];
}

uint16_t
wxs_match_type(wxs_record_kind kind)
{
    switch (kind) {
    case WXS_RECORD_MX:
        return WXS_TYPE_MX;
    case WXS_RECORD_TRACKING:
        return WXS_TYPE_CNAME;
    case WXS_RECORD_DKIM:
    case WXS_RECORD_SPF:
    case WXS_RECORD_DMARC:
        break;
    }
    return WXS_TYPE_TXT;
}

const char *
wxs_match_type_name(const wxs_expected *expected)
{
    switch (expected->kind) {
    case WXS_RECORD_MX:
        return "MX";
    case WXS_RECORD_TRACKING:
        return "CNAME";
    case WXS_RECORD_DKIM:
        return expected->alias != NULL ? "CNAME" : "TXT";
    case WXS_RECORD_SPF:
    case WXS_RECORD_DMARC:
        break;
    }
    return "TXT";
}

/* Does one of the values name ours? */
static bool
holds_name(const wxs_expected *expected, const wxs_dns_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        if (wxs_match_names((const char *)answer->value[i].data,
                            expected->value)) {
            return true;
        }
    }
    return false;
}

/* Does one of the SPF records have all of our terms? */
static bool
holds_spf(const wxs_expected *expected, const wxs_dns_answer *answer)
{
    size_t skip = sizeof WXS_SPF_VERSION - 1;

    for (size_t i = 0; i < answer->count; i++) {
        wxs_span rest = {expected->value + skip,
                         strlen(expected->value) - skip};
        wxs_span word;
        bool all = wxs_spf_candidate(&answer->value[i]);

        while (all && wxs_spf_next(&rest, &word)) {
            wxs_spf_term term = wxs_spf_term_of(word);
            wxs_spf_question question = {.term = &term};

            all = wxs_spf_term_is(&term, "all") ||
                  wxs_spf_check(NULL, expected->fqdn,
                                wxs_spf_terms(&answer->value[i]),
                                &question) == WXS_SPF_PASS;
        }
        if (all) {
            return true;
        }
    }
    return false;
}

bool
wxs_match_holds(const wxs_expected *expected, const wxs_dns_answer *answer)
{
    wxs_verdict verdict = {.code = ""};

    switch (expected->kind) {
    case WXS_RECORD_DKIM:
        if (expected->alias != NULL && answer->alias != NULL) {
            return wxs_match_names(answer->alias, expected->alias);
        }
        wxs_match_dkim(expected, answer, NULL, &verdict);
        return wxs_class_good(verdict.class) ||
               strcmp(verdict.code, "dkim_extra_record") == 0;
    case WXS_RECORD_SPF:
        return holds_spf(expected, answer);
    case WXS_RECORD_DMARC:
        return wxs_match_is_policy(answer);
    case WXS_RECORD_MX:
    case WXS_RECORD_TRACKING:
        break;
    }
    return holds_name(expected, answer);
}

static wxs_dns_outcome
outcome_of(const wxs_observation *seen)
{
    return seen->answer == NULL ? WXS_DNS_LOCAL : seen->answer->outcome;
}

static void
judge(const wxs_expected *expected, const wxs_dns_answer *answer,
      wxs_world *world, wxs_verdict *verdict)
{
    switch (expected->kind) {
    case WXS_RECORD_DKIM:
        (expected->alias != NULL ? wxs_match_dkim_alias : wxs_match_dkim)(
            expected, answer, world, verdict);
        break;
    case WXS_RECORD_SPF:
        wxs_match_spf(expected, answer, world, verdict);
        break;
    case WXS_RECORD_MX:
        wxs_match_mx(expected, answer, world, verdict);
        break;
    case WXS_RECORD_DMARC:
        wxs_match_dmarc(expected, answer, world, verdict);
        break;
    case WXS_RECORD_TRACKING:
        wxs_match_tracking(expected, answer, world, verdict);
        break;
    }
}

/* ---- servers that do not answer ---- */

typedef struct {
    const char *code;
    const char *what; /* "<server> ..." */
    const char *fix;
} failure;

static failure
failure_of(const wxs_observation *seen)
{
    static const failure truncated = {
        "tcp_blocked", "answers over UDP in part only and not over TCP",
        "Allow TCP port 53 to this nameserver in its firewall."};
    static const failure failures[] = {
        [WXS_DNS_TIMEOUT] = {"nameserver_silent", "does not answer",
                             "Ask the DNS provider why this nameserver is "
                             "silent, or remove it from the delegation."},
        [WXS_DNS_UNREACHABLE] = {"nameserver_unreachable", "cannot be reached",
                                 "Ask the DNS provider whether this nameserver "
                                 "is running, or remove it from the "
                                 "delegation."},
        [WXS_DNS_SERVFAIL] = {"nameserver_error", "answers with an error",
                              "Ask the DNS provider to repair the zone on this "
                              "nameserver."},
        [WXS_DNS_REFUSED] = {"nameserver_refuses",
                             "refuses to answer for this zone",
                             "The nameserver does not know the zone: set it up "
                             "there, or remove the server from the "
                             "delegation."},
        [WXS_DNS_LAME] = {"nameserver_lame",
                          "does not answer with authority for this zone",
                          "The nameserver does not know the zone: set it up "
                          "there, or remove the server from the delegation."},
        [WXS_DNS_MALFORMED] = {"nameserver_malformed",
                               "sends answers that cannot be read",
                               "Ask the DNS provider about this nameserver."},
        [WXS_DNS_NOT_PUBLIC] = {"ns_not_public",
                                "has no public address, so it is not asked",
                                "Give the nameserver a public address, or let "
                                "the operator add its network to "
                                "dns.allow_ns."},
        [WXS_DNS_UNRESOLVED] = {"nameserver_unresolved",
                                "has no address that the resolver can find",
                                "Check the domain's delegation and the "
                                "nameserver's own address records."},
        [WXS_DNS_LOCAL] = {"check_incomplete", "could not be asked",
                           "Nothing to do: the check is repeated."},
    };

    wxs_dns_outcome outcome = outcome_of(seen);

    if (seen->answer != NULL && seen->answer->truncated &&
        (outcome == WXS_DNS_TIMEOUT || outcome == WXS_DNS_UNREACHABLE)) {
        return truncated;
    }
    return failures[wxs_dns_definite(outcome) ? WXS_DNS_LOCAL : outcome];
}

static void
judge_unknown(const wxs_expected *expected, const wxs_observation *seen,
              size_t count, wxs_verdict *verdict)
{
    wxs_verdict_set(verdict, WXS_TEMP, "zone_unknown");
    if (count == 0) {
        wxs_verdict_say(verdict,
                        "The nameservers of %s could not be found out, so "
                        "nothing is known of the record.",
                        expected->fqdn);
        wxs_verdict_fix(verdict, "Check that the domain is registered and its "
                                 "delegation works; the check is repeated.");
        return;
    }
    failure first = failure_of(&seen[0]);

    verdict->code = first.code;
    wxs_verdict_say(
        verdict, "No nameserver gave a usable answer for %s: %s%s%s %s.",
        expected->fqdn, seen[0].host, seen[0].address[0] == '\0' ? "" : " at ",
        seen[0].address, first.what);
    wxs_verdict_fix(verdict, "%s", first.fix);
}

/* The record is fine, yet a server is not: that is worth a word. */
static void
warn_of_failure(const wxs_observation *seen, size_t count, wxs_verdict *verdict)
{
    for (size_t i = 0; i < count; i++) {
        if (wxs_dns_definite(outcome_of(&seen[i]))) {
            continue;
        }
        failure why = failure_of(&seen[i]);
        size_t used = strlen(verdict->message);

        if (strcmp(verdict->code, "ok") == 0) {
            verdict->code = why.code;
            wxs_verdict_fix(verdict, "%s", why.fix);
        }
        if (used < sizeof verdict->message - 1) {
            char before[sizeof verdict->message];

            memcpy(before, verdict->message, used + 1);
            wxs_verdict_say(verdict, "%s But %s%s%s %s.", before, seen[i].host,
                            seen[i].address[0] == '\0' ? "" : " at ",
                            seen[i].address, why.what);
        }
        return;
    }
}

/* ---- agreement ---- */

/* The texts are large, and few of them are used. */
static void
clear(wxs_verdict *verdict)
{
    verdict->class = WXS_EXACT;
    verdict->code = NULL;
    verdict->message[0] = verdict->fix[0] = verdict->suggested[0] = '\0';
    verdict->found_count = 0;
    memset(verdict->server, 0, sizeof verdict->server);
    verdict->good = verdict->definite = 0;
}

static void
take_words(wxs_verdict *to, const wxs_verdict *from)
{
    to->class = from->class;
    to->code = from->code;
    memcpy(to->message, from->message, sizeof to->message);
    memcpy(to->fix, from->fix, sizeof to->fix);
    to->found_count = from->found_count;
    for (size_t i = 0; i < from->found_count; i++) {
        memcpy(to->found[i], from->found[i], strlen(from->found[i]) + 1);
    }
    memcpy(to->suggested, from->suggested, strlen(from->suggested) + 1);
}

/* "ns1.example (serial 7)" */
static void
name_server(const wxs_observation *seen, char text[300])
{
    if (seen->answer == NULL || !seen->answer->has_serial) {
        (void)snprintf(text, 300, "%.250s", seen->host);
    } else {
        (void)snprintf(text, 300, "%.250s (serial %lu)", seen->host,
                       (unsigned long)seen->answer->serial);
    }
}

static void
judge_split(const wxs_expected *expected, const wxs_observation *seen,
            size_t count, wxs_verdict *verdict)
{
    char with[300] = "";
    char without[300] = "";
    char why[sizeof verdict->message];

    for (size_t i = 0; i < count; i++) {
        if (!wxs_dns_definite(outcome_of(&seen[i]))) {
            continue;
        }
        bool good = strcmp(verdict->server[i], "exact") == 0 ||
                    strcmp(verdict->server[i], "satisfied") == 0;

        name_server(&seen[i], good ? with : without);
    }
    memcpy(why, verdict->message, sizeof why);
    wxs_verdict_set(verdict, WXS_PROPAGATING, "propagating");
    wxs_verdict_say(verdict,
                    "%zu of %zu nameservers have the record for %s: seen at "
                    "%s, not yet at %s. %s",
                    verdict->good, verdict->definite, expected->fqdn, with,
                    without, why);
    wxs_verdict_fix(verdict, "Wait until the zone has reached every "
                             "nameserver; if it does not within the hour, ask "
                             "the DNS provider.");
}

void
wxs_match(const wxs_expected *expected, const wxs_observation *seen,
          size_t count, wxs_world *world, wxs_verdict *verdict)
{
    wxs_verdict one;

    clear(verdict);
    for (size_t i = 0; i < count && i < WXS_SERVERS_MAX; i++) {
        if (!wxs_dns_definite(outcome_of(&seen[i]))) {
            verdict->server[i] = wxs_dns_outcome_name(outcome_of(&seen[i]));
            continue;
        }
        clear(&one);
        judge(expected, seen[i].answer, world, &one);
        verdict->server[i] = wxs_class_name(one.class);
        if (one.class != WXS_TEMP) {
            verdict->definite++;
            verdict->good += wxs_class_good(one.class);
        }
        /* The classes stand in the order of what they tell. */
        if (verdict->code == NULL || verdict->class == WXS_TEMP ||
            (one.class != WXS_TEMP && one.class > verdict->class)) {
            take_words(verdict, &one);
        }
    }
    if (verdict->code == NULL) {
        judge_unknown(expected, seen, count, verdict);
        return;
    }
    if (wxs_class_miss(verdict->class) && verdict->good == 0) {
        wxs_match_hints(expected, seen, count, world, verdict);
    } else if (verdict->good > 0 && verdict->good < verdict->definite) {
        judge_split(expected, seen, count, verdict);
    } else if (verdict->good > 0) {
        warn_of_failure(seen, count, verdict);
    }
}
