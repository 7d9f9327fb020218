#ifndef WXS_VERIFY_CHECK_INTERNAL_H
#define WXS_VERIFY_CHECK_INTERNAL_H

#include <netinet/in.h>

#include "check.h"
#include "dns_address.h"
#include "dns_query.h"

/* What the files of a check share. Every part works the same way: it is called
 * again after each answer, and says whether it still waits for one. */

#define LOOKUPS_MAX   96
#define ZONES_MAX     8
#define NAME_MAX_TEXT 1024

/* A question to the recursive resolver; each is asked once in a check. */
typedef struct {
    wxs_check *check;
    char *name;
    uint16_t type;
    wxs_dns_query *query;   /* NULL once answered */
    wxs_dns_answer *answer; /* may be NULL then: memory was out */
} wxs_lookup;

typedef struct {
    const char *host;
    struct sockaddr_storage address[2]; /* IPv4, then IPv6 */
    socklen_t length[2];
    size_t count; /* 0: no address could be found */
} wxs_server;

typedef struct {
    const char *name;
    const wxs_dns_answer *hosts; /* its NS records */
    size_t chosen[WXS_SERVERS_MAX];
    wxs_server server[WXS_SERVERS_MAX];
    size_t servers;
    bool ready; /* the addresses are known */
} wxs_zone;

typedef struct wxs_record_check wxs_record_check;

/* A record's question at one nameserver. */
typedef struct {
    wxs_record_check *record;
    const wxs_server *server;
    size_t at; /* index of the address that is asked */
    wxs_dns_query *query;
    wxs_dns_answer *answer;
    char address[WXS_ADDRESS_TEXT];
} wxs_exchange;

typedef enum {
    FIND_ZONE,
    FIND_SERVERS,
    ASK,
    FOLLOW,
    CONFIRM,
    AWAIT_CONFIRMATION,
    READY,
} wxs_record_phase;

struct wxs_record_check {
    wxs_check *check;
    const wxs_expected *expected;
    bool verified;
    wxs_record_phase phase;
    char candidate[NAME_MAX_TEXT]; /* may be the zone's name */
    wxs_zone *zone;
    wxs_exchange exchange[WXS_SERVERS_MAX];
    size_t exchanges;
    wxs_beyond beyond;
    wxs_exchange confirmation;
    size_t confirms; /* index of the exchange it repeats */
    const char *confirmed_by;
};

struct wxs_check {
    wxs_loop *loop;
    const wxs_config *config;
    const wxs_check_job *job;
    wxs_check_done *done;
    void *data;
    wxs_timer timer;
    bool started;
    wxs_lookup lookup[LOOKUPS_MAX];
    size_t lookups;
    wxs_zone zone[ZONES_MAX];
    size_t zones;
    wxs_record_check record[WXS_CHECK_RECORDS_MAX];
};

/* The parts' answer to being called again. */
typedef enum {
    STEP_WAIT,
    STEP_NEXT,
    STEP_FAILED
} wxs_step;

/* Goes on with everything that waits for answers. May free the check. */
void wxs_check_advance(wxs_check *check);

/* Finds the lookup or begins it; NULL if there were too many. */
const wxs_lookup *wxs_check_lookup(wxs_check *check, const char *name,
                                   uint16_t type);

/* Is it answered, and definitely? */
bool wxs_lookup_waits(const wxs_lookup *lookup);
bool wxs_lookup_definite(const wxs_lookup *lookup);

wxs_step wxs_check_find_zone(wxs_record_check *record);
wxs_step wxs_check_find_servers(wxs_record_check *record);
/* What is known of the record's zone, for the result. */
void wxs_check_tell_zone(const wxs_record_check *record,
                         wxs_check_result *result);

wxs_step wxs_check_follow(wxs_record_check *record);

#endif
