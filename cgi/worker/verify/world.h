#ifndef WXS_VERIFY_WORLD_H
#define WXS_VERIFY_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns_answer.h"
#include "landmarks.h"

/* What a judgement may ask of DNS beyond a record's own name. Judgements are
 * pure: they ask for what they need and take "not known" for whatever is not
 * there yet. Whoever fetches the answers judges again when one has come, until
 * nothing is awaited any more. */

#define WXS_WORLD_OTHERS_MAX 4

/* Types of records (RFC 1035, 3596, 7208 3.1, 8659). */
enum {
    WXS_TYPE_A = 1,
    WXS_TYPE_NS = 2,
    WXS_TYPE_CNAME = 5,
    WXS_TYPE_SOA = 6,
    WXS_TYPE_MX = 15,
    WXS_TYPE_TXT = 16,
    WXS_TYPE_AAAA = 28,
    WXS_TYPE_SPF = 99,
    WXS_TYPE_CAA = 257,
};

typedef enum {
    WXS_VIA_RESOLVER, /* follows aliases, may come from a cache */
    /* a nameserver of the record's zone, so that it is fresh; the resolver if
     * the name is not in that zone */
    WXS_VIA_ZONE,
    WXS_VIA_PARENT, /* a nameserver of the zone above */
} wxs_via;

typedef struct wxs_world wxs_world;

struct wxs_world {
    /* The answer, or NULL: *waits tells whether it may still come. */
    const wxs_dns_answer *(*ask)(wxs_world *world, wxs_via via,
                                 const char *name, uint16_t type, bool *waits);
    void *data;
    const char *domain; /* the customer's domain */
    /* its organizational domain by the public suffix list */
    const char *organizational;
    const char *zone;            /* the zone the record's name is in, or NULL */
    const wxs_dns_answer *hosts; /* that zone's NS records, or NULL */
    /* other verified domains of the same account */
    const char *other[WXS_WORLD_OTHERS_MAX];
    size_t others;
    const wxs_landmarks *landmarks; /* may be NULL */
    uint32_t chance;                /* for a name that nobody has published */
    bool waiting;                   /* set when an answer is awaited */
};

/* The answer to the question; never NULL, an indefinite one if nothing is
 * known. world may be NULL: then nothing is. */
const wxs_dns_answer *wxs_world_ask(wxs_world *world, wxs_via via,
                                    const char *name, uint16_t type);

/* Follows CNAME records from name on, up to WXS_DNS_ALIASES_MAX of them. */
typedef enum {
    WXS_CHAIN_REACHES, /* target is name or one of the names it leads to */
    WXS_CHAIN_ENDS,    /* elsewhere */
    WXS_CHAIN_ENDLESS,
    WXS_CHAIN_UNKNOWN,
} wxs_chain;
wxs_chain wxs_world_chain(wxs_world *world, const char *name,
                          const char *target);

/* Is child parent itself or below it? Names without the final dot. */
bool wxs_name_within(const char *child, const char *parent);

#endif
