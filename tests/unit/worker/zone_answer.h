#ifndef ZONE_ANSWER_H
#define ZONE_ANSWER_H

/* Answers as a nameserver would give them to a zone's text: through a packet
 * and back, so that what judges them sees what the network would bring. */

#include <check.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/dns_answer.h"

#ifndef ZONE_SOA
#define ZONE_SOA "example. 60 IN SOA ns.example. h.example. 1 1 1 1 1"
#endif

static inline ldns_rr *
zone_rr(const char *line)
{
    ldns_rr *rr = NULL;

    ck_assert_int_eq(ldns_rr_new_frm_str(&rr, line, 60, NULL, NULL),
                     LDNS_STATUS_OK);
    return rr;
}

static inline ldns_pkt *
zone_packet(const char *name, ldns_rr_type type, uint16_t flags)
{
    ldns_rdf *owner = ldns_dname_new_frm_str(name);
    ldns_pkt *packet;

    ck_assert_ptr_nonnull(owner);
    packet = ldns_pkt_query_new(owner, type, LDNS_RR_CLASS_IN, flags);
    ck_assert_ptr_nonnull(packet);
    ldns_pkt_set_id(packet, 0x1234);
    return packet;
}

/* The lines of the zone go into the answer section; none of them makes it a
 * negative answer. exists: whether the name does then. */
static inline wxs_dns_answer *
zone_answer(const char *name, ldns_rr_type type, const char *zone, bool exists)
{
    ldns_pkt *query = zone_packet(name, type, 0);
    ldns_pkt *reply = zone_packet(name, type, LDNS_QR | LDNS_AA);
    char *text = strdup(zone);
    char *rest = text;
    char *line;
    uint8_t *query_wire, *reply_wire;
    size_t query_length, reply_length;
    wxs_dns_answer *answer = NULL;

    while ((line = strsep(&rest, "\n")) != NULL) {
        if (line[0] != '\0') {
            ck_assert(
                ldns_pkt_push_rr(reply, LDNS_SECTION_ANSWER, zone_rr(line)));
        }
    }
    if (ldns_pkt_ancount(reply) == 0) {
        ck_assert(
            ldns_pkt_push_rr(reply, LDNS_SECTION_AUTHORITY, zone_rr(ZONE_SOA)));
        if (!exists) {
            ldns_pkt_set_rcode(reply, LDNS_RCODE_NXDOMAIN);
        }
    }
    ck_assert_int_eq(ldns_pkt2wire(&query_wire, query, &query_length),
                     LDNS_STATUS_OK);
    ck_assert_int_eq(ldns_pkt2wire(&reply_wire, reply, &reply_length),
                     LDNS_STATUS_OK);
    ck_assert_int_eq(wxs_dns_answer_read(query_wire, query_length, reply_wire,
                                         reply_length, &answer),
                     WXS_DNS_ANSWERED);
    ck_assert_ptr_nonnull(answer);
    free(query_wire);
    free(reply_wire);
    free(text);
    ldns_pkt_free(query);
    ldns_pkt_free(reply);
    return answer;
}

#endif
