#include <string.h>

#include "check_internal.h"

/* Questions beside those at the records' own names: each is asked once. */

bool
wxs_lookup_waits(const wxs_lookup *lookup)
{
    return lookup->query != NULL;
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

static wxs_lookup *
find_lookup(wxs_check *check, const wxs_target *target)
{
    for (size_t i = 0; i < check->lookups; i++) {
        wxs_lookup *known = &check->lookup[i];

        if (known->type == target->type && known->server == target->server &&
            known->unchecked == target->unchecked &&
            strcmp(known->name, target->name) == 0) {
            return known;
        }
    }
    return NULL;
}

/* NULL if there were too many. */
static wxs_lookup *
begin_lookup(wxs_check *check, const wxs_target *target)
{
    wxs_lookup *lookup = &check->lookup[check->lookups];
    wxs_dns_question question = {.name = target->name,
                                 .type = target->type,
                                 .server = check->config->dns.resolver,
                                 .server_length =
                                     check->config->dns.resolver_len,
                                 .recursive = true,
                                 .unchecked = target->unchecked};

    if (check->lookups == LOOKUPS_MAX) {
        return NULL;
    }
    if (target->server != NULL) {
        question.server = target->server->address[target->at];
        question.server_length = target->server->length[target->at];
        question.recursive = check->config->dns.mode == WXS_DNS_RECURSIVE;
        question.allow =
            question.recursive ? NULL : &check->config->dns.allow_ns;
    }
    *lookup = (wxs_lookup){.check = check,
                           .type = target->type,
                           .server = target->server,
                           .unchecked = target->unchecked};
    lookup->name = strdup(target->name);
    if (lookup->name == NULL) {
        return NULL;
    }
    lookup->query = wxs_dns_ask(check->loop, &question, on_lookup, lookup);
    check->lookups++; /* even if it failed: then it has no answer */
    return lookup;
}

const wxs_lookup *
wxs_check_lookup(wxs_check *check, const char *name, uint16_t type)
{
    wxs_target target = {.name = name, .type = type};
    const wxs_lookup *known = find_lookup(check, &target);

    return known != NULL ? known : begin_lookup(check, &target);
}

const wxs_dns_answer *
wxs_check_answer(wxs_check *check, const wxs_target *target,
                 wxs_record_check *record, bool *waits)
{
    wxs_lookup *lookup = find_lookup(check, target);

    if (lookup == NULL && !check->finishing && wxs_check_may_ask(record)) {
        lookup = begin_lookup(check, target);
        if (lookup != NULL) {
            lookup->record = record;
        }
    }
    *waits = lookup != NULL && lookup->query != NULL && !check->finishing;
    return lookup == NULL ? NULL : lookup->answer;
}

bool
wxs_check_awaits(const wxs_record_check *record)
{
    const wxs_check *check = record->check;

    for (size_t i = 0; i < check->lookups; i++) {
        if (check->lookup[i].record == record &&
            check->lookup[i].query != NULL) {
            return true;
        }
    }
    return false;
}
