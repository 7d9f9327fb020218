#ifndef WXS_VERIFY_CHECK_INTERNAL_H
#define WXS_VERIFY_CHECK_INTERNAL_H

#include <netinet/in.h>

#include "check.h"
#include "dns_address.h"
#include "dns_query.h"

/* What the files of a check share. Every part works the same way: it is called
 * again after each answer, and says whether it still waits for one. */

#define LOOKUPS_MAX   192
#define ZONES_MAX     8
#define DESCENTS_MAX  4
#define NAME_MAX_TEXT 1024

typedef struct wxs_record_check wxs_record_check;
typedef struct wxs_server wxs_server;

/* Of whom a question is asked for the sake of a judgement. */
typedef struct {
    const char *name;
    uint16_t type;
    const wxs_server *server; /* NULL: the recursive resolver */
    size_t at;                /* index of the server's address */
} wxs_target;

/* A question beside those at the records' own names; each is asked once in a
 * check. */
typedef struct {
    wxs_check *check;
    const wxs_record_check
        *record;              /* whose judgement wants it first, or NULL */
    const wxs_server *server; /* NULL: the recursive resolver */
    size_t at;                /* index of the server's address */
    uint16_t type;
    bool cached; /* to the resolver, through the cache of all checks */
    bool unchecked;
    wxs_dns_wait wait;
    wxs_dns_query *query;   /* NULL once answered */
    wxs_dns_answer *answer; /* may be NULL then: memory was out */
    char name[];
} wxs_lookup;

struct wxs_server {
    const char *host;
    struct sockaddr_storage address[2]; /* IPv4, then IPv6 */
    socklen_t length[2];
    size_t count; /* 0: no address could be found */
};

typedef struct {
    const char *name;      /* NULL: the resolver in place of nameservers */
    wxs_dns_answer *hosts; /* its NS records, a share */
    /* the resolver's SERVFAIL, if only DNSSEC keeps it from answering */
    const wxs_dns_answer *bogus;
    size_t chosen[WXS_SERVERS_MAX];
    wxs_server server[WXS_SERVERS_MAX];
    size_t servers;
    bool ready;        /* the addresses are known */
    wxs_server parent; /* one of the zone above, once asked for */
} wxs_zone;

/* What a verdict comes to, without its words. */
typedef struct {
    wxs_class class;
    size_t good;  /* nameservers that have the record right */
    size_t right; /* index of the first of them */
} wxs_judgement;

/* A record's question at one nameserver. */
typedef struct {
    wxs_record_check *record;
    uint16_t type;
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
    DESCEND,
    FOLLOW,
    RECHECK_ZONE,
    CONFIRM,
    AWAIT_CONFIRMATION,
    ASK_RESOLVER,
    COMPARE_SERIALS,
    FIND_TTL,
    READY,
} wxs_record_phase;

struct wxs_record_check {
    wxs_check *check;
    const wxs_expected *expected;
    bool verified;
    wxs_record_phase phase;
    char candidate[NAME_MAX_TEXT]; /* may be the zone's name */
    wxs_zone *zone;
    wxs_zone *place; /* the zone it is entered in, where the resolver stands in
                        the place of its nameservers */
    size_t descents;
    bool going_down; /* looks for a zone that is known to exist: no climbing */
    wxs_exchange exchange[WXS_SERVERS_MAX];
    size_t exchanges;
    wxs_world world;
    size_t asks; /* questions the judgement cost */
    wxs_judgement judgement;
    bool judged;          /* it is final, as long as no answer changes */
    wxs_caa_verdict *caa; /* NULL: nobody asked */
    bool replaced;        /* the answer it repeats is the confirmation's */
    wxs_exchange confirmation;
    size_t confirms; /* index of the exchange it repeats */
    const char *confirmed_by;
    wxs_exchange serial[WXS_SERVERS_MAX]; /* SOA at each server */
    bool serials_asked;
    uint32_t negative_ttl; /* of the zone, in s; 0 not known */
};

struct wxs_check {
    wxs_loop *loop;
    const wxs_config *config;
    const wxs_checker *checker;
    const wxs_check_job *job;
    wxs_check_done *done;
    void *data;
    wxs_check_result *results; /* NULL until it is done */
    wxs_timer timer;
    bool finishing;     /* nothing more is asked */
    int64_t started_at; /* monotonic ms, 0 = not yet */
    wxs_lookup *lookup[LOOKUPS_MAX];
    size_t lookups;
    wxs_zone *zone[ZONES_MAX];
    size_t zones;
    size_t records;
    wxs_record_check record[];
};

/* The parts' answer to being called again. */
typedef enum {
    STEP_WAIT,
    STEP_NEXT,
    STEP_AGAIN, /* the phase was changed */
    STEP_FAILED
} wxs_step;

/* Goes on with everything that waits for answers. May free the check. */
void wxs_check_advance(wxs_check *check);

/* Finds the question or asks it; NULL if there were too many. */
const wxs_lookup *wxs_check_ask(wxs_check *check, const wxs_target *target);

/* The same about a delegation, NS or the address of a nameserver, from the
 * cache of all checks. If only DNSSEC keeps the resolver from answering, it is
 * what the answer would be, and *bogus the SERVFAIL. */
const wxs_lookup *wxs_check_delegation(wxs_check *check, const char *name,
                                       uint16_t type,
                                       const wxs_dns_answer **bogus);

/* Is it answered, and definitely? */
bool wxs_lookup_waits(const wxs_lookup *lookup);
bool wxs_lookup_definite(const wxs_lookup *lookup);

/* Is parent a name above child (not child itself, not the root)? */
bool wxs_check_is_above(const char *parent, const char *child);

/* Asks the exchange's server for its type; exchange->query is NULL if that is
 * answered at once. */
void wxs_check_ask_server(wxs_exchange *exchange, bool tcp);

/* Frees what the exchange holds. */
void wxs_check_drop_exchange(wxs_exchange *exchange);

/* Fills seen with what the record's nameservers said; how many they are. */
size_t wxs_check_observe(const wxs_record_check *record, wxs_observation *seen);

/* The verdict on what is known; false if answers are awaited for it. */
bool wxs_check_verdict(wxs_record_check *record, wxs_verdict *verdict);

/* The same for record->judgement, without doing it twice. */
bool wxs_check_judge(wxs_record_check *record);

/* What the record's judgement may know of the job. */
void wxs_check_world(wxs_record_check *record);

/* The answer to a question that judging the record needs, asked if it was not
 * yet; NULL with *waits while it is awaited, NULL without if it will not come.
 */
const wxs_dns_answer *wxs_check_answer(wxs_check *check,
                                       const wxs_target *target,
                                       wxs_record_check *record, bool *waits);

/* Does judging the record wait for an answer? May it ask for one more? */
bool wxs_check_awaits(const wxs_record_check *record);
bool wxs_check_may_ask(wxs_record_check *record);

/* Finds the zone or adds it, with a share of hosts; NULL if there are too many.
 */
wxs_zone *wxs_check_add_zone(wxs_check *check, const char *name,
                             wxs_dns_answer *hosts,
                             const wxs_dns_answer *bogus);

wxs_step wxs_check_find_zone(wxs_record_check *record);
/* The same where the resolver is asked in place of the zone's nameservers: only
 * for the result, and no harm if it fails. */
wxs_step wxs_check_find_place(wxs_record_check *record);
wxs_step wxs_check_find_servers(wxs_record_check *record);
wxs_step wxs_check_descend(wxs_record_check *record);

/* Is there a zone between the record's name and the one that was asked? Then
 * that is asked in its place. */
wxs_step wxs_check_recheck_zone(wxs_record_check *record);
/* What is known of the record's zone, for the result. */
void wxs_check_tell_zone(const wxs_record_check *record,
                         wxs_check_result *result);

wxs_step wxs_check_follow(wxs_record_check *record);
wxs_step wxs_check_confirm(wxs_record_check *record);
wxs_step wxs_check_await_confirmation(wxs_record_check *record);
wxs_step wxs_check_ask_resolver(wxs_record_check *record);
wxs_step wxs_check_compare_serials(wxs_record_check *record);

/* Is what a nameserver's answer amounts to, as verdicts have it, good? */
bool wxs_check_is_right(const char *state);

/* For how long may resolvers go on with what was in the record's place? The
 * first asks beforehand what the second waits for. */
void wxs_check_prepare_ttl(wxs_record_check *record);
wxs_step wxs_check_find_ttl(wxs_record_check *record);
void wxs_check_tell_caches(const wxs_record_check *record,
                           wxs_check_result *result);

/* Turns a verdict that the zone as a whole does not allow into the right one
 * (bogus DNSSEC, no second answer), and says what caches may have. */
void wxs_check_qualify(const wxs_record_check *record,
                       wxs_check_result *result);

#endif
