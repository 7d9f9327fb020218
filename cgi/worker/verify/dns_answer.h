#ifndef WXS_VERIFY_DNS_ANSWER_H
#define WXS_VERIFY_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one server said to one question. */

#define WXS_DNS_MESSAGE_MAX 65535
#define WXS_DNS_VALUES_MAX  64
#define WXS_DNS_ALIASES_MAX 8

typedef enum {
    /* definite: the server speaks for the zone and said so */
    WXS_DNS_DATA,
    WXS_DNS_NODATA,
    WXS_DNS_NXDOMAIN,
    /* indefinite: nothing is known */
    WXS_DNS_TIMEOUT,
    WXS_DNS_UNREACHABLE, /* ICMP or TCP refused, no route */
    WXS_DNS_SERVFAIL,
    WXS_DNS_REFUSED, /* REFUSED or NOTAUTH */
    WXS_DNS_LAME,    /* not authoritative */
    WXS_DNS_MALFORMED,
    WXS_DNS_NOT_PUBLIC, /* not asked: its address is not allowed */
    WXS_DNS_UNRESOLVED, /* not asked: its address could not be found */
    WXS_DNS_LOCAL,      /* not asked: a descriptor or memory was missing */
} wxs_dns_outcome;

/* One record's data. Names are in presentation form (RFC 1035 5.1), lower
 * case, without the final dot ("." is the root); NUL-terminated. */
typedef struct {
    uint16_t preference; /* MX */
    size_t length;
    unsigned char *data; /* TXT, SPF: its strings joined; A, AAAA: the address;
                            MX, NS, CNAME: the name; CAA: flags, length and
                            text of the tag, value (RFC 8659 4.1) */
} wxs_dns_value;

typedef struct {
    wxs_dns_outcome outcome;
    bool tcp;       /* came over TCP */
    bool truncated; /* came truncated over UDP before */
    size_t count;   /* 0 with WXS_DNS_DATA: an alias is all that is there */
    wxs_dns_value value[WXS_DNS_VALUES_MAX];
    bool more;   /* there were more values than kept */
    char *alias; /* the name that CNAMEs led to, or NULL */
    /* the zone the answer is from, as its authority section tells: the owner of
     * the SOA record, in answers with data that of the NS records; or NULL */
    char *zone;
    /* WXS_DNS_LAME only: the zone further down whose nameservers the server
     * refers to; the values are their names. Or NULL */
    char *referral;
    /* seconds for which caches may keep the answer: the least TTL of its
     * records, of a negative one as RFC 2308 5 has it; 0 if it tells none */
    uint32_t ttl;
    bool has_serial;
    uint32_t serial; /* of the SOA record */
    bool authentic;  /* AD: the resolver validated it with DNSSEC */
    int ede;         /* extended error code (RFC 8914), -1 none */
    unsigned shares; /* holders besides the first */
} wxs_dns_answer;

bool wxs_dns_definite(wxs_dns_outcome outcome);
const char *wxs_dns_outcome_name(wxs_dns_outcome outcome); /* "timeout" */

/* An answer without values; NULL if memory is out. */
wxs_dns_answer *wxs_dns_answer_new(wxs_dns_outcome outcome);

/* Lets go of the answer, which the last holder frees. Accepts NULL. */
void wxs_dns_answer_free(wxs_dns_answer *answer);

/* One more holder of the answer, which none may change any more. Accepts NULL.
 */
wxs_dns_answer *wxs_dns_answer_share(wxs_dns_answer *answer);

/* Adds a copy of length bytes (and a NUL after them); false if memory is out.
 * Values beyond WXS_DNS_VALUES_MAX only set more. */
bool wxs_dns_answer_add(wxs_dns_answer *answer, uint16_t preference,
                        const void *data, size_t length);

typedef enum {
    WXS_DNS_ANSWERED, /* the answer is filled */
    WXS_DNS_FOREIGN,  /* not an answer to this query: wait on */
    WXS_DNS_RECASED,  /* ours by id, but the name's case was not kept */
    WXS_DNS_TRUNCATED,
    WXS_DNS_NO_EDNS, /* FORMERR or NOTIMP to a query with EDNS */
} wxs_dns_reading;

/* Reads a message that should answer query (the bytes that were sent). It
 * counts only if id, QR bit and question section, letter case included, are
 * the query's (RFC 5452 9.1). A query without RD wants an authoritative
 * answer. The caller frees *answer, which is set with WXS_DNS_ANSWERED only;
 * its outcome is WXS_DNS_LOCAL when memory is out, NULL if even that failed. */
wxs_dns_reading wxs_dns_answer_read(const unsigned char *query,
                                    size_t query_length,
                                    const unsigned char *message, size_t length,
                                    wxs_dns_answer **answer);

/* The length of the question section of a query of this program, header
 * included; 0 if it is not one. */
size_t wxs_dns_question_end(const unsigned char *query, size_t length);

#endif
