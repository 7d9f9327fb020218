#ifndef WXS_VERIFY_DNS_MESSAGE_H
#define WXS_VERIFY_DNS_MESSAGE_H

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The query on the wire. */

#define WXS_DNS_QUERY_MAX 300 /* header, 255 of name, type, class, OPT */

typedef struct {
    uint16_t type;
    bool recursive; /* RD */
    bool edns;      /* with an OPT record that allows 1232 bytes */
    bool dnssec;    /* DO, with edns only */
    bool unchecked; /* CD */
    bool mixed_case;
} wxs_dns_shape;

/* Writes a query with a new random id, and random letter case if wanted, into
 * message, which has room for WXS_DNS_QUERY_MAX bytes. Its length, 0 if memory
 * or randomness is out. */
size_t wxs_dns_message_build(const ldns_rdf *name, const wxs_dns_shape *shape,
                             unsigned char *message);

#endif
