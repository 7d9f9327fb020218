#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "match_kinds.h"
#include "spf.h"

/* The return path's SPF record: does it pass what we send from? */

static wxs_span
own_terms(const wxs_expected *expected)
{
    size_t skip = sizeof WXS_SPF_VERSION - 1;
    size_t length = strlen(expected->value);

    return length < skip ? (wxs_span){"", 0}
                         : (wxs_span){expected->value + skip, length - skip};
}

static int
shown(wxs_span span, size_t most)
{
    return (int)(span.length > most ? most : span.length);
}

static void
fix_by_merging(const wxs_expected *expected, const wxs_dns_answer *answer,
               const char *what, wxs_verdict *verdict)
{
    wxs_match_spf_merge(expected, answer, verdict->suggested);
    if (verdict->suggested[0] != '\0') {
        wxs_verdict_fix(verdict, "%s: \"%s\".", what, verdict->suggested);
    } else {
        wxs_verdict_fix(verdict, "%s, with \"%s\" in it.", what,
                        expected->value);
    }
}

/* ---- a record that receivers reject ---- */

static void
judge_lookups(const wxs_spf_survey *survey, wxs_verdict *verdict)
{
    bool stopped = survey->lookups >= WXS_SPF_LOOKUPS_STOP;

    wxs_verdict_set(verdict, WXS_WRONG, "spf_too_many_lookups");
    wxs_verdict_say(verdict,
                    "The record needs %s%zu look-ups; receivers stop at 10 and "
                    "reject it. The limit is passed at %.*s in the record of "
                    "%s.",
                    stopped ? "at least " : "", survey->lookups,
                    shown(survey->term, 80), survey->term.data, survey->domain);
    wxs_verdict_fix(verdict, "Remove include:, a, mx, ptr and exists: terms "
                             "of services that are not used any more.");
}

static void
judge_syntax(const wxs_expected *expected, const wxs_spf_survey *survey,
             wxs_verdict *verdict)
{
    if (!wxs_match_names(survey->domain, expected->fqdn)) {
        wxs_verdict_set(verdict, WXS_WRONG, "spf_include_broken");
        wxs_verdict_say(verdict,
                        "The record of %s, which this one includes, is not "
                        "valid at \"%.*s\"; receivers then reject this one "
                        "too.",
                        survey->domain, shown(survey->term, 80),
                        survey->term.data);
        wxs_verdict_fix(verdict,
                        "Remove the term that leads to %s, or ask "
                        "its owner to correct it.",
                        survey->domain);
    } else if (survey->fault == WXS_SPF_VERSION_TWICE) {
        wxs_verdict_set(verdict, WXS_WRONG, "spf_two_versions");
        wxs_verdict_say(verdict, "Two SPF records were put into one: "
                                 "\"v=spf1\" stands in it twice.");
    } else {
        wxs_verdict_set(verdict, WXS_WRONG, "spf_syntax");
        wxs_verdict_say(verdict,
                        "\"%.*s\" at position %zu is not valid in an SPF "
                        "record; receivers reject the whole record.",
                        shown(survey->term, 80), survey->term.data,
                        survey->position);
        wxs_verdict_fix(verdict, "Correct or remove it.");
    }
}

static void
judge_include(const wxs_spf_survey *survey, wxs_verdict *verdict)
{
    bool several = survey->fault == WXS_SPF_INCLUDE_SEVERAL;

    wxs_verdict_set(verdict, WXS_WRONG,
                    several ? "spf_include_broken" : "spf_include_missing");
    wxs_verdict_say(verdict,
                    "%.*s in the record of %s leads to %s; receivers then "
                    "reject the whole record.",
                    shown(survey->term, 200), survey->term.data, survey->domain,
                    several ? "more than one SPF record"
                            : "a name without an SPF record");
    wxs_verdict_fix(verdict, "Remove %.*s, or correct its name.",
                    shown(survey->term, 200), survey->term.data);
}

/* True if the record is not sound, with the verdict filled. */
static bool
judge_fault(const wxs_expected *expected, const wxs_dns_answer *answer,
            const wxs_spf_survey *survey, wxs_verdict *verdict)
{
    switch (survey->fault) {
    case WXS_SPF_SOUND:
        return false;
    case WXS_SPF_VERSION_TWICE:
        fix_by_merging(expected, answer, "Replace it by", verdict);
        judge_syntax(expected, survey, verdict);
        break;
    case WXS_SPF_SYNTAX:
        judge_syntax(expected, survey, verdict);
        break;
    case WXS_SPF_LOOKUPS:
        judge_lookups(survey, verdict);
        break;
    case WXS_SPF_NAMES:
        wxs_verdict_set(verdict, WXS_WRONG, "spf_too_many_names");
        wxs_verdict_say(verdict,
                        "%.*s in the record of %s has more than 10 mail "
                        "servers; receivers then reject the whole record.",
                        shown(survey->term, 200), survey->term.data,
                        survey->domain);
        wxs_verdict_fix(verdict, "Remove %.*s.", shown(survey->term, 200),
                        survey->term.data);
        break;
    case WXS_SPF_INCLUDE_MISSING:
    case WXS_SPF_INCLUDE_SEVERAL:
        judge_include(survey, verdict);
        break;
    }
    return true;
}

/* ---- a record that passes us, or not ---- */

typedef enum {
    PASSES,
    FLATTENED, /* not by our term, but by our networks */
    REFUSED,   /* something before our term is no pass for us */
    LACKING,
    NOT_KNOWN,
} passing;

/* Do all networks that our own record passes also pass here? */
static wxs_spf_result
check_networks(const wxs_expected *expected, wxs_span terms, wxs_world *world)
{
    wxs_spf_network networks[WXS_SPF_NETWORKS_MAX];
    size_t count = 0;
    bool complete = wxs_spf_networks(world, expected->fqdn, own_terms(expected),
                                     networks, &count);
    wxs_spf_result worst = complete ? WXS_SPF_PASS : WXS_SPF_UNDECIDED;

    for (size_t i = 0; i < count; i++) {
        wxs_spf_question question = {.network = &networks[i]};
        wxs_spf_result result =
            wxs_spf_check(world, expected->fqdn, terms, &question);

        if (result == WXS_SPF_OTHER || result == WXS_SPF_NONE) {
            return WXS_SPF_OTHER;
        }
        worst = result == WXS_SPF_PASS ? worst : result;
    }
    return worst;
}

/* *missed is the first of our terms that does not pass. */
static passing
find_passing(const wxs_expected *expected, wxs_span terms, wxs_world *world,
             wxs_spf_term *missed)
{
    wxs_span ours = own_terms(expected);
    wxs_span word;
    passing found = PASSES;

    while (found == PASSES && wxs_spf_next(&ours, &word)) {
        wxs_spf_term wanted = wxs_spf_term_of(word);
        wxs_spf_question question = {.term = &wanted};

        if (wxs_spf_term_is(&wanted, "all")) {
            continue;
        }
        *missed = wanted;
        if (wxs_spf_check(world, expected->fqdn, terms, &question) !=
            WXS_SPF_PASS) {
            found = question.unknown ? NOT_KNOWN : LACKING;
        } else if (question.unknown) {
            found = NOT_KNOWN; /* receivers do not get as far as our term */
        } else if (question.refuses &&
                   check_networks(expected, terms, world) == WXS_SPF_OTHER) {
            found = REFUSED;
        }
    }
    if (found == LACKING &&
        check_networks(expected, terms, world) == WXS_SPF_PASS) {
        found = FLATTENED;
    }
    return found;
}

/* Why the term does not count although it is written there. */
static void
judge_lacking(const wxs_expected *expected, const wxs_dns_answer *answer,
              wxs_span terms, const wxs_spf_term *wanted, wxs_verdict *verdict)
{
    bool all = false;
    wxs_span word;
    int length = shown(wanted->mechanism, 300);
    const char *text = wanted->mechanism.data;

    fix_by_merging(expected, answer, "Replace it by", verdict);
    while (wxs_spf_next(&terms, &word)) {
        wxs_spf_term term = wxs_spf_term_of(word);

        if (wxs_spf_same(&term, wanted) && all) {
            wxs_verdict_set(verdict, WXS_WRONG, "spf_after_all");
            wxs_verdict_say(verdict,
                            "%.*s stands after \"all\", where nothing is "
                            "read any more.",
                            length, text);
            wxs_verdict_fix(verdict, "Move %.*s before \"all\".", length, text);
            return;
        }
        if (wxs_spf_same(&term, wanted)) {
            wxs_verdict_set(verdict, WXS_WRONG, "spf_qualifier");
            wxs_verdict_say(verdict,
                            "The sign \"%c\" before %.*s turns it from a pass "
                            "into something else.",
                            term.qualifier, length, text);
            wxs_verdict_fix(verdict, "Remove the \"%c\" before %.*s.",
                            term.qualifier, length, text);
            return;
        }
        all = all || wxs_spf_term_is(&term, "all");
    }
    wxs_verdict_set(verdict, WXS_WRONG, "spf_not_included");
    wxs_verdict_say(verdict, "The SPF record at %s lacks %.*s.", expected->fqdn,
                    length, text);
}

static void
judge_sound(const wxs_expected *expected, const wxs_spf_survey *survey,
            bool flattened, wxs_verdict *verdict)
{
    wxs_verdict_set(verdict, WXS_SATISFIED, "ok");
    wxs_verdict_say(verdict, "The SPF record at %s includes what is needed.",
                    expected->fqdn);
    if (survey->all == '+') {
        wxs_verdict_set(verdict, WXS_SATISFIED, "spf_pass_all");
        wxs_verdict_say(verdict,
                        "The SPF record at %s includes what is "
                        "needed, but lets everyone send.",
                        expected->fqdn);
        wxs_verdict_fix(verdict, "Replace \"+all\" by \"~all\".");
    } else if (survey->voids > WXS_SPF_VOIDS_MAX) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "spf_void_lookups");
        wxs_verdict_say(verdict,
                        "The SPF record at %s includes what is needed, but %zu "
                        "of its names do not exist; receivers may reject it.",
                        expected->fqdn, survey->voids);
        wxs_verdict_fix(verdict, "Remove the terms whose names have no "
                                 "address or record any more.");
    } else if (flattened) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "spf_flattened");
        wxs_verdict_say(verdict,
                        "The SPF record at %s lists all our addresses itself. "
                        "They have to follow when ours change.",
                        expected->fqdn);
    } else if (survey->unknown) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "spf_include_unknown");
        wxs_verdict_say(verdict,
                        "The SPF record at %s includes what is needed; the "
                        "record of %s, which it includes too, could not be "
                        "looked up.",
                        expected->fqdn, survey->unknown_domain);
    }
}

static void
judge_record(const wxs_expected *expected, const wxs_dns_answer *answer,
             const wxs_dns_value *value, wxs_world *world, wxs_verdict *verdict)
{
    wxs_span terms = wxs_spf_terms(value);
    wxs_spf_survey survey;
    wxs_spf_term missed = {.qualifier = 0};

    if (value->length == strlen(expected->value) &&
        memcmp(value->data, expected->value, value->length) == 0) {
        wxs_verdict_set(verdict, WXS_EXACT, "ok");
        wxs_verdict_say(verdict, "The record at %s is as shown.",
                        expected->fqdn);
        return;
    }
    if (wxs_match_pasted(expected, value, verdict)) {
        return;
    }
    wxs_spf_survey_terms(world, expected->fqdn, terms, &survey);
    if (judge_fault(expected, answer, &survey, verdict)) {
        return;
    }
    switch (find_passing(expected, terms, world, &missed)) {
    case PASSES:
        judge_sound(expected, &survey, false, verdict);
        break;
    case FLATTENED:
        judge_sound(expected, &survey, true, verdict);
        break;
    case REFUSED:
        wxs_verdict_set(verdict, WXS_WRONG, "spf_refused");
        wxs_verdict_say(verdict,
                        "A term before %.*s refuses some of the addresses we "
                        "send from.",
                        shown(missed.mechanism, 300), missed.mechanism.data);
        wxs_verdict_fix(verdict, "Move %.*s to the beginning of the record.",
                        shown(missed.mechanism, 300), missed.mechanism.data);
        break;
    case LACKING:
        judge_lacking(expected, answer, terms, &missed, verdict);
        break;
    case NOT_KNOWN:
        wxs_match_unknown(survey.unknown ? survey.unknown_domain
                                         : "the records it includes",
                          verdict);
        break;
    }
}

/* ---- which records are SPF's ---- */

/* Something that was meant for an SPF record, or nothing of the kind. */
static void
judge_none(const wxs_expected *expected, const wxs_dns_answer *answer,
           wxs_verdict *verdict)
{
    for (size_t i = 0; i < answer->count; i++) {
        const wxs_dns_value *value = &answer->value[i];

        if (memmem(value->data, value->length, "spf1", 4) == NULL &&
            memmem(value->data, value->length, "SPF1", 4) == NULL) {
            continue;
        }
        wxs_verdict_found(verdict, value->data, value->length);
        if (!wxs_match_pasted(expected, value, verdict)) {
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

void
wxs_match_spf(const wxs_expected *expected, const wxs_dns_answer *answer,
              wxs_world *world, wxs_verdict *verdict)
{
    const wxs_dns_value *record = NULL;
    size_t candidates = 0;

    if (wxs_match_absent(expected, answer, "TXT", verdict)) {
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        if (wxs_spf_candidate(&answer->value[i])) {
            candidates++;
            record = &answer->value[i];
            wxs_verdict_found(verdict, record->data, record->length);
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
        fix_by_merging(expected, answer, "Keep one record only", verdict);
    } else {
        judge_record(expected, answer, record, world, verdict);
    }
}
