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

/* NULL if it was not asked yet. */
static wxs_lookup *
find_lookup(wxs_check *check, const char *name, const wxs_lookup *like)
{
    for (size_t i = 0; i < check->lookups; i++) {
        wxs_lookup *known = check->lookup[i];

        if (known->type == like->type && known->cached == like->cached &&
            known->unchecked == like->unchecked &&
            known->server == like->server && known->at == like->at &&
            strcmp(known->name, name) == 0) {
            return known;
        }
    }
    return NULL;
}

/* The lookup, NULL if there were too many; *made if it has yet to be asked. */
static wxs_lookup *
place_lookup(wxs_check *check, const char *name, const wxs_lookup *like,
             bool *made)
{
    wxs_lookup *known = find_lookup(check, name, like);

    *made = false;
    if (known != NULL) {
        return known;
    }
    size_t size = strlen(name) + 1;
    wxs_lookup *lookup =
        check->lookups == LOOKUPS_MAX ? NULL : malloc(sizeof *lookup + size);

    if (lookup == NULL) {
        return NULL;
    }
    *lookup = *like;
    lookup->check = check;
    memcpy(lookup->name, name, size);
    check->lookup[check->lookups++] = lookup;
    *made = true;
    return lookup;
}

static void
ask_target(wxs_lookup *lookup, const wxs_target *target)
{
    const wxs_check *check = lookup->check;
    wxs_dns_question question = {.name = target->name, .type = target->type};

    if (target->server == NULL) {
        question.server = check->config->dns.resolver;
        question.server_length = check->config->dns.resolver_len;
        question.gate = check->checker->resolver_gate;
        question.recursive = true;
        question.dnssec = true;
    } else {
        question.server = target->server->address[target->at];
        question.server_length = target->server->length[target->at];
        question.gate = check->checker->gate;
        question.allow = &check->config->dns.allow_ns;
    }
    /* if that fails it has no answer */
    lookup->query = wxs_dns_ask(check->loop, &question, on_lookup, lookup);
}

const wxs_lookup *
wxs_check_ask(wxs_check *check, const wxs_target *target)
{
    const wxs_lookup like = {
        .type = target->type, .server = target->server, .at = target->at};
    bool made;
    wxs_lookup *lookup = place_lookup(check, target->name, &like, &made);

    if (made) {
        ask_target(lookup, target);
    }
    return lookup;
}

/* ---- questions about delegations ---- */

static void
ask_cache(wxs_lookup *lookup)
{
    const wxs_check *check = lookup->check;
    const wxs_dns_want want = {
        .name = lookup->name,
        .type = lookup->type,
        .unchecked = lookup->unchecked,
        .since = check->job->asked_for ? check->started_at : 0};

    lookup->wait = (wxs_dns_wait){.done = on_lookup, .data = lookup};
    (void)wxs_dns_cache_ask(check->checker->cache, &want, &lookup->wait,
                            &lookup->answer);
}

static const wxs_lookup *
cached_lookup(wxs_check *check, const char *name, uint16_t type, bool unchecked)
{
    const wxs_lookup like = {
        .type = type, .cached = true, .unchecked = unchecked};
    bool made;
    wxs_lookup *lookup = place_lookup(check, name, &like, &made);

    if (made) {
        ask_cache(lookup);
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

/* ---- questions of judgements ---- */

const wxs_dns_answer *
wxs_check_answer(wxs_check *check, const wxs_target *target,
                 wxs_record_check *record, bool *waits)
{
    const wxs_lookup like = {.type = target->type,
                             .server = target->server,
                             .at = target->at,
                             .cached = target->server == NULL,
                             .record = record};
    wxs_lookup *lookup = find_lookup(check, target->name, &like);

    if (lookup == NULL && !check->finishing && wxs_check_may_ask(record)) {
        bool made;

        lookup = place_lookup(check, target->name, &like, &made);
        if (made && lookup->cached) {
            ask_cache(lookup);
        } else if (made) {
            ask_target(lookup, target);
        }
    }
    *waits = lookup != NULL && wxs_lookup_waits(lookup) && !check->finishing;
    return lookup == NULL ? NULL : lookup->answer;
}

bool
wxs_check_awaits(const wxs_record_check *record)
{
    const wxs_check *check = record->check;

    for (size_t i = 0; i < check->lookups; i++) {
        if (check->lookup[i]->record == record &&
            wxs_lookup_waits(check->lookup[i])) {
            return true;
        }
    }
    return false;
}
