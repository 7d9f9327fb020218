#include "check.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_internal.h"
#include "match_kinds.h"

static uint16_t
type_of(wxs_record_kind kind)
{
    switch (kind) {
    case WXS_RECORD_MX:
        return LDNS_RR_TYPE_MX;
    case WXS_RECORD_TRACKING:
        return LDNS_RR_TYPE_CNAME;
    case WXS_RECORD_DKIM:
    case WXS_RECORD_SPF:
    case WXS_RECORD_DMARC:
        break;
    }
    return LDNS_RR_TYPE_TXT;
}

/* ---- questions to the resolver ---- */

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

const wxs_lookup *
wxs_check_lookup(wxs_check *check, const char *name, uint16_t type)
{
    for (size_t i = 0; i < check->lookups; i++) {
        wxs_lookup *known = &check->lookup[i];

        if (known->type == type && strcmp(known->name, name) == 0) {
            return known;
        }
    }
    if (check->lookups == LOOKUPS_MAX) {
        return NULL;
    }
    wxs_lookup *lookup = &check->lookup[check->lookups];
    wxs_dns_question question = {.name = name,
                                 .type = type,
                                 .server = check->config->dns.resolver,
                                 .server_length =
                                     check->config->dns.resolver_len,
                                 .recursive = true};

    *lookup = (wxs_lookup){.check = check, .type = type};
    lookup->name = strdup(name);
    if (lookup->name == NULL) {
        return NULL;
    }
    lookup->query = wxs_dns_ask(check->loop, &question, on_lookup, lookup);
    check->lookups++; /* even if it failed: then it has no answer */
    return lookup;
}

/* ---- questions to nameservers ---- */

static void on_exchange(void *data, wxs_dns_answer *answer);

static void
ask_server(wxs_exchange *exchange, bool tcp)
{
    const wxs_record_check *record = exchange->record;
    const wxs_check *check = record->check;
    wxs_dns_question question = {.name = record->expected->fqdn,
                                 .type = type_of(record->expected->kind),
                                 .tcp = tcp};

    if (exchange->server->count == 0) {
        exchange->answer = wxs_dns_answer_new(WXS_DNS_UNRESOLVED);
        return;
    }
    question.server = exchange->server->address[exchange->at];
    question.server_length = exchange->server->length[exchange->at];
    if (check->config->dns.mode == WXS_DNS_RECURSIVE) {
        question.recursive = true;
    } else {
        question.allow = &check->config->dns.allow_ns;
    }
    wxs_address_text((const struct sockaddr *)&question.server,
                     exchange->address);
    exchange->query =
        wxs_dns_ask(check->loop, &question, on_exchange, exchange);
}

/* May the server's other address do better? */
static bool
is_transport(wxs_dns_outcome outcome)
{
    return outcome == WXS_DNS_TIMEOUT || outcome == WXS_DNS_UNREACHABLE ||
           outcome == WXS_DNS_NOT_PUBLIC;
}

static void
on_exchange(void *data, wxs_dns_answer *answer)
{
    wxs_exchange *exchange = data;
    wxs_record_check *record = exchange->record;

    exchange->query = NULL;
    if (answer != NULL && is_transport(answer->outcome) &&
        exchange != &record->confirmation &&
        exchange->at + 1 < exchange->server->count) {
        exchange->at++;
        wxs_dns_answer_free(answer);
        ask_server(exchange, false);
    } else {
        exchange->answer = answer;
    }
    wxs_check_advance(record->check);
}

static wxs_step
ask_all(wxs_record_check *record)
{
    if (record->exchanges == 0) {
        for (size_t i = 0; i < record->zone->servers; i++) {
            wxs_exchange *exchange = &record->exchange[i];

            exchange->record = record;
            exchange->server = &record->zone->server[i];
            ask_server(exchange, false);
        }
        record->exchanges = record->zone->servers;
    }
    for (size_t i = 0; i < record->exchanges; i++) {
        if (record->exchange[i].query != NULL) {
            return STEP_WAIT;
        }
    }
    return STEP_NEXT;
}

/* ---- confirmation ---- */

static size_t
observe(const wxs_record_check *record, wxs_observation *seen)
{
    for (size_t i = 0; i < record->exchanges; i++) {
        seen[i] = (wxs_observation){.host = record->exchange[i].server->host,
                                    .address = record->exchange[i].address,
                                    .answer = record->exchange[i].answer};
    }
    return record->exchanges;
}

static void
judge(const wxs_record_check *record, wxs_verdict *verdict)
{
    wxs_observation seen[WXS_SERVERS_MAX];
    size_t count = observe(record, seen);

    wxs_match(record->expected, seen, count, &record->beyond, verdict);
}

/* Index of a server that has the record right. */
static size_t
good_server(const wxs_record_check *record, const wxs_verdict *verdict)
{
    for (size_t i = 0; i < record->exchanges; i++) {
        if (strcmp(verdict->server[i], "exact") == 0 ||
            strcmp(verdict->server[i], "satisfied") == 0) {
            return i;
        }
    }
    return 0;
}

static wxs_step
confirm(wxs_record_check *record)
{
    wxs_verdict verdict;

    judge(record, &verdict);
    if (!wxs_class_good(verdict.class) || record->verified) {
        return STEP_FAILED; /* nothing to confirm */
    }
    if (verdict.good > 1) {
        record->confirmed_by = "second_ns";
        return STEP_FAILED;
    }
    record->confirms = good_server(record, &verdict);
    const wxs_exchange *first = &record->exchange[record->confirms];

    if (first->answer->tcp) {
        record->confirmed_by = "tcp";
        return STEP_FAILED;
    }
    record->confirmation = (wxs_exchange){
        .record = record, .server = first->server, .at = first->at};
    ask_server(&record->confirmation, true);
    return STEP_NEXT;
}

/* A definite second answer replaces the first: TCP is the harder to forge. */
static wxs_step
await_confirmation(wxs_record_check *record)
{
    wxs_exchange *second = &record->confirmation;
    wxs_exchange *first = &record->exchange[record->confirms];
    wxs_verdict verdict;

    if (second->query != NULL) {
        return STEP_WAIT;
    }
    if (second->answer == NULL || !wxs_dns_definite(second->answer->outcome)) {
        return STEP_NEXT;
    }
    wxs_dns_answer_free(first->answer);
    first->answer = second->answer;
    second->answer = NULL;
    judge(record, &verdict);
    if (wxs_class_good(verdict.class)) {
        record->confirmed_by = "tcp";
    }
    return STEP_NEXT;
}

static void
say_unconfirmed(const wxs_record_check *record, wxs_verdict *verdict)
{
    const wxs_server *server = record->confirmation.server;

    wxs_verdict_set(verdict, WXS_TEMP, "unconfirmed");
    wxs_verdict_say(verdict,
                    "The record at %s looks right, but %s did not confirm it "
                    "over TCP.",
                    record->expected->fqdn,
                    server == NULL ? "its nameserver" : server->host);
    wxs_verdict_fix(verdict, "Nothing to do at first: the check is repeated. "
                             "Nameservers have to answer over TCP too.");
}

/* ---- the whole ---- */

static void
free_check(wxs_check *check)
{
    wxs_loop_disarm(check->loop, &check->timer);
    for (size_t i = 0; i < check->lookups; i++) {
        if (check->lookup[i].query != NULL) {
            wxs_dns_cancel(check->lookup[i].query);
        }
        wxs_dns_answer_free(check->lookup[i].answer);
        free(check->lookup[i].name);
    }
    /* not by the job's count: done() may have ended the job */
    for (size_t i = 0; i < WXS_CHECK_RECORDS_MAX; i++) {
        wxs_record_check *record = &check->record[i];

        for (size_t k = 0; k <= WXS_SERVERS_MAX; k++) {
            wxs_exchange *exchange = k < WXS_SERVERS_MAX
                                         ? &record->exchange[k]
                                         : &record->confirmation;

            if (exchange->query != NULL) {
                wxs_dns_cancel(exchange->query);
            }
            wxs_dns_answer_free(exchange->answer);
        }
    }
    free(check);
}

void
wxs_check_cancel(wxs_check *check)
{
    free_check(check);
}

/* Whoever has not answered by now is silent. */
static void
give_up(wxs_record_check *record)
{
    for (size_t i = 0; i < record->exchanges; i++) {
        wxs_exchange *exchange = &record->exchange[i];

        if (exchange->query != NULL) {
            wxs_dns_cancel(exchange->query);
            exchange->query = NULL;
            exchange->answer = wxs_dns_answer_new(WXS_DNS_TIMEOUT);
        }
    }
}

static void
finish(wxs_check *check)
{
    size_t count = check->job->count;
    wxs_check_result *results = calloc(count == 0 ? 1 : count, sizeof *results);

    for (size_t i = 0; results != NULL && i < count; i++) {
        wxs_record_check *record = &check->record[i];
        wxs_check_result *result = &results[i];

        give_up(record);
        result->seen_count = observe(record, result->seen);
        wxs_match(record->expected, result->seen, result->seen_count,
                  &record->beyond, &result->verdict);
        result->confirmed_by = record->confirmed_by;
        wxs_check_tell_zone(record, result);
        if (wxs_class_good(result->verdict.class) && !record->verified &&
            record->confirmed_by == NULL) {
            say_unconfirmed(record, &result->verdict);
        }
    }
    check->done(check->data, results);
    free(results);
    free_check(check);
}

static wxs_step
step(wxs_record_check *record)
{
    switch (record->phase) {
    case FIND_ZONE:
        return wxs_check_find_zone(record);
    case FIND_SERVERS:
        return wxs_check_find_servers(record);
    case ASK:
        return ask_all(record);
    case FOLLOW:
        return wxs_check_follow(record);
    case CONFIRM:
        return confirm(record);
    case AWAIT_CONFIRMATION:
        return await_confirmation(record);
    case READY:
        break;
    }
    return STEP_WAIT;
}

void
wxs_check_advance(wxs_check *check)
{
    bool ready = true;

    for (size_t i = 0; i < check->job->count; i++) {
        wxs_record_check *record = &check->record[i];
        wxs_step result = STEP_NEXT;

        while (record->phase != READY && result == STEP_NEXT) {
            result = step(record);
            if (result == STEP_NEXT) {
                record->phase++;
            } else if (result == STEP_FAILED) {
                record->phase = READY;
            }
        }
        ready = ready && record->phase == READY;
    }
    if (ready) {
        finish(check);
    }
}

static void
on_timer(void *data)
{
    wxs_check *check = data;

    if (check->started) {
        finish(check); /* time is up; what is not known yet stays unknown */
        return;
    }
    check->started = true;
    if (!wxs_loop_arm(check->loop, &check->timer, WXS_CHECK_MS)) {
        finish(check);
        return;
    }
    wxs_check_advance(check);
}

/* The resolver in the place of all nameservers. */
static void
use_resolver(wxs_check *check)
{
    wxs_zone *zone = &check->zone[0];
    wxs_server *server = &zone->server[0];

    check->zones = 1;
    zone->ready = true;
    zone->servers = 1;
    server->host = "resolver";
    server->address[0] = check->config->dns.resolver;
    server->length[0] = check->config->dns.resolver_len;
    server->count = 1;
}

wxs_check *
wxs_check_start(wxs_loop *loop, const wxs_config *config,
                const wxs_check_job *job, wxs_check_done *done, void *data)
{
    wxs_check *check = calloc(1, sizeof *check);

    if (check == NULL) {
        return NULL;
    }
    check->loop = loop;
    check->config = config;
    check->job = job;
    check->done = done;
    check->data = data;
    check->timer = (wxs_timer){.fire = on_timer, .data = check};
    if (config->dns.mode == WXS_DNS_RECURSIVE) {
        use_resolver(check);
    }
    for (size_t i = 0; i < job->count; i++) {
        wxs_record_check *record = &check->record[i];

        record->check = check;
        record->expected = &job->record[i];
        record->verified = job->verified[i];
        record->phase = FIND_ZONE;
        (void)snprintf(record->candidate, sizeof record->candidate, "%s",
                       job->record[i].fqdn);
        if (config->dns.mode == WXS_DNS_RECURSIVE) {
            record->zone = &check->zone[0];
            record->phase = ASK;
        }
    }
    if (!wxs_loop_arm(loop, &check->timer, 0)) {
        free(check);
        return NULL;
    }
    return check;
}
