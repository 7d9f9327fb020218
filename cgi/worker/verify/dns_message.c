#include "dns_message.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dns_answer.h"

#define EDNS_SIZE 1232 /* fits unfragmented everywhere */

/* From the kernel's generator, which is asked for many bytes at once. */
static bool
random_bytes(unsigned char *out, size_t length)
{
    static _Thread_local unsigned char pool[2048];
    static _Thread_local size_t left;

    if (left < length) {
        if (getrandom(pool, sizeof pool, 0) != (ssize_t)sizeof pool) {
            left = 0;
            return false;
        }
        left = sizeof pool;
    }
    left -= length;
    memcpy(out, pool + left, length);
    return true;
}

/* "0x20": random letter case is that much more for a forger to guess. Length
 * bytes stay as they are: none is over 63, where the letters begin. */
static bool
mix_case(unsigned char *message, size_t end)
{
    unsigned char bits[WXS_DNS_QUERY_MAX / 8 + 1];

    if (!random_bytes(bits, (end + 7) / 8)) {
        return false;
    }
    for (size_t i = 12; i < end; i++) {
        unsigned char lower = message[i] | 0x20;

        if (lower >= 'a' && lower <= 'z' && (bits[i / 8] >> i % 8 & 1)) {
            message[i] ^= 0x20;
        }
    }
    return true;
}

size_t
wxs_dns_message_build(const ldns_rdf *name, const wxs_dns_shape *shape,
                      unsigned char *message)
{
    uint8_t *wire = NULL;
    size_t length = 0;
    ldns_rdf *copy = ldns_rdf_clone(name);
    ldns_pkt *packet = copy == NULL
                           ? NULL
                           : ldns_pkt_query_new(copy, (ldns_rr_type)shape->type,
                                                LDNS_RR_CLASS_IN,
                                                shape->recursive ? LDNS_RD : 0);

    if (packet == NULL) {
        ldns_rdf_deep_free(copy);
        return 0;
    }
    if (shape->edns) {
        ldns_pkt_set_edns_udp_size(packet, EDNS_SIZE);
        ldns_pkt_set_edns_do(packet, shape->dnssec);
    }
    ldns_pkt_set_cd(packet, shape->unchecked);
    if (ldns_pkt2wire(&wire, packet, &length) != LDNS_STATUS_OK ||
        length > WXS_DNS_QUERY_MAX) {
        length = 0;
    } else {
        size_t end = wxs_dns_question_end(wire, length);

        /* the last 4 bytes of the question are type and class */
        if (end == 0 || !random_bytes(wire, 2) ||
            (shape->mixed_case && !mix_case(wire, end - 4))) {
            length = 0;
        }
        memcpy(message, wire, length);
    }
    ldns_pkt_free(packet);
    free(wire);
    return length;
}
