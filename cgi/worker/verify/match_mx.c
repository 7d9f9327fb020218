#include <arpa/inet.h>
#include <string.h>

#include "match_kinds.h"

/* The return path's MX: exactly one exchange, ours (RFC 5321 5.1). */

/* "203.0.113.10" entered where a name belongs. */
static bool
is_address(const char *name)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, name, bytes) == 1 ||
           inet_pton(AF_INET6, name, bytes) == 1;
}

/* "10\032host": a preference, or anything else with a space, in the name. */
static bool
has_space(const char *name)
{
    return strstr(name, "\\032") != NULL || strstr(name, "\\009") != NULL;
}

/* Same number of labels, same parent of at least two labels. */
static bool
is_sibling(const char *ours, const char *found)
{
    size_t a = 0;
    size_t b = 0;

    for (const char *p = ours; *p != '\0'; p++) {
        a += *p == '.';
    }
    for (const char *p = found; *p != '\0'; p++) {
        b += *p == '.';
    }
    /* the last two labels */
    const char *x = ours + strlen(ours);
    const char *y = found + strlen(found);

    for (int dots = 0; x > ours && dots < 2;) {
        dots += *--x == '.';
    }
    for (int dots = 0; y > found && dots < 2;) {
        dots += *--y == '.';
    }
    return a == b && a >= 2 && wxs_match_names(x, y);
}

/* A name that is none, or not meant; true if so. */
static bool
judge_mistyped(const wxs_expected *expected, const char *found,
               wxs_verdict *verdict)
{
    if (strcmp(found, ".") == 0) {
        wxs_verdict_set(verdict, WXS_WRONG, "mx_null");
        wxs_verdict_say(verdict,
                        "The MX record at %s says that no mail is "
                        "accepted here.",
                        expected->fqdn);
    } else if (is_address(found)) {
        wxs_verdict_set(verdict, WXS_WRONG, "mx_address");
        wxs_verdict_say(verdict,
                        "The MX record at %s points to an IP "
                        "address; a host name is needed.",
                        expected->fqdn);
    } else if (has_space(found)) {
        wxs_verdict_set(verdict, WXS_WRONG, "mx_priority_in_value");
        wxs_verdict_say(verdict, "The priority was entered as part of the "
                                 "mail server's name.");
        wxs_verdict_fix(verdict,
                        "Enter %d in the priority field and %s as the mail "
                        "server.",
                        expected->priority, expected->value);
    } else if (strncmp(found, "http", 4) == 0 && strchr(found, '/') != NULL) {
        wxs_verdict_set(verdict, WXS_WRONG, "mx_url");
        wxs_verdict_say(verdict, "The MX record at %s holds a web address.",
                        expected->fqdn);
    } else if (wxs_match_relative(expected->value, expected->fqdn, found)) {
        wxs_verdict_set(verdict, WXS_WRONG, "mx_relative");
        wxs_verdict_say(verdict,
                        "The DNS provider appended the zone to the "
                        "mail server's name: %s.",
                        found);
        wxs_verdict_fix(verdict, "Enter %s. with a final dot.",
                        expected->value);
    } else {
        return false;
    }
    return true;
}

/* Another name; an alias of ours is one that senders may refuse (RFC 2181
 * 10.3). */
static void
judge_foreign(const wxs_expected *expected, const char *found, wxs_world *world,
              wxs_verdict *verdict)
{
    wxs_chain chain = wxs_world_chain(world, found, expected->value);

    if (chain == WXS_CHAIN_REACHES) {
        wxs_verdict_set(verdict, WXS_WRONG, "mx_alias");
        wxs_verdict_say(verdict,
                        "The MX record at %s points to %s, which is an alias "
                        "of ours; some senders refuse aliases.",
                        expected->fqdn, found);
    } else if (is_sibling(expected->value, found)) {
        wxs_verdict_set(verdict, WXS_WRONG, "mx_other_region");
        wxs_verdict_say(verdict,
                        "The MX record at %s points to %s, the host "
                        "of another region or domain; expected is %s.",
                        expected->fqdn, found, expected->value);
    } else {
        wxs_verdict_set(verdict, WXS_WRONG, "mx_other");
        wxs_verdict_say(verdict,
                        "The MX record at %s points to %s; expected "
                        "is %s.",
                        expected->fqdn, found, expected->value);
    }
}

static void
judge_other(const wxs_expected *expected, const char *found, wxs_world *world,
            wxs_verdict *verdict)
{
    wxs_verdict_fix(verdict, "Enter %s as the mail server.", expected->value);
    if (!judge_mistyped(expected, found, verdict)) {
        judge_foreign(expected, found, world, verdict);
    }
}

/* Without MX records mail goes to the name's address (RFC 5321 5.1). */
static void
judge_implicit(const wxs_expected *expected, wxs_world *world,
               wxs_verdict *verdict)
{
    static const uint16_t types[] = {WXS_TYPE_A, WXS_TYPE_AAAA};

    for (int i = 0; i < 2; i++) {
        if (wxs_world_ask(world, WXS_VIA_ZONE, expected->fqdn, types[i])
                ->count > 0) {
            wxs_verdict_set(verdict, WXS_MISSING, "mx_implicit");
            wxs_verdict_say(verdict,
                            "No MX record is found at %s, but an address: "
                            "bounces go to that address instead of us.",
                            expected->fqdn);
            return;
        }
    }
}

static void
judge_ours(const wxs_expected *expected, const wxs_dns_answer *answer,
           wxs_verdict *verdict)
{
    if (answer->count == 1 &&
        answer->value[0].preference == expected->priority) {
        wxs_verdict_set(verdict, WXS_EXACT, "ok");
        wxs_verdict_say(verdict, "The record at %s is as shown.",
                        expected->fqdn);
        return;
    }
    wxs_verdict_set(verdict, WXS_SATISFIED, "mx_priority");
    wxs_verdict_say(verdict,
                    "The mail server at %s is right; its priority is "
                    "%u instead of %d, which makes no difference.",
                    expected->fqdn, answer->value[0].preference,
                    expected->priority);
}

void
wxs_match_mx(const wxs_expected *expected, const wxs_dns_answer *answer,
             wxs_world *world, wxs_verdict *verdict)
{
    size_t ours = 0;
    const char *other = "";

    if (wxs_match_absent(expected, answer, "MX", verdict)) {
        if (answer->outcome == WXS_DNS_NODATA) {
            judge_implicit(expected, world, verdict);
        }
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        const char *found = (const char *)answer->value[i].data;

        wxs_verdict_found(verdict, found, answer->value[i].length);
        if (wxs_match_names(found, expected->value)) {
            ours++;
        } else {
            other = found;
        }
    }
    if (ours == answer->count) {
        judge_ours(expected, answer, verdict);
    } else if (ours > 0) {
        wxs_verdict_set(verdict, WXS_CONFLICT, "mx_extra");
        wxs_verdict_say(verdict,
                        "Besides %s the MX records at %s name %s, "
                        "where bounces would get lost.",
                        expected->value, expected->fqdn, other);
        wxs_verdict_fix(verdict,
                        "Delete the other MX records at %s, and only "
                        "there.",
                        expected->fqdn);
    } else {
        judge_other(expected, (const char *)answer->value[0].data, world,
                    verdict);
    }
}
