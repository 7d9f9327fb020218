#include <ldns/ldns.h>
#include <string.h>

#include "check_internal.h"
#include "match_kinds.h"

/* What lies behind a record's own name, through the recursive resolver. */

/* The first definite answer with that outcome, NULL if there is none. */
static const wxs_dns_answer *
first_answer(const wxs_record_check *record, wxs_dns_outcome outcome)
{
    for (size_t i = 0; i < record->exchanges; i++) {
        const wxs_dns_answer *answer = record->exchange[i].answer;

        if (answer != NULL && answer->outcome == outcome) {
            return answer;
        }
    }
    return NULL;
}

/* The lookup's answer into *out; false while it is awaited. */
static bool
fetch(wxs_check *check, const char *name, uint16_t type,
      const wxs_dns_answer **out)
{
    const wxs_lookup *lookup = wxs_check_lookup(check, name, type);

    if (lookup == NULL) {
        return true;
    }
    *out = lookup->answer;
    return !wxs_lookup_waits(lookup);
}

static wxs_step
follow_key(wxs_record_check *record)
{
    for (size_t i = 0; i < record->exchanges; i++) {
        const wxs_dns_answer *answer = record->exchange[i].answer;

        if (answer != NULL && answer->outcome == WXS_DNS_DATA &&
            answer->alias != NULL && answer->count == 0) {
            return fetch(record->check, answer->alias, LDNS_RR_TYPE_TXT,
                         &record->beyond.text)
                       ? STEP_NEXT
                       : STEP_WAIT;
        }
    }
    return STEP_NEXT;
}

/* From the first target on, one CNAME after the other. */
static wxs_step
follow_chain(wxs_record_check *record, const char *name)
{
    wxs_beyond *beyond = &record->beyond;

    beyond->hops = 0;
    while (!wxs_match_names(name, record->expected->value)) {
        const wxs_lookup *lookup =
            wxs_check_lookup(record->check, name, LDNS_RR_TYPE_CNAME);

        if (lookup != NULL && wxs_lookup_waits(lookup)) {
            return STEP_WAIT;
        }
        if (lookup == NULL || !wxs_lookup_definite(lookup)) {
            beyond->unknown = true;
            break;
        }
        if (lookup->answer->count == 0) {
            break;
        }
        if (beyond->hops == WXS_DNS_ALIASES_MAX) {
            beyond->too_long = true;
            break;
        }
        name = (const char *)lookup->answer->value[0].data;
        beyond->hop[beyond->hops++] = name;
    }
    return STEP_NEXT;
}

static wxs_step
compare_addresses(wxs_record_check *record)
{
    static const uint16_t types[] = {LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA};
    wxs_beyond *beyond = &record->beyond;
    bool ready = true;

    for (int i = 0; i < 2; i++) {
        ready = fetch(record->check, record->expected->fqdn, types[i],
                      &beyond->own[i]) &&
                ready;
        ready = fetch(record->check, record->expected->value, types[i],
                      &beyond->target[i]) &&
                ready;
    }
    return ready ? STEP_NEXT : STEP_WAIT;
}

wxs_step
wxs_check_follow(wxs_record_check *record)
{
    const wxs_dns_answer *answer;

    if (record->expected->kind == WXS_RECORD_DKIM) {
        return follow_key(record);
    }
    if (record->expected->kind != WXS_RECORD_TRACKING) {
        return STEP_NEXT;
    }
    answer = first_answer(record, WXS_DNS_DATA);
    if (answer != NULL && answer->count > 0) {
        return follow_chain(record, (const char *)answer->value[0].data);
    }
    if (first_answer(record, WXS_DNS_NODATA) != NULL) {
        return compare_addresses(record);
    }
    return STEP_NEXT;
}
