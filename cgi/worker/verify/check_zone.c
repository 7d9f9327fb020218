#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "check_internal.h"

/* ---- the zone a name is in ---- */

/* Is parent a name above child (not child itself, not the root)? */
bool
wxs_check_is_above(const char *parent, const char *child)
{
    size_t a = strlen(parent);
    size_t b = strlen(child);

    return a > 0 && b > a + 1 && child[b - a - 1] == '.' &&
           memcmp(child + b - a, parent, a) == 0 && strcmp(parent, ".") != 0;
}

/* Turns the candidate into the next name up that may be a zone's; false at the
 * top. The owner of a negative answer's SOA record is one. */
static bool
climb(wxs_record_check *record, const wxs_dns_answer *answer)
{
    const char *next = strchr(record->candidate, '.');

    if (answer->alias == NULL && answer->zone != NULL &&
        wxs_check_is_above(answer->zone, record->candidate)) {
        next = record->candidate + strlen(record->candidate) -
               strlen(answer->zone) - 1;
    }
    if (next == NULL || next[1] == '\0') {
        return false;
    }
    memmove(record->candidate, next + 1, strlen(next + 1) + 1);
    return true;
}

wxs_zone *
wxs_check_add_zone(wxs_check *check, const char *name, wxs_dns_answer *hosts,
                   const wxs_dns_answer *bogus)
{
    for (size_t i = 0; i < check->zones; i++) {
        wxs_zone *known = check->zone[i];

        if (known->name != NULL &&
            (known->hosts == hosts || strcmp(known->name, name) == 0)) {
            return known;
        }
    }
    wxs_zone *zone = check->zones == ZONES_MAX ? NULL : calloc(1, sizeof *zone);

    if (zone == NULL) {
        return NULL;
    }
    check->zone[check->zones++] = zone;
    zone->name = name;
    zone->hosts = wxs_dns_answer_share(hosts);
    zone->bogus = bogus;
    return zone;
}

/* Starts at the domain's own name: zones further down come to light when the
 * nameservers are asked. Where the resolver cannot tell (it may be the domain's
 * nameservers that fail) the zone above is taken, whose nameservers refer to
 * the domain's. */
wxs_step
wxs_check_find_zone(wxs_record_check *record)
{
    wxs_check *check = record->check;

    for (;;) {
        const wxs_dns_answer *bogus = NULL;
        const wxs_lookup *lookup = wxs_check_delegation(
            check, record->candidate, LDNS_RR_TYPE_NS, &bogus);

        if (lookup == NULL) {
            return STEP_FAILED;
        }
        if (wxs_lookup_waits(lookup)) {
            return STEP_WAIT;
        }
        const wxs_dns_answer *answer = lookup->answer;

        if (answer == NULL) {
            return STEP_FAILED;
        }
        if (answer->alias == NULL && answer->count > 0) {
            record->zone =
                wxs_check_add_zone(check, lookup->name, lookup->answer, bogus);
            record->going_down = false;
            return record->zone == NULL ? STEP_FAILED : STEP_NEXT;
        }
        if (record->going_down || !climb(record, answer)) {
            return STEP_FAILED;
        }
    }
}

wxs_step
wxs_check_find_place(wxs_record_check *record)
{
    wxs_step step = wxs_check_find_zone(record);

    if (step == STEP_WAIT) {
        return STEP_WAIT;
    }
    record->place = step == STEP_NEXT ? record->zone : NULL;
    record->zone = record->check->zone[0];
    return STEP_NEXT;
}

/* ---- its nameservers ---- */

static size_t
random_below(size_t bound)
{
    uint32_t n = 0;

    /* Only spreads the load; a failure means index 0. */
    (void)!getrandom(&n, sizeof n, 0);
    return n % bound;
}

static void
choose_hosts(wxs_zone *zone)
{
    size_t index[WXS_DNS_VALUES_MAX];
    size_t count = zone->hosts->count;

    for (size_t i = 0; i < count; i++) {
        index[i] = i;
    }
    while (zone->servers < WXS_SERVERS_MAX && count > 0) {
        size_t pick = random_below(count);

        zone->chosen[zone->servers++] = index[pick];
        index[pick] = index[--count];
    }
}

static void
add_address(wxs_server *server, const wxs_lookup *lookup, uint16_t port)
{
    const wxs_dns_answer *answer = lookup->answer;

    if (answer == NULL || answer->count == 0) {
        return;
    }
    const wxs_dns_value *value = &answer->value[random_below(answer->count)];
    socklen_t length = wxs_address_make(&server->address[server->count],
                                        value->data, value->length, port);

    if (length > 0) {
        server->length[server->count++] = length;
    }
}

/* The addresses of zone's i-th chosen host; false while they are awaited. */
static bool
find_addresses(wxs_check *check, wxs_zone *zone, size_t i)
{
    static const uint16_t types[] = {LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA};
    const wxs_lookup *lookup[2];
    const wxs_dns_answer *bogus = NULL; /* the zone's own answer tells */
    wxs_server *server = &zone->server[i];

    server->host = (const char *)zone->hosts->value[zone->chosen[i]].data;
    server->count = 0;
    for (int t = 0; t < 2; t++) {
        lookup[t] = wxs_check_delegation(check, server->host, types[t], &bogus);
    }
    for (int t = 0; t < 2; t++) {
        if (lookup[t] != NULL && wxs_lookup_waits(lookup[t])) {
            return false;
        }
    }
    for (int t = 0; t < 2; t++) {
        if (lookup[t] != NULL) {
            add_address(server, lookup[t], check->config->dns.port);
        }
    }
    return true;
}

wxs_step
wxs_check_find_servers(wxs_record_check *record)
{
    wxs_zone *zone = record->zone;
    bool ready = true;

    if (zone->ready) {
        return STEP_NEXT;
    }
    if (zone->servers == 0) {
        choose_hosts(zone);
    }
    for (size_t i = 0; i < zone->servers; i++) {
        ready = find_addresses(record->check, zone, i) && ready;
    }
    zone->ready = ready;
    return ready ? STEP_NEXT : STEP_WAIT;
}

void
wxs_check_tell_zone(const wxs_record_check *record, wxs_check_result *result)
{
    const wxs_zone *zone = record->place != NULL ? record->place : record->zone;

    if (zone == NULL || zone->hosts == NULL) {
        return;
    }
    result->zone = zone->name;
    while (result->host_count < zone->hosts->count &&
           result->host_count < sizeof result->hosts / sizeof *result->hosts) {
        result->hosts[result->host_count] =
            (const char *)zone->hosts->value[result->host_count].data;
        result->host_count++;
    }
}
