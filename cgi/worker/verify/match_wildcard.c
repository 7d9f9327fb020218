#include <stdio.h>
#include <string.h>

#include "match_kinds.h"

/* Wildcards (RFC 4592) that answer in the place of a record. */

#define NAME 600

static void
random_name(const wxs_expected *expected, const wxs_world *world,
            char name[NAME])
{
    const char *parent = strchr(expected->fqdn, '.');

    (void)snprintf(name, NAME, "_wx%08x%s", (unsigned)world->chance,
                   parent == NULL ? "" : parent);
}

static bool
same_data(const wxs_dns_answer *a, const wxs_dns_answer *b)
{
    if (a->count != b->count || (a->alias == NULL) != (b->alias == NULL) ||
        (a->alias != NULL && !wxs_match_names(a->alias, b->alias))) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        bool found = false;

        for (size_t k = 0; !found && k < b->count; k++) {
            found = a->value[i].length == b->value[k].length &&
                    memcmp(a->value[i].data, b->value[k].data,
                           a->value[i].length) == 0;
        }
        if (!found) {
            return false;
        }
    }
    return a->count > 0 || a->alias != NULL;
}

/* A name nobody published refuses mail: so does a parked domain. */
static bool
refuses_mail(wxs_world *world, const char *name)
{
    const wxs_dns_answer *mx =
        wxs_world_ask(world, WXS_VIA_ZONE, name, WXS_TYPE_MX);
    const wxs_dns_answer *txt =
        wxs_world_ask(world, WXS_VIA_ZONE, name, WXS_TYPE_TXT);
    static const char none[] = "v=spf1 -all";

    return mx->count == 1 &&
           strcmp((const char *)mx->value[0].data, ".") == 0 &&
           txt->count == 1 && txt->value[0].length == sizeof none - 1 &&
           memcmp(txt->value[0].data, none, sizeof none - 1) == 0;
}

/* What answers instead of the record: *data is at its name, of that type. */
static const wxs_dns_answer *
found_instead(const wxs_expected *expected, const wxs_observation *seen,
              size_t count, wxs_world *world, uint16_t *type)
{
    *type = wxs_match_type(expected->kind);
    for (size_t i = 0; i < count; i++) {
        if (seen[i].answer != NULL && seen[i].answer->outcome == WXS_DNS_DATA) {
            return seen[i].answer;
        }
    }
    *type = WXS_TYPE_A; /* of a tracking host */
    return wxs_world_ask(world, WXS_VIA_ZONE, expected->fqdn, WXS_TYPE_A);
}

bool
wxs_match_wildcard(const wxs_expected *expected, const wxs_observation *seen,
                   size_t count, wxs_world *world, wxs_verdict *verdict)
{
    char name[NAME];
    uint16_t type;

    random_name(expected, world, name);
    const wxs_dns_answer *instead =
        found_instead(expected, seen, count, world, &type);
    const wxs_dns_answer *other =
        wxs_world_ask(world, WXS_VIA_ZONE, name, type);

    if (other->outcome != WXS_DNS_DATA || !same_data(instead, other)) {
        return false;
    }
    if (refuses_mail(world, name)) {
        wxs_verdict_set(verdict, WXS_WRONG, "parked");
        wxs_verdict_say(verdict,
                        "%s is parked: every name in it answers alike and "
                        "refuses mail.",
                        world->domain);
        wxs_verdict_fix(verdict, "End the parking at the registrar, then add "
                                 "the records.");
        return true;
    }
    wxs_verdict_set(verdict, WXS_WRONG, "wildcard");
    wxs_verdict_say(verdict,
                    "The record at %s is not there: what answers is a wildcard "
                    "(*%s).",
                    expected->fqdn, strchr(name, '.'));
    wxs_verdict_fix(verdict,
                    "Add a %s record at %s with the value shown; the "
                    "wildcard may stay.",
                    wxs_match_type_name(expected), expected->fqdn);
    return true;
}

bool
wxs_match_masked(const wxs_expected *expected, wxs_world *world)
{
    char name[NAME];

    random_name(expected, world, name);
    const wxs_dns_answer *answer = wxs_world_ask(
        world, WXS_VIA_ZONE, name, wxs_match_type(expected->kind));

    return answer->outcome == WXS_DNS_DATA && wxs_match_holds(expected, answer);
}
