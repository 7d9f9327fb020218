#include <string.h>

#include "match_kinds.h"

/* DKIM keys that stand in the operator's zone: the customer publishes a CNAME,
 * receivers follow it (RFC 6376, 3.6.2 asks for the TXT record of the name). */

static void
judge_other(const wxs_expected *expected, const wxs_dns_answer *answer,
            wxs_verdict *verdict)
{
    verdict->found_count = 0;
    wxs_verdict_found(verdict, answer->alias, strlen(answer->alias));
    if (wxs_match_relative(expected->alias, expected->fqdn, answer->alias)) {
        wxs_verdict_set(verdict, WXS_WRONG, "cname_relative");
        wxs_verdict_say(verdict,
                        "%s is a CNAME to %s: the zone was appended to the "
                        "target.",
                        expected->fqdn, answer->alias);
        wxs_verdict_fix(verdict, "Enter the target with a final dot: %s.",
                        expected->alias);
        return;
    }
    wxs_verdict_set(verdict, WXS_WRONG, "dkim_alias_other");
    wxs_verdict_say(verdict,
                    "%s is a CNAME to %s, where our key does not stand; "
                    "expected is %s.",
                    expected->fqdn, answer->alias, expected->alias);
    wxs_verdict_fix(verdict, "Change the CNAME's target to %s.",
                    expected->alias);
}

/* The customer did his part. */
static void
judge_ours(const wxs_expected *expected, wxs_verdict *verdict)
{
    if (wxs_class_good(verdict->class)) {
        wxs_verdict_set(verdict, WXS_EXACT, "ok");
        wxs_verdict_say(verdict, "The record at %s is as shown.",
                        expected->fqdn);
        wxs_verdict_fix(verdict, "%s", "");
        return;
    }
    if (verdict->class == WXS_TEMP)
        return;
    wxs_verdict_set(verdict, WXS_MISSING, "dkim_target_missing");
    wxs_verdict_say(verdict,
                    "The CNAME at %s is right, but the key does not stand at "
                    "%s.",
                    expected->fqdn, expected->alias);
    wxs_verdict_fix(verdict, "The customer has nothing to do. The operator "
                             "publishes what `waxseal export dkim-zone` "
                             "prints.");
}

static void
judge_direct(const wxs_expected *expected, wxs_verdict *verdict)
{
    if (wxs_class_good(verdict->class)) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "dkim_alias_direct");
        wxs_verdict_say(verdict,
                        "The key itself stands at %s in the place of a CNAME.",
                        expected->fqdn);
        wxs_verdict_fix(verdict, "It works. With the CNAME it would go on "
                                 "doing so when the operator changes the "
                                 "key's record.");
        return;
    }
    if (verdict->class == WXS_TEMP)
        return;
    wxs_verdict_set(verdict, WXS_WRONG, "dkim_alias_not_cname");
    wxs_verdict_say(verdict,
                    "A TXT record that is not our key stands at %s; expected "
                    "is a CNAME to %s.",
                    expected->fqdn, expected->alias);
    wxs_verdict_fix(verdict,
                    "Delete the TXT record at %s and add a CNAME "
                    "record to %s.",
                    expected->fqdn, expected->alias);
}

void
wxs_match_dkim_alias(const wxs_expected *expected, const wxs_dns_answer *answer,
                     wxs_world *world, wxs_verdict *verdict)
{
    if (answer->outcome != WXS_DNS_DATA ||
        (answer->alias == NULL && answer->count == 0)) {
        (void)wxs_match_absent(expected, answer, "CNAME", verdict);
        return;
    }
    wxs_match_dkim(expected, answer, world, verdict);
    if (answer->alias == NULL)
        judge_direct(expected, verdict);
    else if (wxs_match_names(answer->alias, expected->alias))
        judge_ours(expected, verdict);
    else if (!wxs_class_good(verdict->class) && verdict->class != WXS_TEMP)
        judge_other(expected, answer, verdict);
}
