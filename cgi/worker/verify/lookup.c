#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dns_address.h"
#include "dns_cache.h"

#define WAIT_MS 10000

struct wxs_lookup {
    wxs_loop *loop;
    wxs_dns_gate *gate;
    wxs_dns_resolver resolver;
    wxs_dns_cache *cache;
    wxs_timer timer;
    wxs_dns_answer *answer; /* of the last question */
};

static void
on_time(void *data)
{
    wxs_lookup *lookup = data;

    wxs_loop_stop(lookup->loop);
}

static void
on_answer(void *data, wxs_dns_answer *answer)
{
    wxs_lookup *lookup = data;

    lookup->answer = answer;
    wxs_loop_stop(lookup->loop);
}

wxs_lookup *
wxs_lookup_new(const wxs_config *config, wxs_error *error)
{
    static const wxs_dns_limits limits = {
        .rate = 10000, .burst = 200, .in_flight = 16};
    wxs_lookup *lookup = calloc(1, sizeof *lookup);

    if (lookup == NULL) {
        (void)wxs_fail(error, "out of memory");
        return NULL;
    }
    lookup->timer = (wxs_timer){.fire = on_time, .data = lookup};
    lookup->loop = wxs_loop_new(error);
    if (lookup->loop != NULL) {
        lookup->gate = wxs_dns_gate_new(lookup->loop, &limits);
        lookup->resolver =
            (wxs_dns_resolver){.address = &config->dns.resolver,
                               .length = config->dns.resolver_len,
                               .gate = lookup->gate};
        lookup->cache = wxs_dns_cache_new(lookup->loop, &lookup->resolver);
        if (lookup->gate != NULL && lookup->cache != NULL)
            return lookup;
        (void)wxs_fail(error, "out of memory");
    }
    wxs_lookup_free(lookup);
    return NULL;
}

void
wxs_lookup_free(wxs_lookup *lookup)
{
    if (lookup == NULL)
        return;
    wxs_dns_answer_free(lookup->answer);
    wxs_dns_cache_free(lookup->cache);
    wxs_dns_gate_free(lookup->gate);
    if (lookup->loop != NULL)
        wxs_loop_disarm(lookup->loop, &lookup->timer);
    wxs_loop_free(lookup->loop);
    free(lookup);
}

const wxs_dns_answer *
wxs_lookup_ask(wxs_lookup *lookup, const char *name, uint16_t type)
{
    /* what was asked before may have changed since */
    const wxs_dns_want want = {
        .name = name, .type = type, .since = wxs_monotonic_ms()};
    wxs_dns_wait wait = {.done = on_answer, .data = lookup};
    wxs_error error;

    wxs_dns_answer_free(lookup->answer);
    lookup->answer = NULL;
    if (wxs_dns_cache_ask(lookup->cache, &want, &wait, &lookup->answer))
        return lookup->answer;
    lookup->answer = NULL;
    if (wxs_loop_arm(lookup->loop, &lookup->timer, WAIT_MS))
        (void)wxs_loop_run(lookup->loop, &error);
    wxs_loop_disarm(lookup->loop, &lookup->timer);
    wxs_dns_cache_forget(&wait);
    return lookup->answer;
}

/* ---- CAA ---- */

static const wxs_dns_answer *
ask_world(wxs_world *world, wxs_via via, const char *name, uint16_t type,
          bool *waits)
{
    (void)via;
    *waits = false;
    return wxs_lookup_ask(world->data, name, type);
}

void
wxs_lookup_caa(wxs_lookup *lookup, const char *host, const char *ca,
               wxs_caa_verdict *verdict)
{
    wxs_world world = {.ask = ask_world, .data = lookup};

    wxs_caa_judge(&world, host, ca, verdict);
}

/* ---- addresses ---- */

int
wxs_lookup_addresses(wxs_lookup *lookup, const char *host, uint16_t port,
                     struct sockaddr_storage addresses[WXS_LOOKUP_ADDRESSES])
{
    static const uint16_t types[] = {WXS_TYPE_A, WXS_TYPE_AAAA};
    bool known = true;
    int count = 0;

    for (size_t i = 0; i < 2; i++) {
        const wxs_dns_answer *answer = wxs_lookup_ask(lookup, host, types[i]);

        known = known && answer != NULL && wxs_dns_definite(answer->outcome);
        for (size_t k = 0; answer != NULL && k < answer->count &&
                           count < WXS_LOOKUP_ADDRESSES;
             k++)
            if (wxs_address_make(&addresses[count], answer->value[k].data,
                                 answer->value[k].length, port) != 0)
                count++;
    }
    return count > 0 || known ? count : -1;
}
