#include "dns_rr.h"

#include <stdlib.h>
#include <string.h>

char *
wxs_dns_rr_name(const ldns_rdf *name)
{
    char *text = ldns_rdf2str(name);
    size_t length = text == NULL ? 0 : strlen(text);

    if (length > 1 && text[length - 1] == '.') {
        text[length - 1] = '\0';
    }
    for (char *p = text; p != NULL && *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z') {
            *p = (char)(*p + ('a' - 'A'));
        }
    }
    return text;
}

static bool
add_name(wxs_dns_answer *answer, uint16_t preference, const ldns_rdf *name)
{
    char *text = wxs_dns_rr_name(name);
    bool ok = text != NULL &&
              wxs_dns_answer_add(answer, preference, text, strlen(text));

    free(text);
    return ok;
}

static bool
add_txt(wxs_dns_answer *answer, const ldns_rr *rr)
{
    unsigned char joined[WXS_DNS_MESSAGE_MAX];
    size_t length = 0;

    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *string = ldns_rr_rdf(rr, i);
        size_t n = ldns_rdf_size(string);

        /* one byte of length, then the string */
        if (n < 1 || n - 1 > sizeof joined - length) {
            continue;
        }
        memcpy(joined + length, ldns_rdf_data(string) + 1, n - 1);
        length += n - 1;
    }
    return wxs_dns_answer_add(answer, 0, joined, length);
}

void
wxs_dns_rr_take_soa(wxs_dns_answer *answer, const ldns_rr *soa)
{
    enum {
        SERIAL = 2,
        MINIMUM = 6
    };
    const ldns_rdf *serial = ldns_rr_rdf(soa, SERIAL);
    const ldns_rdf *minimum = ldns_rr_rdf(soa, MINIMUM);

    if (serial != NULL && minimum != NULL && ldns_rdf_size(serial) == 4 &&
        ldns_rdf_size(minimum) == 4) {
        answer->serial = ldns_rdf2native_int32(serial);
        answer->has_serial = true;
        answer->ttl = ldns_rdf2native_int32(minimum);
        if (ldns_rr_ttl(soa) < answer->ttl) {
            answer->ttl = ldns_rr_ttl(soa);
        }
    }
}

static bool
add_soa(wxs_dns_answer *answer, const ldns_rr *rr)
{
    wxs_dns_rr_take_soa(answer, rr);
    return ldns_rr_rdf(rr, 0) == NULL ||
           add_name(answer, 0, ldns_rr_rdf(rr, 0));
}

/* The record's data as it was on the wire. */
static bool
add_wire(wxs_dns_answer *answer, const ldns_rr *rr)
{
    unsigned char joined[WXS_DNS_MESSAGE_MAX];
    size_t length = 0;

    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *part = ldns_rr_rdf(rr, i);
        size_t n = ldns_rdf_size(part);

        if (n > sizeof joined - length) {
            return true;
        }
        memcpy(joined + length, ldns_rdf_data(part), n);
        length += n;
    }
    return wxs_dns_answer_add(answer, 0, joined, length);
}

bool
wxs_dns_rr_add(wxs_dns_answer *answer, const ldns_rr *rr)
{
    const ldns_rdf *first = ldns_rr_rdf(rr, 0);

    if (first == NULL) {
        return true;
    }
    switch (ldns_rr_get_type(rr)) {
    case LDNS_RR_TYPE_TXT:
    case LDNS_RR_TYPE_SPF:
        return add_txt(answer, rr);
    case LDNS_RR_TYPE_CAA:
        return add_wire(answer, rr);
    case LDNS_RR_TYPE_MX:
        return ldns_rr_rdf(rr, 1) == NULL ||
               add_name(answer, ldns_rdf2native_int16(first),
                        ldns_rr_rdf(rr, 1));
    case LDNS_RR_TYPE_CNAME:
    case LDNS_RR_TYPE_NS:
        return add_name(answer, 0, first);
    case LDNS_RR_TYPE_A:
    case LDNS_RR_TYPE_AAAA:
        return wxs_dns_answer_add(answer, 0, ldns_rdf_data(first),
                                  ldns_rdf_size(first));
    case LDNS_RR_TYPE_SOA:
        return add_soa(answer, rr);
    default:
        return true;
    }
}
