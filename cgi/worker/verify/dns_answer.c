#include "dns_answer.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "dns_rr.h"

#define HEADER 12

bool
wxs_dns_definite(wxs_dns_outcome outcome)
{
    return outcome <= WXS_DNS_NXDOMAIN;
}

const char *
wxs_dns_outcome_name(wxs_dns_outcome outcome)
{
    static const char *const names[] = {
        [WXS_DNS_DATA] = "data",
        [WXS_DNS_NODATA] = "nodata",
        [WXS_DNS_NXDOMAIN] = "nxdomain",
        [WXS_DNS_TIMEOUT] = "timeout",
        [WXS_DNS_UNREACHABLE] = "unreachable",
        [WXS_DNS_SERVFAIL] = "servfail",
        [WXS_DNS_REFUSED] = "refused",
        [WXS_DNS_LAME] = "lame",
        [WXS_DNS_MALFORMED] = "malformed",
        [WXS_DNS_NOT_PUBLIC] = "not_public",
        [WXS_DNS_UNRESOLVED] = "unresolved",
        [WXS_DNS_LOCAL] = "local_error",
    };

    return names[outcome];
}

wxs_dns_answer *
wxs_dns_answer_new(wxs_dns_outcome outcome)
{
    wxs_dns_answer *answer = calloc(1, sizeof *answer);

    if (answer != NULL) {
        answer->outcome = outcome;
        answer->ede = -1;
    }
    return answer;
}

wxs_dns_answer *
wxs_dns_answer_share(wxs_dns_answer *answer)
{
    if (answer != NULL) {
        answer->shares++;
    }
    return answer;
}

void
wxs_dns_answer_free(wxs_dns_answer *answer)
{
    if (answer == NULL) {
        return;
    }
    if (answer->shares > 0) {
        answer->shares--;
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        free(answer->value[i].data);
    }
    free(answer->alias);
    free(answer->zone);
    free(answer->referral);
    free(answer);
}

bool
wxs_dns_answer_add(wxs_dns_answer *answer, uint16_t preference,
                   const void *data, size_t length)
{
    if (answer->count == WXS_DNS_VALUES_MAX) {
        answer->more = true;
        return true;
    }
    unsigned char *copy = malloc(length + 1);

    if (copy == NULL) {
        return false;
    }
    if (length > 0) {
        memcpy(copy, data, length);
    }
    copy[length] = '\0';
    answer->value[answer->count++] = (wxs_dns_value){
        .preference = preference, .length = length, .data = copy};
    return true;
}

/* ---- from ldns's structures ---- */

/* The record of that owner and type, from index *from on; NULL if none. */
static const ldns_rr *
find_record(const ldns_rr_list *list, const ldns_rdf *owner, ldns_rr_type type,
            size_t *from)
{
    while (*from < ldns_rr_list_rr_count(list)) {
        const ldns_rr *rr = ldns_rr_list_rr(list, (*from)++);

        if (ldns_rr_get_type(rr) == type &&
            ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
            ldns_dname_compare(ldns_rr_owner(rr), owner) == 0) {
            return rr;
        }
    }
    return NULL;
}

/* Where the aliases of name lead within the answer section; name itself if it
 * has none. *ttl becomes the least of theirs if that is less. */
static const ldns_rdf *
follow_aliases(const ldns_rr_list *list, const ldns_rdf *name, uint32_t *ttl)
{
    for (int i = 0; i < WXS_DNS_ALIASES_MAX; i++) {
        size_t from = 0;
        const ldns_rr *rr = find_record(list, name, LDNS_RR_TYPE_CNAME, &from);

        if (rr == NULL || ldns_rr_rdf(rr, 0) == NULL) {
            break;
        }
        name = ldns_rr_rdf(rr, 0);
        *ttl = ldns_rr_ttl(rr) < *ttl ? ldns_rr_ttl(rr) : *ttl;
    }
    return name;
}

/* *ttl is that of the aliases then, if there are any. */
static bool
collect(wxs_dns_answer *answer, const ldns_pkt *packet, const ldns_rr *question,
        uint32_t *ttl)
{
    const ldns_rr_list *list = ldns_pkt_answer(packet);
    const ldns_rdf *asked = ldns_rr_owner(question);
    const ldns_rdf *name = asked;
    ldns_rr_type type = ldns_rr_get_type(question);
    const ldns_rr *rr;
    size_t from = 0;

    if (type != LDNS_RR_TYPE_CNAME) {
        name = follow_aliases(list, asked, ttl);
    }
    if (name != asked && (answer->alias = wxs_dns_rr_name(name)) == NULL) {
        return false;
    }
    while ((rr = find_record(list, name, type, &from)) != NULL) {
        if (answer->count == 0 || ldns_rr_ttl(rr) < answer->ttl) {
            answer->ttl = ldns_rr_ttl(rr);
        }
        if (!wxs_dns_rr_add(answer, rr)) {
            return false;
        }
    }
    return true;
}

/* ---- what the authority section tells ---- */

/* The first record of that type, NULL if none. */
static const ldns_rr *
first_of_type(const ldns_rr_list *list, ldns_rr_type type)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        if (ldns_rr_get_type(ldns_rr_list_rr(list, i)) == type) {
            return ldns_rr_list_rr(list, i);
        }
    }
    return NULL;
}

static bool
find_zone(wxs_dns_answer *answer, const ldns_pkt *packet)
{
    const ldns_rr_list *list = ldns_pkt_authority(packet);
    const ldns_rr *soa = first_of_type(list, LDNS_RR_TYPE_SOA);
    const ldns_rr *rr =
        soa != NULL ? soa : first_of_type(list, LDNS_RR_TYPE_NS);

    if (rr != NULL &&
        (answer->zone = wxs_dns_rr_name(ldns_rr_owner(rr))) == NULL) {
        return false;
    }
    if (soa != NULL && answer->count == 0) {
        wxs_dns_rr_take_soa(answer, soa);
    }
    return true;
}

/* RFC 1034 4.3.2, step 3b: no answer and no authority, but the nameservers of
 * a zone that the name is in. */
static bool
find_referral(wxs_dns_answer *answer, const ldns_pkt *packet,
              const ldns_rr *question)
{
    const ldns_rr_list *list = ldns_pkt_authority(packet);
    const ldns_rr *first = first_of_type(list, LDNS_RR_TYPE_NS);
    const ldns_rr *rr;
    size_t from = 0;

    if (first == NULL || ldns_pkt_get_rcode(packet) != LDNS_RCODE_NOERROR ||
        ldns_pkt_ancount(packet) != 0 ||
        first_of_type(list, LDNS_RR_TYPE_SOA) != NULL ||
        !(ldns_dname_is_subdomain(ldns_rr_owner(question),
                                  ldns_rr_owner(first)) ||
          ldns_dname_compare(ldns_rr_owner(question), ldns_rr_owner(first)) ==
              0)) {
        return true;
    }
    answer->referral = wxs_dns_rr_name(ldns_rr_owner(first));
    if (answer->referral == NULL) {
        return false;
    }
    answer->ttl = ldns_rr_ttl(first);
    while ((rr = find_record(list, ldns_rr_owner(first), LDNS_RR_TYPE_NS,
                             &from)) != NULL) {
        if (!wxs_dns_rr_add(answer, rr)) {
            return false;
        }
    }
    return true;
}

static wxs_dns_outcome
judge(wxs_dns_answer *answer, const ldns_pkt *packet, const ldns_rr *question,
      bool recursive)
{
    ldns_pkt_rcode rcode = ldns_pkt_get_rcode(packet);
    uint32_t ttl = UINT32_MAX;

    if (rcode == LDNS_RCODE_REFUSED || rcode == LDNS_RCODE_NOTAUTH) {
        return WXS_DNS_REFUSED;
    }
    if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN) {
        return WXS_DNS_SERVFAIL;
    }
    if (!recursive && !ldns_pkt_aa(packet)) {
        return find_referral(answer, packet, question) ? WXS_DNS_LAME
                                                       : WXS_DNS_LOCAL;
    }
    if (!collect(answer, packet, question, &ttl) ||
        !find_zone(answer, packet)) {
        return WXS_DNS_LOCAL;
    }
    bool is_bare = answer->count == 0 && !answer->has_serial;

    if (answer->alias != NULL && (ttl < answer->ttl || is_bare)) {
        answer->ttl = ttl;
    }
    answer->authentic = recursive && ldns_pkt_ad(packet);
    if (answer->count > 0 || answer->alias != NULL) {
        return WXS_DNS_DATA;
    }
    /* A negative answer of an authority carries its SOA (RFC 2308 2);
     * resolvers may leave it out, but do not refer to others. */
    if (!answer->has_serial && (!recursive || answer->zone != NULL)) {
        return WXS_DNS_LAME;
    }
    return rcode == LDNS_RCODE_NXDOMAIN ? WXS_DNS_NXDOMAIN : WXS_DNS_NODATA;
}

/* ---- EDNS options ---- */

/* The code of the first extended error (RFC 8914), -1 if there is none. */
static int
extended_error(const ldns_pkt *packet)
{
    const ldns_rdf *data = ldns_pkt_edns_data(packet);
    const uint8_t *option = data == NULL ? NULL : ldns_rdf_data(data);
    size_t left = data == NULL ? 0 : ldns_rdf_size(data);

    while (left >= 4) {
        unsigned code = (unsigned)option[0] << 8 | option[1];
        size_t length = (size_t)option[2] << 8 | option[3];

        if (length > left - 4) {
            break;
        }
        if (code == 15 && length >= 2) {
            return option[4] << 8 | option[5];
        }
        option += 4 + length;
        left -= 4 + length;
    }
    return -1;
}

/* ---- from the wire ---- */

size_t
wxs_dns_question_end(const unsigned char *query, size_t length)
{
    size_t at = HEADER;

    while (at < length && query[at] != 0) {
        if (query[at] > 63) {
            return 0;
        }
        at += query[at] + 1u;
    }
    at += 1 + 4; /* root, type, class */
    return at <= length ? at : 0;
}

static unsigned char
folded(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

/* Do the question sections agree? Bytes that differ in case only are told. */
static bool
same_question(const unsigned char *query, const unsigned char *message,
              size_t end, bool *same_case)
{
    *same_case = memcmp(query + HEADER, message + HEADER, end - HEADER) == 0;
    for (size_t i = HEADER; i < end; i++) {
        if (folded(query[i]) != folded(message[i])) {
            return false;
        }
    }
    return true;
}

static wxs_dns_answer *
parse(const unsigned char *query, const unsigned char *message, size_t length)
{
    wxs_dns_answer *answer = wxs_dns_answer_new(WXS_DNS_MALFORMED);
    ldns_pkt *packet = NULL;

    if (answer != NULL &&
        ldns_wire2pkt(&packet, message, length) == LDNS_STATUS_OK &&
        ldns_rr_list_rr_count(ldns_pkt_question(packet)) == 1) {
        const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);

        answer->outcome =
            judge(answer, packet, question, LDNS_RD_WIRE(query) != 0);
        answer->ede = extended_error(packet);
    }
    ldns_pkt_free(packet);
    return answer;
}

wxs_dns_reading
wxs_dns_answer_read(const unsigned char *query, size_t query_length,
                    const unsigned char *message, size_t length,
                    wxs_dns_answer **answer)
{
    size_t end = wxs_dns_question_end(query, query_length);
    bool same_case = false;

    if (end == 0 || length < HEADER || memcmp(query, message, 2) != 0 ||
        !LDNS_QR_WIRE(message) || LDNS_OPCODE_WIRE(message) != 0) {
        return WXS_DNS_FOREIGN;
    }
    if (LDNS_ARCOUNT(query) != 0 &&
        LDNS_RCODE_WIRE(message) == LDNS_RCODE_FORMERR &&
        (LDNS_QDCOUNT(message) == 0 || length < end ||
         same_question(query, message, end, &same_case))) {
        /* Servers that choke on EDNS often return the header alone. */
        return WXS_DNS_NO_EDNS;
    }
    if (LDNS_QDCOUNT(message) != 1 || length < end ||
        !same_question(query, message, end, &same_case)) {
        return WXS_DNS_FOREIGN;
    }
    if (!same_case) {
        return WXS_DNS_RECASED;
    }
    if (LDNS_TC_WIRE(message)) {
        return WXS_DNS_TRUNCATED;
    }
    *answer = parse(query, message, length);
    return WXS_DNS_ANSWERED;
}
