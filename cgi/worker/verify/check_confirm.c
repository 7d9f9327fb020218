#include <ldns/ldns.h>
#include <string.h>

#include "check_internal.h"

/* A second, independent answer before a record counts as right that did not so
 * far: another nameserver's, the same one's over TCP, or one that the resolver
 * validated with DNSSEC. */

wxs_step
wxs_check_confirm(wxs_record_check *record)
{
    (void)wxs_check_judge(record);
    if (!wxs_class_good(record->judgement.class) || record->verified) {
        return STEP_NEXT; /* nothing to confirm */
    }
    if (record->judgement.good > 1) {
        record->confirmed_by = "second_ns";
        return STEP_NEXT;
    }
    record->confirms = record->judgement.right;
    const wxs_exchange *first = &record->exchange[record->confirms];

    if (first->answer->authentic) {
        record->confirmed_by = "ad";
        return STEP_NEXT;
    }
    if (first->answer->tcp) {
        record->confirmed_by = "tcp";
        return STEP_NEXT;
    }
    record->confirmation = (wxs_exchange){.record = record,
                                          .type = first->type,
                                          .server = first->server,
                                          .at = first->at};
    wxs_check_ask_server(&record->confirmation, true);
    return STEP_NEXT;
}

/* A definite second answer replaces the first: TCP is the harder to forge. */
wxs_step
wxs_check_await_confirmation(wxs_record_check *record)
{
    wxs_exchange *second = &record->confirmation;
    wxs_exchange *first = &record->exchange[record->confirms];

    if (second->query != NULL) {
        return STEP_WAIT;
    }
    if (second->answer != NULL && wxs_dns_definite(second->answer->outcome)) {
        wxs_dns_answer_free(first->answer);
        first->answer = second->answer;
        second->answer = NULL;
        record->replaced = true;
        record->judged = false;
    }
    if (!record->replaced) {
        return STEP_NEXT;
    }
    if (!wxs_check_judge(record)) {
        return STEP_WAIT; /* it asks for something new */
    }
    if (wxs_class_good(record->judgement.class)) {
        record->confirmed_by = "tcp";
    }
    return STEP_NEXT;
}

/* Where TCP fails, an answer that the resolver validated will do. */
wxs_step
wxs_check_ask_resolver(wxs_record_check *record)
{
    wxs_verdict verdict;

    if (record->confirmed_by != NULL || record->confirmation.server == NULL ||
        record->zone->name == NULL) {
        return STEP_NEXT;
    }
    const wxs_target target = {.name = record->expected->fqdn,
                               .type = record->confirmation.type};
    const wxs_lookup *lookup = wxs_check_ask(record->check, &target);

    if (lookup == NULL) {
        return STEP_NEXT;
    }
    if (wxs_lookup_waits(lookup)) {
        return STEP_WAIT;
    }
    if (lookup->answer != NULL && lookup->answer->authentic) {
        const wxs_observation seen = {
            .host = "resolver", .address = "", .answer = lookup->answer};

        record->world.waiting = false;
        wxs_match(record->expected, &seen, 1, &record->world, &verdict);
        if (record->world.waiting) {
            return STEP_WAIT;
        }
        if (wxs_class_good(verdict.class)) {
            record->confirmed_by = "ad";
        }
    }
    return STEP_NEXT;
}

/* ---- what nameservers that disagree have ---- */

static void
take_serial(wxs_exchange *to, const wxs_dns_answer *soa)
{
    if (to->answer != NULL && soa != NULL && soa->has_serial) {
        to->answer->has_serial = true;
        to->answer->serial = soa->serial;
    }
}

wxs_step
wxs_check_compare_serials(wxs_record_check *record)
{
    bool ready = true;

    if (!record->serials_asked) {
        (void)wxs_check_judge(record);
        if (record->judgement.class != WXS_PROPAGATING ||
            record->zone->name == NULL) {
            return STEP_NEXT;
        }
    }
    for (size_t i = 0; i < record->exchanges; i++) {
        wxs_exchange *exchange = &record->serial[i];

        if (!record->serials_asked) {
            *exchange = (wxs_exchange){.record = record,
                                       .type = LDNS_RR_TYPE_SOA,
                                       .server = record->exchange[i].server,
                                       .at = record->exchange[i].at};
            wxs_check_ask_server(exchange, false);
        }
        if (exchange->query != NULL) {
            ready = false;
        } else {
            take_serial(&record->exchange[i], exchange->answer);
        }
    }
    record->serials_asked = true;
    return ready ? STEP_NEXT : STEP_WAIT;
}
