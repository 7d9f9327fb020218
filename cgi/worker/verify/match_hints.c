#include <stdio.h>
#include <string.h>

#include "match_kinds.h"

/* Where a missing record stands instead. Likely wrong places are looked at
 * only when the record is missing, and count only if the expected value stands
 * there. */

#define NAME 600

typedef struct {
    const wxs_expected *expected;
    wxs_world *world;
    wxs_verdict *verdict;
    size_t relative; /* length of the name without the zone */
    bool found;
} hunt;

/* Is the expected value at that name? Then the verdict says so; the first
 * place wins. The names of all places are asked for at the same time. */
static bool
look(hunt *h, wxs_via via, const char *name, uint16_t type, const char *code)
{
    if (strlen(name) > 253 ||
        (type == wxs_match_type(h->expected->kind) && via == WXS_VIA_ZONE &&
         wxs_match_names(name, h->expected->fqdn))) {
        return false;
    }
    const wxs_dns_answer *answer = wxs_world_ask(h->world, via, name, type);

    if (h->found || answer->outcome != WXS_DNS_DATA ||
        !wxs_match_holds(h->expected, answer)) {
        return false;
    }
    h->found = true;
    wxs_verdict_set(h->verdict, WXS_MISSING, code);
    return true;
}

static bool
look_at(hunt *h, const char *name, const char *code)
{
    return look(h, WXS_VIA_ZONE, name, wxs_match_type(h->expected->kind), code);
}

static void
say_misplaced(hunt *h, const char *name, const char *why)
{
    wxs_verdict_say(h->verdict, "The %s record stands at %s instead of %s%s.",
                    wxs_match_type_name(h->expected), name, h->expected->fqdn,
                    why);
}

/* ---- names entered in another way than meant ---- */

static void
look_doubled(hunt *h)
{
    const char *const tails[] = {h->world->zone, h->world->domain,
                                 h->world->organizational};
    char name[NAME];

    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        if ((i > 0 && strcmp(tails[i], tails[0]) == 0) ||
            (i > 1 && strcmp(tails[i], tails[1]) == 0)) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%s.%s", h->expected->fqdn, tails[i]);
        if (look_at(h, name, "doubled_name")) {
            say_misplaced(h, name,
                          ": the DNS provider appends the domain by itself");
            wxs_verdict_fix(h->verdict, "Enter only \"%.*s\" as the name.",
                            (int)h->relative, h->expected->fqdn);
        }
    }
}

/* The whole name as one label, its dots and the final one included. */
static void
look_dotted(hunt *h)
{
    char name[NAME];
    size_t used = 0;

    for (const char *p = h->expected->fqdn; *p != '\0' && used < 250; p++) {
        if (*p == '.') {
            name[used++] = '\\';
        }
        name[used++] = *p;
    }
    (void)snprintf(name + used, sizeof name - used, "\\..%s", h->world->zone);
    if (strlen(h->expected->fqdn) < 63 && look_at(h, name, "dot_in_name")) {
        say_misplaced(h, name,
                      ": the DNS provider took the final dot for a part of the "
                      "name");
        wxs_verdict_fix(h->verdict,
                        "Enter \"%.*s\" as the name, without a final dot.",
                        (int)h->relative, h->expected->fqdn);
    }
}

static void
look_prefixed(hunt *h)
{
    static const char *const prefixes[] = {"@", "www"};
    char name[NAME];

    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        (void)snprintf(name, sizeof name, "%s.%s", prefixes[i],
                       h->expected->fqdn);
        if (look_at(h, name, "host_prefix")) {
            say_misplaced(h, name, "");
            wxs_verdict_fix(h->verdict,
                            "Enter \"%.*s\" as the name, without \"%s\".",
                            (int)h->relative, h->expected->fqdn, prefixes[i]);
        }
    }
}

static void
look_without_underscore(hunt *h)
{
    const char *fqdn = h->expected->fqdn;
    char name[NAME];
    size_t used = 0;

    for (size_t i = 0; fqdn[i] != '\0' && used < sizeof name - 1; i++) {
        if (fqdn[i] != '_' || (i > 0 && fqdn[i - 1] != '.')) {
            name[used++] = fqdn[i];
        }
    }
    name[used] = '\0';
    if (look_at(h, name, "underscore_missing")) {
        say_misplaced(h, name, ": the underscore is missing");
        wxs_verdict_fix(h->verdict,
                        "Enter \"%.*s\" as the name, with the underscore. If "
                        "the DNS provider refuses it, ask its support.",
                        (int)h->relative, fqdn);
    }
}

/* ---- other names of the domain ---- */

static void
look_for_key(hunt *h)
{
    const char *fqdn = h->expected->fqdn;
    char name[NAME];

    (void)snprintf(name, sizeof name, "%.*s.%s", (int)strcspn(fqdn, "."), fqdn,
                   h->world->domain);
    const char *const places[] = {h->world->domain, name};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (look_at(h, places[i], "dkim_misplaced")) {
            say_misplaced(h, places[i], "");
            wxs_verdict_fix(h->verdict,
                            "Move it: enter \"%.*s\" as the name, with "
                            "\"_domainkey\".",
                            (int)h->relative, fqdn);
        }
    }
}

static void
look_at_apex(hunt *h)
{
    const char *domain = h->world->domain;

    if (h->expected->kind == WXS_RECORD_SPF &&
        look_at(h, domain, "spf_at_apex")) {
        wxs_verdict_say(h->verdict,
                        "Our term is in the SPF record of %s; it is needed at "
                        "%s, where bounces come from.",
                        domain, h->expected->fqdn);
        wxs_verdict_fix(h->verdict,
                        "Leave the record at %s as it was, and add a TXT "
                        "record at \"%.*s\" with the value shown.",
                        domain, (int)h->relative, h->expected->fqdn);
    }
    if (h->expected->kind == WXS_RECORD_MX &&
        look_at(h, domain, "mx_at_apex")) {
        wxs_verdict_say(h->verdict,
                        "Danger: the MX record stands at %s instead of %s, and "
                        "takes over all mail to %s.",
                        domain, h->expected->fqdn, domain);
        wxs_verdict_fix(h->verdict,
                        "Remove it at %s, restore the MX records that were "
                        "there, and add it at \"%.*s\".",
                        domain, (int)h->relative, h->expected->fqdn);
    }
}

/* Is that another domain of the account, where such a value belongs? */
static bool
is_other(const hunt *h, const char *domain)
{
    for (size_t i = 0; i < h->world->others; i++) {
        if (wxs_match_names(h->world->other[i], domain)) {
            return true;
        }
    }
    return false;
}

/* The name within the domain, moved to another domain; "" if too long. */
static void
move_name(const hunt *h, const char *to, char name[NAME])
{
    size_t own = strlen(h->expected->fqdn);
    size_t domain = strlen(h->world->domain);

    name[0] = '\0';
    if (own > domain) {
        (void)snprintf(name, NAME, "%.*s%s", (int)(own - domain),
                       h->expected->fqdn, to);
    }
}

static void
look_at_wrong_base(hunt *h)
{
    const char *base = h->world->organizational;
    char name[NAME];

    if (wxs_match_names(base, h->world->domain) ||
        (h->expected->kind != WXS_RECORD_DKIM && is_other(h, base)) ||
        h->expected->kind == WXS_RECORD_DMARC) {
        return;
    }
    move_name(h, base, name);
    if (name[0] != '\0' && look_at(h, name, "wrong_base")) {
        say_misplaced(h, name, "");
        wxs_verdict_fix(h->verdict,
                        "Enter \"%.*s\" as the name in the zone %s.",
                        (int)h->relative, h->expected->fqdn, h->world->zone);
    }
}

static void
look_at_others(hunt *h)
{
    char name[NAME];

    for (size_t i = 0; i < h->world->others; i++) {
        const char *other = h->world->other[i];

        move_name(h, other, name);
        if (name[0] != '\0' && look_at(h, name, "other_domain")) {
            say_misplaced(h, name, ", in another of your domains");
            wxs_verdict_fix(h->verdict,
                            "Remove it from %s and add it to the zone %s.",
                            other, h->world->zone);
        }
    }
}

/* ---- the right name, but ---- */

static void
look_here(hunt *h)
{
    const char *fqdn = h->expected->fqdn;

    if (h->expected->kind == WXS_RECORD_SPF &&
        look(h, WXS_VIA_ZONE, fqdn, WXS_TYPE_SPF, "spf_type_99")) {
        wxs_verdict_say(h->verdict,
                        "The value stands at %s in a record of the type SPF, "
                        "which receivers do not read any more.",
                        fqdn);
        wxs_verdict_fix(h->verdict, "Make it a TXT record.");
    }
    if (look(h, WXS_VIA_RESOLVER, fqdn, wxs_match_type(h->expected->kind),
             "local_only")) {
        wxs_verdict_say(h->verdict,
                        "The resolver here sees the record at %s, but the "
                        "domain's public nameservers do not have it: it was "
                        "removed a short while ago, or stands in an internal "
                        "zone only.",
                        fqdn);
        wxs_verdict_fix(h->verdict, "Add the record at the DNS provider that "
                                    "runs the public nameservers.");
    }
}

static void
look_everywhere(hunt *h)
{
    look_doubled(h);
    look_dotted(h);
    look_prefixed(h);
    switch (h->expected->kind) {
    case WXS_RECORD_DKIM:
        look_without_underscore(h);
        look_for_key(h);
        look_at_others(h);
        break;
    case WXS_RECORD_DMARC:
        look_without_underscore(h);
        break;
    case WXS_RECORD_SPF:
    case WXS_RECORD_MX:
        look_at_apex(h);
        break;
    case WXS_RECORD_TRACKING:
        break;
    }
    look_at_wrong_base(h);
    look_here(h);
}

/* ---- the whole ---- */

void
wxs_match_hints(const wxs_expected *expected, const wxs_observation *seen,
                size_t count, wxs_world *world, wxs_verdict *verdict)
{
    size_t length = strlen(expected->fqdn);
    hunt h = {.expected = expected, .world = world, .verdict = verdict};

    if (world == NULL || world->zone == NULL ||
        strcmp(verdict->code, "dkim_target_missing") == 0 || /* not his zone */
        wxs_match_zone(expected, seen, count, world, verdict)) {
        return;
    }
    if (verdict->class != WXS_MISSING) {
        (void)wxs_match_wildcard(expected, seen, count, world, verdict);
        return;
    }
    h.relative = length;
    if (wxs_name_within(expected->fqdn, world->zone) &&
        length > strlen(world->zone)) {
        h.relative = length - strlen(world->zone) - 1;
    }
    if (!wxs_match_masked(expected, world)) {
        look_everywhere(&h);
    }
    if (!h.found) {
        wxs_match_delegation(expected, seen, count, world, verdict);
    }
}
