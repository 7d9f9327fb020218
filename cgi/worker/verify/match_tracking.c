#include <string.h>

#include "match_kinds.h"

/* The tracking host's CNAME: what counts is that it leads to the target. */

static bool
leads_to_target(const wxs_expected *expected, const wxs_beyond *beyond)
{
    for (size_t i = 0; beyond != NULL && i < beyond->hops; i++) {
        if (wxs_match_names(beyond->hop[i], expected->value)) {
            return true;
        }
    }
    return false;
}

static void
judge_other(const wxs_expected *expected, const char *found,
            const wxs_beyond *beyond, wxs_verdict *verdict)
{
    wxs_verdict_fix(verdict, "Enter %s as the target.", expected->value);
    if (strstr(found, "://") != NULL || strchr(found, '/') != NULL) {
        wxs_verdict_set(verdict, WXS_WRONG, "cname_url");
        wxs_verdict_say(verdict,
                        "The CNAME record at %s holds a web address; "
                        "a host name is needed.",
                        expected->fqdn);
    } else if (wxs_match_relative(expected->value, expected->fqdn, found)) {
        wxs_verdict_set(verdict, WXS_WRONG, "cname_relative");
        wxs_verdict_say(verdict,
                        "The DNS provider appended the zone to the "
                        "target: %s.",
                        found);
        wxs_verdict_fix(verdict, "Enter %s. with a final dot.",
                        expected->value);
    } else if (beyond == NULL || beyond->unknown) {
        wxs_verdict_set(verdict, WXS_TEMP, "alias_unknown");
        wxs_verdict_say(verdict,
                        "%s is a CNAME to %s, of which nothing is known now.",
                        expected->fqdn, found);
        wxs_verdict_fix(verdict, "Nothing to do: the check is repeated.");
    } else if (beyond->too_long) {
        wxs_verdict_set(verdict, WXS_WRONG, "cname_loop");
        wxs_verdict_say(verdict,
                        "The CNAME records that begin at %s do not "
                        "come to an end.",
                        expected->fqdn);
    } else {
        wxs_verdict_set(verdict, WXS_WRONG, "cname_other");
        wxs_verdict_say(verdict,
                        "The CNAME record at %s points to %s; "
                        "expected is %s.",
                        expected->fqdn, found, expected->value);
    }
}

static bool
share_address(const wxs_dns_answer *a, const wxs_dns_answer *b)
{
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++) {
            if (a->value[i].length == b->value[j].length &&
                memcmp(a->value[i].data, b->value[j].data,
                       a->value[i].length) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* No CNAME, but the name exists: providers may flatten one to addresses. */
static void
judge_addresses(const wxs_expected *expected, const wxs_dns_answer *answer,
                const wxs_beyond *beyond, wxs_verdict *verdict)
{
    bool unknown = false;
    bool present = false;

    for (int i = 0; beyond != NULL && i < 2; i++) {
        const wxs_dns_answer *own = beyond->own[i];
        const wxs_dns_answer *target = beyond->target[i];

        if (own == NULL || target == NULL || !wxs_dns_definite(own->outcome) ||
            !wxs_dns_definite(target->outcome)) {
            unknown = true;
            continue;
        }
        present = present || own->count > 0;
        if (share_address(own, target)) {
            wxs_verdict_set(verdict, WXS_SATISFIED, "cname_flattened");
            wxs_verdict_say(verdict,
                            "%s has the addresses of %s itself. They have to "
                            "follow when those change.",
                            expected->fqdn, expected->value);
            return;
        }
    }
    if (beyond == NULL || unknown) {
        wxs_verdict_set(verdict, WXS_TEMP, "alias_unknown");
        wxs_verdict_say(verdict,
                        "%s has no CNAME record, and its addresses "
                        "could not be compared now.",
                        expected->fqdn);
        wxs_verdict_fix(verdict, "Add a CNAME record at %s with the target %s.",
                        expected->fqdn, expected->value);
    } else if (present) {
        wxs_verdict_set(verdict, WXS_WRONG, "cname_addresses");
        wxs_verdict_say(verdict,
                        "%s has addresses of its own, which are not "
                        "those of %s.",
                        expected->fqdn, expected->value);
        wxs_verdict_fix(verdict,
                        "Replace the address records at %s with a "
                        "CNAME record to %s. At a proxying provider, "
                        "set the record to DNS only.",
                        expected->fqdn, expected->value);
    } else {
        (void)wxs_match_absent(expected, answer, "CNAME", verdict);
    }
}

void
wxs_match_tracking(const wxs_expected *expected, const wxs_dns_answer *answer,
                   const wxs_beyond *beyond, wxs_verdict *verdict)
{
    if (answer->outcome == WXS_DNS_NODATA) {
        judge_addresses(expected, answer, beyond, verdict);
        return;
    }
    if (wxs_match_absent(expected, answer, "CNAME", verdict)) {
        return;
    }
    const char *found = (const char *)answer->value[0].data;

    wxs_verdict_found(verdict, found, answer->value[0].length);
    if (wxs_match_names(found, expected->value)) {
        wxs_verdict_set(verdict, WXS_EXACT, "ok");
        wxs_verdict_say(verdict, "The record at %s is as shown.",
                        expected->fqdn);
    } else if (leads_to_target(expected, beyond)) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "cname_chain");
        wxs_verdict_say(verdict, "%s leads to %s through other names.",
                        expected->fqdn, expected->value);
    } else {
        judge_other(expected, found, beyond, verdict);
    }
}
