#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

#include "check_internal.h"
#include "match_kinds.h"

/* Zone cuts below the zone that was asked: a record's name may be delegated to
 * other nameservers, and only those speak for it. */

/* The zone if it lies between the record's name and the zone asked. */
static const char *
if_between(const wxs_record_check *record, const char *zone)
{
    const char *fqdn = record->expected->fqdn;

    if (zone == NULL || !wxs_check_is_above(record->zone->name, zone) ||
        (strcmp(zone, fqdn) != 0 && !wxs_check_is_above(zone, fqdn))) {
        return NULL;
    }
    return zone;
}

/* The zone further down that a nameserver's answer shows the record to be in.
 */
static const char *
deeper_zone(const wxs_record_check *record, const wxs_dns_answer *answer)
{
    if (answer == NULL) {
        return NULL;
    }
    if (answer->referral != NULL) {
        return if_between(record, answer->referral);
    }
    return wxs_dns_definite(answer->outcome) && answer->alias == NULL
               ? if_between(record, answer->zone)
               : NULL;
}

/* To the nameservers referred to, else to those that the resolver knows. What
 * has been said so far does not count: who holds a copy of a zone that is
 * delegated to others does not speak for it. */
static wxs_step
go_down(wxs_record_check *record, const char *zone, wxs_dns_answer *answer)
{
    wxs_zone *next = NULL;

    if (answer->referral != NULL && answer->count > 0) {
        next = wxs_check_add_zone(record->check, zone, answer, NULL);
    }
    (void)snprintf(record->candidate, sizeof record->candidate, "%s", zone);
    for (size_t i = 0; i < record->exchanges; i++) {
        wxs_check_drop_exchange(&record->exchange[i]);
    }
    record->exchanges = 0;
    record->judged = false;
    if (record->descents++ == DESCENTS_MAX) {
        return STEP_FAILED;
    }
    record->going_down = next == NULL;
    record->zone = next != NULL ? next : record->zone;
    record->phase = next != NULL ? FIND_SERVERS : FIND_ZONE;
    return STEP_AGAIN;
}

wxs_step
wxs_check_descend(wxs_record_check *record)
{
    if (record->zone->name == NULL) {
        return STEP_NEXT;
    }
    for (size_t i = 0; i < record->exchanges; i++) {
        wxs_dns_answer *answer = record->exchange[i].answer;
        const char *zone = deeper_zone(record, answer);

        if (zone != NULL) {
            return go_down(record, zone, answer);
        }
    }
    return STEP_NEXT;
}

/* ---- copies of zones ---- */

/* Where the record's zone would be cut off last: its name, or the one above if
 * a CNAME stands there, which no zone begins with (RFC 1034 3.6.2). NULL if the
 * zone asked leaves no room for a cut. */
static const char *
lowest_cut(const wxs_record_check *record, const wxs_dns_answer *answer)
{
    const char *name = record->expected->fqdn;
    bool is_alias =
        answer->alias != NULL ||
        wxs_match_type(record->expected->kind) == LDNS_RR_TYPE_CNAME;

    if (is_alias) {
        name = strchr(name, '.');
        name = name == NULL ? "" : name + 1;
    }
    return wxs_check_is_above(record->zone->name, name) ? name : NULL;
}

/* The first of the nameservers that have the record right but do not tell of
 * which zone; NULL if all do. */
static const wxs_exchange *
quiet_server(const wxs_record_check *record)
{
    for (size_t i = 0; i < record->exchanges; i++) {
        const wxs_exchange *exchange = &record->exchange[i];
        const wxs_dns_answer *answer = exchange->answer;

        if (answer != NULL && answer->outcome == WXS_DNS_DATA &&
            (answer->zone == NULL || answer->alias != NULL ||
             strcmp(answer->zone, record->zone->name) != 0)) {
            return exchange;
        }
    }
    return NULL;
}

static const char *
cut_in(const wxs_record_check *record, const char *name,
       const wxs_dns_answer *answer)
{
    return answer->referral == NULL && answer->alias == NULL &&
                   answer->count > 0
               ? if_between(record, name)
               : deeper_zone(record, answer);
}

/* Asks the nameserver itself, and the resolver where it has no answer. */
static wxs_step
look_for_cut(wxs_record_check *record, const wxs_exchange *server,
             const char *name)
{
    const wxs_target target = {.name = name,
                               .type = LDNS_RR_TYPE_SOA,
                               .server = server->server,
                               .at = server->at};
    const wxs_dns_answer *bogus = NULL;
    const wxs_lookup *lookup = wxs_check_ask(record->check, &target);

    if (lookup != NULL && !wxs_lookup_waits(lookup) &&
        !wxs_lookup_definite(lookup) &&
        (lookup->answer == NULL || lookup->answer->referral == NULL)) {
        lookup =
            wxs_check_delegation(record->check, name, LDNS_RR_TYPE_NS, &bogus);
    }
    if (lookup == NULL || wxs_lookup_waits(lookup)) {
        return lookup == NULL ? STEP_NEXT : STEP_WAIT;
    }
    if (lookup->answer == NULL) {
        return STEP_NEXT;
    }
    const char *zone = cut_in(record, name, lookup->answer);

    return zone == NULL ? STEP_NEXT : go_down(record, zone, lookup->answer);
}

/* Nameservers that hold a copy of a zone which is delegated to others, and do
 * not tell the zone of their answers, would pass for those others. Looked for
 * before a record counts as right for the first time. */
wxs_step
wxs_check_recheck_zone(wxs_record_check *record)
{
    if (record->zone->name == NULL || record->verified) {
        return STEP_NEXT;
    }
    if (!wxs_check_judge(record)) {
        return STEP_WAIT;
    }
    if (!wxs_class_good(record->judgement.class)) {
        return STEP_NEXT;
    }
    const wxs_exchange *server = quiet_server(record);
    const char *name =
        server == NULL ? NULL : lowest_cut(record, server->answer);

    return name == NULL ? STEP_NEXT : look_for_cut(record, server, name);
}
