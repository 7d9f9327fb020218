#ifndef WXS_VERIFY_DNS_CACHE_H
#define WXS_VERIFY_DNS_CACHE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "dns_answer.h"
#include "dns_gate.h"
#include "dns_loop.h"

/* What the resolver said: of delegations, of nameservers' addresses, and of
 * what records of many domains lead to, with the outcome of DNSSEC validation.
 * Kept across checks, for as long as the records' TTL but at most 15 minutes,
 * negative answers for at most one; failures are not kept. Who asks for what is
 * being asked for joins. */

#define WXS_DNS_CACHE_POSITIVE_S 900
#define WXS_DNS_CACHE_NEGATIVE_S 60

typedef struct wxs_dns_cache wxs_dns_cache;
typedef struct wxs_cache_entry wxs_cache_entry;

/* Embedded in what asks; zero it, but for done and data, before its use. */
typedef struct wxs_dns_wait {
    /* The answer is a share of its own; NULL if memory was out. */
    void (*done)(void *data, wxs_dns_answer *answer);
    void *data;
    wxs_cache_entry *entry; /* NULL: does not wait */
    struct wxs_dns_wait *next;
    struct wxs_dns_wait *before;
} wxs_dns_wait;

typedef struct {
    const char *name; /* presentation form, lower case */
    uint16_t type;
    bool unchecked; /* the data whether it validates or not */
    int64_t since;  /* monotonic ms: what was asked before is not good enough */
} wxs_dns_want;

/* What questions to the resolver have in common; its members outlive all of
 * them. */
typedef struct {
    const struct sockaddr_storage *address;
    socklen_t length;
    wxs_dns_gate *gate; /* NULL = none */
} wxs_dns_resolver;

/* NULL if memory is out. */
wxs_dns_cache *wxs_dns_cache_new(wxs_loop *loop,
                                 const wxs_dns_resolver *resolver);

/* Nobody may wait any more. Accepts NULL. */
void wxs_dns_cache_free(wxs_dns_cache *cache);

/* How many questions it has asked the resolver so far. */
unsigned long wxs_dns_cache_asked(const wxs_dns_cache *cache);

/* True: *answer is a share, which may be NULL if memory is out. False: done is
 * called later, from the loop. */
bool wxs_dns_cache_ask(wxs_dns_cache *cache, const wxs_dns_want *want,
                       wxs_dns_wait *wait, wxs_dns_answer **answer);

/* Does it wait for a question that was not sent yet, to spare the resolver? */
bool wxs_dns_cache_held_up(const wxs_dns_wait *wait);

/* Waits no longer, if it waits. */
void wxs_dns_cache_forget(wxs_dns_wait *wait);

#endif
