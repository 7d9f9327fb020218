#include <stdio.h>
#include <string.h>

#include "check_internal.h"
#include "match_kinds.h"

/* What the matcher cannot see: it judges one name, this looks at the zone and
 * the way to it. Never makes a verdict better than it is. */

/* ---- DNSSEC ---- */

/* Extended errors (RFC 8914 4), as the end of "The resolver rejects it: ..." */
static const char *
reason_of(int ede)
{
    static const char *const reasons[] = {
        [1] = "the DNSKEY algorithm is not supported",
        [2] = "the DS digest type is not supported",
        [5] = "the chain of trust is indeterminate",
        [6] = "a signature or key is wrong",
        [7] = "a signature has expired",
        [8] = "a signature is not valid yet",
        [9] = "no DNSKEY matches the DS record of the parent zone",
        [10] = "signatures are missing",
        [11] = "no key has the zone bit",
        [12] = "NSEC records are missing",
    };

    if (ede < 0 || (size_t)ede >= sizeof reasons / sizeof *reasons ||
        reasons[ede] == NULL) {
        return "a signature has expired, or signature, key and DS record do "
               "not fit together";
    }
    return reasons[ede];
}

static void
say_bogus(const wxs_record_check *record, wxs_verdict *verdict)
{
    wxs_verdict_set(verdict, WXS_TEMP, "dnssec_bogus");
    wxs_verdict_say(verdict,
                    "DNSSEC of the zone %s is broken, so receivers that "
                    "validate see none of its records: %s.",
                    record->zone->name, reason_of(record->zone->bogus->ede));
    wxs_verdict_fix(verdict,
                    "Have the DNS provider sign the zone %s anew, or remove "
                    "its DS record at the registrar.",
                    record->zone->name);
}

/* ---- confirmation ---- */

static void
say_unconfirmed(const wxs_record_check *record, wxs_verdict *verdict)
{
    const wxs_server *server = record->confirmation.server;

    wxs_verdict_set(verdict, WXS_TEMP, "unconfirmed");
    wxs_verdict_say(verdict,
                    "The record at %s looks right, but %s did not confirm it "
                    "over TCP.",
                    record->expected->fqdn,
                    server == NULL ? "its nameserver" : server->host);
    wxs_verdict_fix(verdict, "Nothing to do at first: the check is repeated. "
                             "Nameservers have to answer over TCP too.");
}

void
wxs_check_qualify(const wxs_record_check *record, wxs_check_result *result)
{
    wxs_verdict *verdict = &result->verdict;
    const wxs_zone *zone = record->zone;

    if (zone != NULL && zone->bogus != NULL) {
        say_bogus(record, verdict);
    }
    if (wxs_class_good(verdict->class) && !record->verified &&
        record->confirmed_by == NULL) {
        say_unconfirmed(record, verdict);
    }
    wxs_check_tell_caches(record, result);
}
