#include <string.h>

#include "match_kinds.h"
#include "tags.h"

/* DMARC records, RFC 9989 (which obsoletes RFC 7489): any valid one will do. */

/* A policy record begins with the tag v=DMARC1; all else is not DMARC's. */
static bool
is_candidate(const wxs_dns_value *value)
{
    const char *data = (const char *)value->data;
    const char *end = memchr(data, ';', value->length);
    size_t length = end == NULL ? value->length : (size_t)(end - data);
    wxs_tags tags;

    return wxs_tags_parse(data, length, &tags) && tags.count == 1 &&
           wxs_span_is(tags.tag[0].name, "v") &&
           wxs_span_is(tags.tag[0].value, "DMARC1");
}

static void
judge_policy(const wxs_dns_value *value, wxs_verdict *verdict)
{
    wxs_tags tags;
    wxs_span policy = {NULL, 0};
    bool parsed =
        wxs_tags_parse((const char *)value->data, value->length, &tags);

    if (parsed) {
        policy = wxs_tags_get(&tags, "p");
    }
    if (wxs_span_is_nocase(policy, "none") ||
        wxs_span_is_nocase(policy, "quarantine") ||
        wxs_span_is_nocase(policy, "reject")) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "ok");
        wxs_verdict_say(verdict, "A DMARC policy is published.");
        if (wxs_span_is_nocase(wxs_tags_get(&tags, "aspf"), "s")) {
            wxs_verdict_set(verdict, WXS_SATISFIED, "dmarc_strict_spf");
            wxs_verdict_say(verdict, "A DMARC policy is published. Its aspf=s "
                                     "means that DKIM alone counts, since the "
                                     "return path is a subdomain.");
        }
    } else if (parsed && policy.data == NULL &&
               wxs_tags_get(&tags, "rua").length > 0) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "dmarc_no_policy");
        wxs_verdict_say(verdict, "The DMARC record has no p= tag; receivers "
                                 "take it for p=none or ignore it.");
        wxs_verdict_fix(verdict, "Add p=none, p=quarantine or p=reject.");
    } else {
        wxs_verdict_set(verdict, WXS_WRONG, "dmarc_invalid");
        wxs_verdict_say(verdict, "The DMARC record has no valid policy: %s.",
                        !parsed               ? "it is no list of tags"
                        : policy.data == NULL ? "it has no p= tag"
                                              : "its p= is none of none, "
                                                "quarantine and reject");
        wxs_verdict_fix(verdict, "Correct the record, or replace it with the "
                                 "value shown.");
    }
}

void
wxs_match_dmarc(const wxs_expected *expected, const wxs_dns_answer *answer,
                wxs_verdict *verdict)
{
    const wxs_dns_value *policy = NULL;
    size_t candidates = 0;

    if (!(answer->outcome == WXS_DNS_DATA && answer->count > 0) &&
        wxs_match_absent(expected, answer, "TXT", verdict)) {
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        wxs_verdict_found(verdict, answer->value[i].data,
                          answer->value[i].length);
        if (is_candidate(&answer->value[i])) {
            candidates++;
            policy = &answer->value[i];
        }
    }
    if (candidates > 1) {
        wxs_verdict_set(verdict, WXS_CONFLICT, "dmarc_two_records");
        wxs_verdict_say(verdict,
                        "%zu DMARC records stand at %s; receivers "
                        "then ignore all of them.",
                        candidates, expected->fqdn);
        wxs_verdict_fix(verdict, "Delete all but one.");
    } else if (candidates == 1) {
        judge_policy(policy, verdict);
        if (verdict->class == WXS_SATISFIED &&
            policy->length == strlen(expected->value) &&
            memcmp(policy->data, expected->value, policy->length) == 0) {
            verdict->class = WXS_EXACT;
        }
    } else if (!wxs_match_pasted(expected, &answer->value[0], verdict)) {
        wxs_verdict_set(verdict, WXS_MISSING, "missing");
        wxs_verdict_say(verdict, "The TXT records at %s are not DMARC's.",
                        expected->fqdn);
        wxs_verdict_fix(verdict,
                        "Add a TXT record at %s with the value "
                        "shown.",
                        expected->fqdn);
    }
}
