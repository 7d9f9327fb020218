#include "world.h"

#include <string.h>
#include <strings.h>

#include "match_kinds.h"

const wxs_dns_answer *
wxs_world_ask(wxs_world *world, wxs_via via, const char *name, uint16_t type)
{
    static const wxs_dns_answer unknown = {.outcome = WXS_DNS_LOCAL};
    const wxs_dns_answer *answer = NULL;
    bool waits = false;

    if (world != NULL) {
        answer = world->ask(world, via, name, type, &waits);
        world->waiting = world->waiting || (answer == NULL && waits);
    }
    return answer == NULL ? &unknown : answer;
}

wxs_chain
wxs_world_chain(wxs_world *world, const char *name, const char *target)
{
    for (int hops = 0; hops <= WXS_DNS_ALIASES_MAX; hops++) {
        if (wxs_match_names(name, target)) {
            return WXS_CHAIN_REACHES;
        }
        const wxs_dns_answer *answer =
            wxs_world_ask(world, WXS_VIA_RESOLVER, name, WXS_TYPE_CNAME);

        if (!wxs_dns_definite(answer->outcome)) {
            return WXS_CHAIN_UNKNOWN;
        }
        if (answer->count == 0) {
            return WXS_CHAIN_ENDS;
        }
        name = (const char *)answer->value[0].data;
    }
    return WXS_CHAIN_ENDLESS;
}

bool
wxs_name_within(const char *child, const char *parent)
{
    size_t a = strlen(child);
    size_t b = strlen(parent);

    return b > 0 && a >= b && strcasecmp(child + a - b, parent) == 0 &&
           (a == b || child[a - b - 1] == '.');
}
