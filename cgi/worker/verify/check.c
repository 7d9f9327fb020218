#include "check.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_internal.h"
#include "clock.h"
#include "match_kinds.h"

#define HELD_UP_MS (15 * 60 * 1000)

/* ---- questions to nameservers ---- */

static void on_exchange(void *data, wxs_dns_answer *answer);

void
wxs_check_ask_server(wxs_exchange *exchange, bool tcp)
{
    const wxs_record_check *record = exchange->record;
    const wxs_check *check = record->check;
    wxs_dns_question question = {.name = exchange->type == LDNS_RR_TYPE_SOA
                                             ? record->zone->name
                                             : record->expected->fqdn,
                                 .type = exchange->type,
                                 .tcp = tcp};

    if (exchange->server->count == 0) {
        exchange->answer = wxs_dns_answer_new(WXS_DNS_UNRESOLVED);
        return;
    }
    question.server = exchange->server->address[exchange->at];
    question.server_length = exchange->server->length[exchange->at];
    if (check->config->dns.mode == WXS_DNS_RECURSIVE) {
        question.recursive = true;
        question.dnssec = true;
    } else {
        question.allow = &check->config->dns.allow_ns;
        question.gate = check->checker->gate;
    }
    wxs_address_text((const struct sockaddr *)&question.server,
                     exchange->address);
    exchange->query =
        wxs_dns_ask(check->loop, &question, on_exchange, exchange);
}

void
wxs_check_drop_exchange(wxs_exchange *exchange)
{
    if (exchange->query != NULL) {
        wxs_dns_cancel(exchange->query);
    }
    wxs_dns_answer_free(exchange->answer);
    memset(exchange, 0, sizeof *exchange);
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
    record->judged = false;
    if (answer != NULL && is_transport(answer->outcome) &&
        exchange != &record->confirmation &&
        exchange->at + 1 < exchange->server->count) {
        exchange->at++;
        wxs_dns_answer_free(answer);
        wxs_check_ask_server(exchange, false);
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

            *exchange =
                (wxs_exchange){.record = record,
                               .type = wxs_match_type(record->expected->kind),
                               .server = &record->zone->server[i]};
            wxs_check_ask_server(exchange, false);
        }
        record->exchanges = record->zone->servers;
        wxs_check_prepare_ttl(record);
    }
    for (size_t i = 0; i < record->exchanges; i++) {
        if (record->exchange[i].query != NULL) {
            return STEP_WAIT;
        }
    }
    return STEP_NEXT;
}

size_t
wxs_check_observe(const wxs_record_check *record, wxs_observation *seen)
{
    for (size_t i = 0; i < record->exchanges; i++) {
        const wxs_exchange *exchange = &record->exchange[i];

        seen[i] = (wxs_observation){.host = exchange->server->host,
                                    .address = exchange->address,
                                    .answer = exchange->answer};
    }
    return record->exchanges;
}

/* ---- the whole ---- */

static void
end_lookup(wxs_lookup *lookup)
{
    if (lookup->query != NULL) {
        wxs_dns_cancel(lookup->query);
        lookup->query = NULL;
    }
    wxs_dns_cache_forget(&lookup->wait);
}

void
wxs_check_free(wxs_check *check)
{
    wxs_loop_disarm(check->loop, &check->timer);
    for (size_t i = 0; i < check->lookups; i++) {
        end_lookup(check->lookup[i]);
        wxs_dns_answer_free(check->lookup[i]->answer);
        free(check->lookup[i]);
    }
    for (size_t i = 0; i < check->records; i++) {
        wxs_record_check *record = &check->record[i];

        for (size_t k = 0; k < WXS_SERVERS_MAX; k++) {
            wxs_check_drop_exchange(&record->exchange[k]);
            wxs_check_drop_exchange(&record->serial[k]);
        }
        wxs_check_drop_exchange(&record->confirmation);
        free(record->caa);
    }
    for (size_t i = 0; i < check->zones; i++) {
        wxs_dns_answer_free(check->zone[i]->hosts);
        free(check->zone[i]);
    }
    free(check->results);
    free(check);
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
        if (record->serial[i].query != NULL) {
            wxs_dns_cancel(record->serial[i].query);
            record->serial[i].query = NULL;
        }
    }
    if (record->confirmation.query != NULL) {
        wxs_dns_cancel(record->confirmation.query);
        record->confirmation.query = NULL;
    }
}

/* Nothing comes in any more: what was found stays as it is. */
static void
finish(wxs_check *check)
{
    wxs_check_result *results =
        calloc(check->records == 0 ? 1 : check->records, sizeof *results);

    check->finishing = true;
    wxs_loop_disarm(check->loop, &check->timer);
    for (size_t i = 0; results != NULL && i < check->records; i++) {
        wxs_record_check *record = &check->record[i];
        wxs_check_result *result = &results[i];

        give_up(record);
        result->seen_count = wxs_check_observe(record, result->seen);
        (void)wxs_check_verdict(record, &result->verdict);
        result->caa = record->caa;
        result->confirmed_by = record->confirmed_by;
        wxs_check_tell_zone(record, result);
        wxs_check_qualify(record, result);
    }
    for (size_t i = 0; i < check->lookups; i++) {
        end_lookup(check->lookup[i]);
    }
    check->results = results;
    check->done(check->data, check, results);
}

static wxs_step
step(wxs_record_check *record)
{
    switch (record->phase) {
    case FIND_ZONE:
        return record->check->config->dns.mode == WXS_DNS_RECURSIVE
                   ? wxs_check_find_place(record)
                   : wxs_check_find_zone(record);
    case FIND_SERVERS:
        return wxs_check_find_servers(record);
    case ASK:
        return ask_all(record);
    case DESCEND:
        return wxs_check_descend(record);
    case FOLLOW:
        return wxs_check_follow(record);
    case RECHECK_ZONE:
        return wxs_check_recheck_zone(record);
    case CONFIRM:
        return wxs_check_confirm(record);
    case AWAIT_CONFIRMATION:
        return wxs_check_await_confirmation(record);
    case ASK_RESOLVER:
        return wxs_check_ask_resolver(record);
    case COMPARE_SERIALS:
        return wxs_check_compare_serials(record);
    case FIND_TTL:
        return wxs_check_find_ttl(record);
    case READY:
        break;
    }
    return STEP_WAIT;
}

void
wxs_check_advance(wxs_check *check)
{
    bool ready = true;

    for (size_t i = 0; i < check->records; i++) {
        wxs_record_check *record = &check->record[i];
        wxs_step result = STEP_NEXT;

        while (record->phase != READY &&
               (result == STEP_NEXT || result == STEP_AGAIN)) {
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

/* Does a question wait because its nameserver is spared? */
static bool
is_held_up(const wxs_check *check)
{
    for (size_t i = 0; i < check->lookups; i++) {
        const wxs_lookup *lookup = check->lookup[i];

        if ((lookup->query != NULL && wxs_dns_waits(lookup->query)) ||
            wxs_dns_cache_held_up(&lookup->wait)) {
            return true;
        }
    }
    for (size_t i = 0; i < check->records; i++) {
        const wxs_record_check *record = &check->record[i];

        for (size_t k = 0; k < record->exchanges; k++) {
            const wxs_dns_query *query = record->exchange[k].query;

            if (query != NULL && wxs_dns_waits(query)) {
                return true;
            }
        }
        if (record->confirmation.query != NULL &&
            wxs_dns_waits(record->confirmation.query)) {
            return true;
        }
    }
    return false;
}

static void
on_timer(void *data)
{
    wxs_check *check = data;
    int64_t now = wxs_monotonic_ms();
    int64_t ms = WXS_CHECK_MS;

    if (check->started_at != 0) {
        if (now - check->started_at >= HELD_UP_MS || !is_held_up(check)) {
            finish(check); /* what is not known yet stays unknown */
            return;
        }
        /* It has its time from when the last question is on its way. */
        ms = WXS_DNS_TOTAL_MS;
    }
    bool begins = check->started_at == 0;

    if (begins) {
        check->started_at = now;
    }
    if (!wxs_loop_arm(check->loop, &check->timer, ms)) {
        finish(check);
    } else if (begins) {
        wxs_check_advance(check);
    }
}

/* The resolver in the place of all nameservers. */
static bool
use_resolver(wxs_check *check)
{
    wxs_zone *zone = calloc(1, sizeof *zone);

    if (zone == NULL) {
        return false;
    }
    wxs_server *server = &zone->server[0];

    check->zone[check->zones++] = zone;
    zone->ready = true;
    zone->servers = 1;
    server->host = "resolver";
    server->address[0] = check->config->dns.resolver;
    server->length[0] = check->config->dns.resolver_len;
    server->count = 1;
    return true;
}

static void
set_up_record(wxs_check *check, size_t i)
{
    wxs_record_check *record = &check->record[i];
    record->check = check;
    record->expected = &check->job->record[i];
    record->verified = check->job->verified[i];
    wxs_check_world(record);
    (void)snprintf(record->candidate, sizeof record->candidate, "%s",
                   check->job->domain);
}

wxs_check *
wxs_check_start(const wxs_checker *checker, const wxs_check_job *job,
                wxs_check_done *done, void *data)
{
    wxs_check *check =
        calloc(1, sizeof *check + job->count * sizeof *check->record);

    if (check == NULL) {
        return NULL;
    }
    check->loop = checker->loop;
    check->config = checker->config;
    check->checker = checker;
    check->job = job;
    check->records = job->count;
    check->done = done;
    check->data = data;
    check->timer = (wxs_timer){.fire = on_timer, .data = check};
    if (check->config->dns.mode == WXS_DNS_RECURSIVE && !use_resolver(check)) {
        free(check);
        return NULL;
    }
    for (size_t i = 0; i < job->count; i++) {
        set_up_record(check, i);
    }
    if (!wxs_loop_arm(check->loop, &check->timer, 0)) {
        wxs_check_free(check);
        return NULL;
    }
    return check;
}
