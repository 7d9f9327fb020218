#include <string.h>

#include "spf.h"

/* What a record costs a receiver, and whether it is sound: RFC 7208 4.6.4, 5.2,
 * 6.1. */

wxs_spf_fetched
wxs_spf_fetch(wxs_world *world, const char *domain, wxs_span *terms)
{
    const wxs_dns_answer *answer =
        wxs_world_ask(world, WXS_VIA_RESOLVER, domain, WXS_TYPE_TXT);
    wxs_spf_fetched fetched = WXS_SPF_NO_RECORD;

    *terms = (wxs_span){"", 0};
    if (!wxs_dns_definite(answer->outcome)) {
        return WXS_SPF_UNKNOWN;
    }
    for (size_t i = 0; i < answer->count; i++) {
        if (!wxs_spf_candidate(&answer->value[i])) {
            continue;
        }
        *terms = wxs_spf_terms(&answer->value[i]);
        fetched =
            fetched == WXS_SPF_NO_RECORD ? WXS_SPF_RECORD : WXS_SPF_RECORDS;
    }
    return fetched;
}

typedef struct {
    wxs_world *world;
    wxs_spf_survey *survey;
} surveyor;

/* The record that is being read. */
typedef struct {
    const char *domain;
    wxs_span terms;
} record;

static void
note_fault(const surveyor *s, wxs_spf_fault fault, const record *in,
           wxs_span term)
{
    wxs_spf_survey *survey = s->survey;
    size_t length = strlen(in->domain);

    if (survey->fault != WXS_SPF_SOUND) {
        return;
    }
    survey->fault = fault;
    survey->term = term;
    survey->position =
        (size_t)(term.data - in->terms.data) + sizeof WXS_SPF_VERSION;
    length = length < WXS_SPF_DOMAIN ? length : WXS_SPF_DOMAIN - 1;
    memcpy(survey->domain, in->domain, length);
    survey->domain[length] = '\0';
}

static void
note_unknown(const surveyor *s, const char *domain)
{
    if (!s->survey->unknown) {
        s->survey->unknown = true;
        memcpy(s->survey->unknown_domain, domain, strlen(domain) + 1);
    }
}

static void read_record(const surveyor *s, const record *in);

/* Goes on in the record that an include or redirect names. */
static void
descend(const surveyor *s, const record *in, const wxs_spf_term *term)
{
    char domain[WXS_SPF_DOMAIN];
    unsigned bits[2];
    record next = {.domain = domain};

    if (!wxs_spf_term_domain(term, in->domain, domain, bits)) {
        return; /* macros: only receivers can tell */
    }
    switch (wxs_spf_fetch(s->world, domain, &next.terms)) {
    case WXS_SPF_RECORD:
        read_record(s, &next);
        break;
    case WXS_SPF_NO_RECORD:
        note_fault(s, WXS_SPF_INCLUDE_MISSING, in, term->mechanism);
        break;
    case WXS_SPF_RECORDS:
        note_fault(s, WXS_SPF_INCLUDE_SEVERAL, in, term->mechanism);
        break;
    case WXS_SPF_UNKNOWN:
        note_unknown(s, domain);
        break;
    }
}

/* Look-ups that find nothing count (4.6.4). */
static void
look_up(const surveyor *s, const record *in, const wxs_spf_term *term)
{
    char domain[WXS_SPF_DOMAIN];
    unsigned bits[2];
    const wxs_dns_answer *first;

    if (!wxs_spf_term_domain(term, in->domain, domain, bits)) {
        return;
    }
    if (wxs_spf_term_is(term, "mx")) {
        first = wxs_world_ask(s->world, WXS_VIA_RESOLVER, domain, WXS_TYPE_MX);
        s->survey->voids +=
            wxs_dns_definite(first->outcome) && first->count == 0;
        if (first->count > WXS_SPF_NAMES_MAX) {
            note_fault(s, WXS_SPF_NAMES, in, term->mechanism);
        }
        return;
    }
    first = wxs_world_ask(s->world, WXS_VIA_RESOLVER, domain, WXS_TYPE_A);
    const wxs_dns_answer *second =
        wxs_world_ask(s->world, WXS_VIA_RESOLVER, domain, WXS_TYPE_AAAA);

    s->survey->voids += wxs_dns_definite(first->outcome) &&
                        wxs_dns_definite(second->outcome) &&
                        first->count == 0 && second->count == 0;
}

static void
count_lookup(const surveyor *s, const record *in, wxs_span term)
{
    if (++s->survey->lookups > WXS_SPF_LOOKUPS_MAX) {
        note_fault(s, WXS_SPF_LOOKUPS, in, term);
    }
}

/* Every term has to be well-formed, whether or not it is evaluated (4.6). */
static bool
well_formed(const surveyor *s, const record *in)
{
    wxs_span rest = in->terms;
    wxs_span word;

    while (wxs_spf_next(&rest, &word)) {
        wxs_spf_term term = wxs_spf_term_of(word);

        if (wxs_span_is_nocase(word, WXS_SPF_VERSION)) {
            note_fault(s, WXS_SPF_VERSION_TWICE, in, word);
            return false;
        }
        if (!wxs_spf_term_valid(&term)) {
            note_fault(s, WXS_SPF_SYNTAX, in, word);
            return false;
        }
    }
    return true;
}

static void
read_term(const surveyor *s, const record *in, const wxs_spf_term *term)
{
    if (wxs_spf_term_is(term, "include")) {
        count_lookup(s, in, term->mechanism);
        descend(s, in, term);
    } else if (wxs_spf_term_is(term, "a") || wxs_spf_term_is(term, "mx")) {
        count_lookup(s, in, term->mechanism);
        look_up(s, in, term);
    } else if (wxs_spf_term_is(term, "ptr") ||
               wxs_spf_term_is(term, "exists")) {
        count_lookup(s, in, term->mechanism);
    }
}

static void
read_record(const surveyor *s, const record *in)
{
    wxs_span rest = in->terms;
    wxs_span word;
    wxs_spf_term redirect = {.qualifier = 0};

    if (!well_formed(s, in)) {
        return;
    }
    while (s->survey->lookups < WXS_SPF_LOOKUPS_STOP &&
           wxs_spf_next(&rest, &word)) {
        wxs_spf_term term = wxs_spf_term_of(word);

        if (wxs_spf_term_is(&term, "all")) {
            return; /* nothing behind it is evaluated (5.1) */
        }
        if (wxs_spf_modifier_is(&term, "redirect")) {
            redirect = term;
        }
        read_term(s, in, &term);
    }
    if (redirect.qualifier != 0 && s->survey->lookups < WXS_SPF_LOOKUPS_STOP) {
        count_lookup(s, in, redirect.mechanism);
        descend(s, in, &redirect);
    }
}

void
wxs_spf_survey_terms(wxs_world *world, const char *domain, wxs_span terms,
                     wxs_spf_survey *survey)
{
    surveyor s = {.world = world, .survey = survey};
    record in = {.domain = domain, .terms = terms};
    wxs_span word;

    memset(survey, 0, sizeof *survey);
    read_record(&s, &in);
    while (survey->all == 0 && wxs_spf_next(&terms, &word)) {
        wxs_spf_term term = wxs_spf_term_of(word);

        survey->all = wxs_spf_term_is(&term, "all") ? term.qualifier : 0;
    }
}
