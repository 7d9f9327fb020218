#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "check_internal.h"

/* Fetches what judgements ask for: at the resolver, at a nameserver of the
 * record's zone, or at one of the zone above. */

#define ASKS_MAX 32 /* questions that judging one record may cost */

/* ---- nameservers ---- */

/* A nameserver that answered, always the same one for a question; different
 * questions go to different ones. NULL if none did. */
static const wxs_exchange *
zone_exchange(const wxs_record_check *record, const char *name, uint16_t type)
{
    const wxs_exchange *able[WXS_SERVERS_MAX];
    size_t count = 0;
    size_t hash = type;

    for (size_t i = 0; i < record->exchanges; i++) {
        const wxs_exchange *exchange = &record->exchange[i];

        if (exchange->answer != NULL &&
            wxs_dns_definite(exchange->answer->outcome)) {
            able[count++] = exchange;
        }
    }
    for (; *name != '\0'; name++) {
        hash = hash * 31 + (unsigned char)*name;
    }
    return count == 0 ? NULL : able[hash % count];
}

/* The first name above the zone that has nameservers, as NS records; NULL while
 * they are awaited or if there are none. */
static const wxs_dns_answer *
parent_hosts(wxs_record_check *record, bool *waits)
{
    const char *name = strchr(record->zone->name, '.');

    while (name != NULL && name[1] != '\0') {
        wxs_target target = {.name = name + 1, .type = WXS_TYPE_NS};
        const wxs_dns_answer *answer =
            wxs_check_answer(record->check, &target, record, waits);

        if (answer == NULL || !wxs_dns_definite(answer->outcome)) {
            return NULL;
        }
        if (answer->alias == NULL && answer->count > 0) {
            return answer;
        }
        name = strchr(name + 1, '.');
    }
    return NULL;
}

/* Finds an address of one of the hosts for the zone's parent; false while it is
 * awaited or if there is none. */
static bool
find_parent(wxs_record_check *record, const wxs_dns_answer *hosts, bool *waits)
{
    static const uint16_t types[] = {WXS_TYPE_A, WXS_TYPE_AAAA};
    wxs_server *parent = &record->zone->parent;

    for (int i = 0; parent->count == 0 && i < 2; i++) {
        wxs_target target = {.name = (const char *)hosts->value[0].data,
                             .type = types[i]};
        const wxs_dns_answer *answer =
            wxs_check_answer(record->check, &target, record, waits);

        if (answer == NULL && *waits) {
            return false;
        }
        if (answer == NULL || answer->count == 0) {
            continue;
        }
        parent->host = target.name;
        parent->length[0] = wxs_address_make(
            &parent->address[0], answer->value[0].data, answer->value[0].length,
            record->check->config->dns.port);
        parent->count = parent->length[0] > 0;
    }
    return parent->count > 0;
}

static const wxs_dns_answer *
ask_parent(wxs_record_check *record, const char *name, uint16_t type,
           bool *waits)
{
    const wxs_dns_answer *hosts;

    if (record->zone == NULL || record->zone->name == NULL) {
        return NULL;
    }
    hosts = parent_hosts(record, waits);
    if (hosts == NULL || !find_parent(record, hosts, waits)) {
        return NULL;
    }
    wxs_target target = {
        .name = name, .type = type, .server = &record->zone->parent};

    return wxs_check_answer(record->check, &target, record, waits);
}

/* ---- the world of a record ---- */

static const wxs_dns_answer *
ask(wxs_world *world, wxs_via via, const char *name, uint16_t type, bool *waits)
{
    wxs_record_check *record = world->data;
    wxs_target target = {.name = name, .type = type};
    const wxs_exchange *exchange = NULL;

    if (via == WXS_VIA_PARENT) {
        return ask_parent(record, name, type, waits);
    }
    if (via == WXS_VIA_ZONE && world->zone != NULL &&
        wxs_name_within(name, world->zone)) {
        exchange = zone_exchange(record, name, type);
    }
    if (exchange != NULL) {
        target.server = exchange->server;
        target.at = exchange->at;
    }
    return wxs_check_answer(record->check, &target, record, waits);
}

void
wxs_check_world(wxs_record_check *record)
{
    const wxs_checker *checker = record->check->checker;
    const wxs_check_job *job = record->check->job;
    const char *registrable =
        checker->suffixes == NULL
            ? NULL
            : psl_registrable_domain(checker->suffixes, job->domain);
    wxs_world *world = &record->world;

    *world = (wxs_world){.ask = ask,
                         .data = record,
                         .domain = job->domain,
                         .organizational =
                             registrable == NULL ? job->domain : registrable,
                         .landmarks = checker->landmarks};
    /* Only makes a name that nobody publishes. */
    (void)!getrandom(&world->chance, sizeof world->chance, 0);
    for (size_t i = 0; i < WXS_WORLD_OTHERS_MAX && job->other[i] != NULL; i++) {
        world->other[world->others++] = job->other[i];
    }
}

/* ---- judging ---- */

bool
wxs_check_is_right(const char *state)
{
    return strcmp(state, wxs_class_name(WXS_EXACT)) == 0 ||
           strcmp(state, wxs_class_name(WXS_SATISFIED)) == 0;
}

/* Without memory nobody asks. */
static void
judge_certificate(wxs_record_check *record)
{
    if (record->caa == NULL) {
        record->caa = calloc(1, sizeof *record->caa);
    }
    if (record->caa != NULL) {
        wxs_caa_judge(&record->world, record->expected->fqdn,
                      record->check->checker->authority, record->caa);
    }
}

bool
wxs_check_verdict(wxs_record_check *record, wxs_verdict *verdict)
{
    wxs_observation seen[WXS_SERVERS_MAX];
    size_t count = wxs_check_observe(record, seen);

    record->world.waiting = false;
    wxs_match(record->expected, seen, count, &record->world, verdict);
    if (record->expected->kind == WXS_RECORD_TRACKING &&
        record->check->checker->authority[0] != '\0' &&
        wxs_class_good(verdict->class)) {
        judge_certificate(record);
    }
    return !record->world.waiting;
}

bool
wxs_check_judge(wxs_record_check *record)
{
    wxs_judgement *judgement = &record->judgement;
    wxs_verdict verdict;

    if (record->judged) {
        return true;
    }
    record->judged = wxs_check_verdict(record, &verdict);
    *judgement = (wxs_judgement){.class = verdict.class, .good = verdict.good};
    while (verdict.good > 0 &&
           !wxs_check_is_right(verdict.server[judgement->right])) {
        judgement->right++;
    }
    return record->judged;
}

wxs_step
wxs_check_follow(wxs_record_check *record)
{
    if (record->zone != NULL &&
        record->check->config->dns.mode != WXS_DNS_RECURSIVE) {
        record->world.zone = record->zone->name;
        record->world.hosts = record->zone->hosts;
    }
    if (wxs_check_awaits(record)) {
        return STEP_WAIT; /* until all answers are there: judging costs more */
    }
    return wxs_check_judge(record) ? STEP_NEXT : STEP_WAIT;
}

/* ---- questions ---- */

bool
wxs_check_may_ask(wxs_record_check *record)
{
    return record->asks++ < ASKS_MAX;
}
