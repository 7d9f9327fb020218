#include <stdlib.h>
#include <string.h>

#include "check_internal.h"

/* ---- questions to the resolver ---- */

bool
wxs_lookup_waits(const wxs_lookup *lookup)
{
    return lookup->query != NULL || lookup->wait.entry != NULL;
}

bool
wxs_lookup_definite(const wxs_lookup *lookup)
{
    return lookup->answer != NULL && wxs_dns_definite(lookup->answer->outcome);
}

static void
on_lookup(void *data, wxs_dns_answer *answer)
{
    wxs_lookup *lookup = data;

    lookup->query = NULL;
    lookup->answer = answer;
    wxs_check_advance(lookup->check);
}

/* The lookup, NULL if there were too many; *made if it has yet to be asked. */
static wxs_lookup *
place_lookup(wxs_check *check, const char *name, const wxs_lookup *like,
             bool *made)
{
    *made = false;
    for (size_t i = 0; i < check->lookups; i++) {
        wxs_lookup *known = &check->lookup[i];

        if (known->type == like->type && known->cached == like->cached &&
            known->unchecked == like->unchecked &&
            strcmp(known->name, name) == 0) {
            return known;
        }
    }
    char *copy = check->lookups == LOOKUPS_MAX ? NULL : strdup(name);

    if (copy == NULL) {
        return NULL;
    }
    wxs_lookup *lookup = &check->lookup[check->lookups++];

    *lookup = *like;
    lookup->check = check;
    lookup->name = copy;
    *made = true;
    return lookup;
}

const wxs_lookup *
wxs_check_lookup(wxs_check *check, const char *name, uint16_t type)
{
    bool made;
    wxs_lookup *lookup =
        place_lookup(check, name, &(wxs_lookup){.type = type}, &made);
    wxs_dns_question question = {.name = name,
                                 .type = type,
                                 .server = check->config->dns.resolver,
                                 .server_length =
                                     check->config->dns.resolver_len,
                                 .gate = check->checker->resolver_gate,
                                 .recursive = true,
                                 .dnssec = true};

    if (made) {
        /* if that fails it has no answer */
        lookup->query = wxs_dns_ask(check->loop, &question, on_lookup, lookup);
    }
    return lookup;
}

static const wxs_lookup *
cached_lookup(wxs_check *check, const char *name, uint16_t type, bool unchecked)
{
    const wxs_lookup like = {
        .type = type, .cached = true, .unchecked = unchecked};
    const wxs_dns_want want = {
        .name = name,
        .type = type,
        .unchecked = unchecked,
        .since = check->job->asked_for ? check->started_at : 0};
    bool made;
    wxs_lookup *lookup = place_lookup(check, name, &like, &made);

    if (made) {
        lookup->wait = (wxs_dns_wait){.done = on_lookup, .data = lookup};
        (void)wxs_dns_cache_ask(check->checker->cache, &want, &lookup->wait,
                                &lookup->answer);
    }
    return lookup;
}

const wxs_lookup *
wxs_check_delegation(wxs_check *check, const char *name, uint16_t type,
                     const wxs_dns_answer **bogus)
{
    const wxs_lookup *checked = cached_lookup(check, name, type, false);

    if (checked == NULL || wxs_lookup_waits(checked) ||
        checked->answer == NULL ||
        checked->answer->outcome != WXS_DNS_SERVFAIL) {
        return checked;
    }
    const wxs_lookup *unchecked = cached_lookup(check, name, type, true);

    if (unchecked == NULL || wxs_lookup_waits(unchecked)) {
        return unchecked;
    }
    if (!wxs_lookup_definite(unchecked)) {
        return checked;
    }
    *bogus = checked->answer;
    return unchecked;
}
