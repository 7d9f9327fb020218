#include <stdio.h>
#include <string.h>

#include "match_kinds.h"

/* Is the record looked for in the right place: is the domain registered, and
 * are these its nameservers? */

/* "ns1.example, ns2.example" */
static void
list_hosts(const wxs_dns_answer *hosts, char *text, size_t cap)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < hosts->count && i < WXS_SERVERS_MAX; i++) {
        int n = snprintf(text + used, cap - used, "%s%s", i == 0 ? "" : ", ",
                         (const char *)hosts->value[i].data);

        if (n < 0 || (size_t)n >= cap - used) {
            text[used] = '\0';
            return;
        }
        used += (size_t)n;
    }
}

static void
list_seen(const wxs_observation *seen, size_t count, char *text, size_t cap)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        int n = snprintf(text + used, cap - used, "%s%s", i == 0 ? "" : ", ",
                         seen[i].host);

        if (n < 0 || (size_t)n >= cap - used) {
            text[used] = '\0';
            return;
        }
        used += (size_t)n;
    }
}

static void
say_unregistered(const wxs_world *world, wxs_verdict *verdict)
{
    wxs_verdict_set(verdict, WXS_MISSING, "not_registered");
    wxs_verdict_say(verdict,
                    "The domain %s does not exist: the zone above says that "
                    "it is not registered, or has expired.",
                    world->organizational);
    wxs_verdict_fix(verdict,
                    "Check the spelling of %s, and register or renew it.",
                    world->organizational);
}

static bool
only_nxdomain(const wxs_observation *seen, size_t count)
{
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        wxs_dns_outcome outcome =
            seen[i].answer == NULL ? WXS_DNS_LOCAL : seen[i].answer->outcome;

        if (wxs_dns_definite(outcome) && outcome != WXS_DNS_NXDOMAIN) {
            return false;
        }
        found = found || outcome == WXS_DNS_NXDOMAIN;
    }
    return found;
}

bool
wxs_match_zone(const wxs_expected *expected, const wxs_observation *seen,
               size_t count, wxs_world *world, wxs_verdict *verdict)
{
    const wxs_landmark *parking = NULL;

    if (strcmp(world->zone, world->organizational) != 0 &&
        wxs_name_within(world->organizational, world->zone) &&
        only_nxdomain(seen, count)) {
        say_unregistered(world, verdict);
        return true;
    }
    for (size_t i = 0;
         parking == NULL && world->hosts != NULL && i < world->hosts->count;
         i++) {
        parking = wxs_landmark_of_host(
            world->landmarks, (const char *)world->hosts->value[i].data);
    }
    if (parking != NULL) {
        wxs_verdict_set(verdict, WXS_WRONG, "parked");
        wxs_verdict_say(verdict,
                        "%s is parked at %s, whose nameservers answer for it.",
                        world->domain, parking->who);
        wxs_verdict_fix(verdict,
                        "Choose nameservers at which records can be "
                        "added, then add the record at %s.",
                        expected->fqdn);
        return true;
    }
    return false;
}

/* ---- delegation ---- */

static bool
has_host(const wxs_dns_answer *hosts, const char *host)
{
    for (size_t i = 0; i < hosts->count; i++) {
        if (wxs_match_names((const char *)hosts->value[i].data, host)) {
            return true;
        }
    }
    return false;
}

static bool
same_hosts(const wxs_dns_answer *a, const wxs_dns_answer *b)
{
    for (size_t i = 0; i < a->count; i++) {
        if (!has_host(b, (const char *)a->value[i].data)) {
            return false;
        }
    }
    return a->count == b->count;
}

/* What the zone above says of this one; true if it explains anything. */
static bool
judge_parent(wxs_world *world, wxs_verdict *verdict)
{
    char own[400];
    char above[400];
    const wxs_dns_answer *parent =
        wxs_world_ask(world, WXS_VIA_PARENT, world->zone, WXS_TYPE_NS);

    if (parent->outcome == WXS_DNS_NXDOMAIN) {
        say_unregistered(world, verdict);
        return true;
    }
    if (parent->count == 0 || world->hosts == NULL ||
        same_hosts(parent, world->hosts)) {
        return false;
    }
    list_hosts(world->hosts, own, sizeof own);
    list_hosts(parent, above, sizeof above);
    wxs_verdict_set(verdict, WXS_MISSING, "stale_delegation");
    wxs_verdict_say(verdict,
                    "The registry sends the world to the nameservers %s, but "
                    "the zone names %s: an old and a new DNS provider are "
                    "mixed.",
                    above, own);
    wxs_verdict_fix(verdict,
                    "Make the nameservers at the registrar and the NS records "
                    "of %s the same, and add the record at that DNS provider.",
                    world->zone);
    return true;
}

void
wxs_match_delegation(const wxs_expected *expected, const wxs_observation *seen,
                     size_t count, wxs_world *world, wxs_verdict *verdict)
{
    char hosts[300];

    list_seen(seen, count, hosts, sizeof hosts);
    if (strcmp(world->zone, world->domain) != 0 &&
        wxs_name_within(world->zone, world->domain)) {
        wxs_verdict_set(verdict, WXS_MISSING, "name_delegated");
        wxs_verdict_say(verdict,
                        "%s is delegated to nameservers of its own, %s, and "
                        "they do not have the record at %s.",
                        world->zone, hosts, expected->fqdn);
        wxs_verdict_fix(verdict,
                        "Add the record there, or remove the NS records at %s "
                        "and add it in the zone above.",
                        world->zone);
        return;
    }
    if (judge_parent(world, verdict) || hosts[0] == '\0') {
        return;
    }
    wxs_verdict_fix(verdict,
                    "Add a %s record at %s with the value shown, at the DNS "
                    "provider that runs %s: these answer for %s. If it looks "
                    "right there, type its name anew: a space or an invisible "
                    "character may have slipped in.",
                    wxs_match_type_name(expected), expected->fqdn, hosts,
                    world->zone);
}
