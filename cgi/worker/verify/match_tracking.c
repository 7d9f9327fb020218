#include <string.h>

#include "match_kinds.h"

/* The tracking host's CNAME: what counts is that it leads to the target. */

/* The record leads elsewhere, but from there to us. */
static bool
judge_cdn(const wxs_expected *expected, wxs_verdict *verdict)
{
    if (!expected->behind_cdn) {
        return false;
    }
    wxs_verdict_set(verdict, WXS_SATISFIED, "cname_cdn");
    wxs_verdict_say(verdict,
                    "%s leads to a CDN, which passes requests on to %s as it "
                    "should.",
                    expected->fqdn, expected->value);
    wxs_verdict_fix(verdict, "%s", "");
    return true;
}

/* ---- a CNAME to another name ---- */

static void
judge_chain(const wxs_expected *expected, const char *found, wxs_world *world,
            wxs_verdict *verdict)
{
    switch (wxs_world_chain(world, found, expected->value)) {
    case WXS_CHAIN_REACHES:
        wxs_verdict_set(verdict, WXS_SATISFIED, "cname_chain");
        wxs_verdict_say(verdict, "%s leads to %s through other names.",
                        expected->fqdn, expected->value);
        wxs_verdict_fix(verdict, "%s", "");
        break;
    case WXS_CHAIN_UNKNOWN:
        wxs_match_unknown(found, verdict);
        break;
    case WXS_CHAIN_ENDLESS:
        wxs_verdict_set(verdict, WXS_WRONG, "cname_loop");
        wxs_verdict_say(verdict,
                        "The CNAME records that begin at %s do not "
                        "come to an end.",
                        expected->fqdn);
        break;
    case WXS_CHAIN_ENDS:
        if (judge_cdn(expected, verdict)) {
            break;
        }
        wxs_verdict_set(verdict, WXS_WRONG, "cname_other");
        wxs_verdict_say(verdict,
                        "The CNAME record at %s points to %s; "
                        "expected is %s.",
                        expected->fqdn, found, expected->value);
        break;
    }
}

static void
judge_other(const wxs_expected *expected, const char *found, wxs_world *world,
            wxs_verdict *verdict)
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
    } else {
        judge_chain(expected, found, world, verdict);
    }
}

/* ---- addresses instead ---- */

typedef struct {
    const wxs_dns_answer *own[2]; /* A, AAAA */
    const wxs_dns_answer *target[2];
    bool known;   /* all four */
    bool present; /* there are addresses at all */
} addresses;

static addresses
ask_addresses(const wxs_expected *expected, wxs_world *world)
{
    static const uint16_t types[] = {WXS_TYPE_A, WXS_TYPE_AAAA};
    addresses all = {.known = true};

    for (int i = 0; i < 2; i++) {
        all.own[i] =
            wxs_world_ask(world, WXS_VIA_ZONE, expected->fqdn, types[i]);
        all.target[i] =
            wxs_world_ask(world, WXS_VIA_RESOLVER, expected->value, types[i]);
        all.known = all.known && wxs_dns_definite(all.own[i]->outcome) &&
                    wxs_dns_definite(all.target[i]->outcome);
        all.present = all.present || all.own[i]->count > 0;
    }
    return all;
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

/* The first of the name's addresses that is in a network of the kind. */
static const wxs_landmark *
find_landmark(const addresses *all, const wxs_world *world,
              wxs_landmark_kind kind)
{
    const wxs_landmark *found = NULL;

    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; found == NULL && k < all->own[i]->count; k++) {
            const wxs_dns_value *value = &all->own[i]->value[k];

            found = wxs_landmark_of_address(world->landmarks, kind, value->data,
                                            value->length);
        }
    }
    return found;
}

static void
judge_foreign(const wxs_expected *expected, const addresses *all,
              const wxs_world *world, wxs_verdict *verdict)
{
    const wxs_landmark *proxy = find_landmark(all, world, WXS_LANDMARK_PROXY);
    const wxs_landmark *forwarder =
        find_landmark(all, world, WXS_LANDMARK_FORWARDER);

    if (judge_cdn(expected, verdict)) {
        return;
    }
    if (proxy != NULL) {
        wxs_verdict_set(verdict, WXS_WRONG, "proxied_cloudflare");
        wxs_verdict_say(verdict,
                        "%s has addresses of %s: the record is proxied, so "
                        "visitors reach %s and not us.",
                        expected->fqdn, proxy->who, proxy->who);
        wxs_verdict_fix(verdict,
                        "Set the record at %s to \"DNS only\" (the grey "
                        "cloud), a CNAME to %s.",
                        expected->fqdn, expected->value);
        return;
    }
    wxs_verdict_fix(verdict,
                    "Replace the address records at %s with a CNAME record to "
                    "%s.",
                    expected->fqdn, expected->value);
    if (forwarder != NULL) {
        wxs_verdict_set(verdict, WXS_WRONG, "cname_forwarded");
        wxs_verdict_say(verdict,
                        "%s has the address of %s's web forwarding, which "
                        "sends visitors on and breaks links.",
                        expected->fqdn, forwarder->who);
        wxs_verdict_fix(verdict,
                        "Delete the URL forwarding of %s and add a CNAME "
                        "record to %s.",
                        expected->fqdn, expected->value);
    } else {
        wxs_verdict_set(verdict, WXS_WRONG, "cname_addresses");
        wxs_verdict_say(verdict,
                        "%s has addresses of its own, which are not "
                        "those of %s.",
                        expected->fqdn, expected->value);
    }
}

/* No CNAME, but the name exists: providers may flatten one to addresses. That
 * is looked at first, since our own target may be behind a proxy. */
static void
judge_addresses(const wxs_expected *expected, const wxs_dns_answer *answer,
                wxs_world *world, wxs_verdict *verdict)
{
    addresses all = ask_addresses(expected, world);

    if (share_address(all.own[0], all.target[0]) ||
        share_address(all.own[1], all.target[1])) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "cname_flattened");
        wxs_verdict_say(verdict,
                        "%s has the addresses of %s itself. They have to "
                        "follow when those change.",
                        expected->fqdn, expected->value);
        wxs_verdict_fix(verdict,
                        "A CNAME record to %s is better, unless the DNS "
                        "provider keeps the addresses up to date.",
                        expected->value);
    } else if (!all.known) {
        wxs_match_unknown(expected->fqdn, verdict);
    } else if (all.present) {
        judge_foreign(expected, &all, world, verdict);
    } else {
        (void)wxs_match_absent(expected, answer, "CNAME", verdict);
    }
}

void
wxs_match_tracking(const wxs_expected *expected, const wxs_dns_answer *answer,
                   wxs_world *world, wxs_verdict *verdict)
{
    if (answer->outcome == WXS_DNS_NODATA) {
        judge_addresses(expected, answer, world, verdict);
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
    } else {
        judge_other(expected, found, world, verdict);
    }
}
