#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verify/match.h"

/* Record values of customers. The first byte chooses the kind of record and
 * how nameservers answer; the values follow, with 0xfe between them. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const wxs_expected expected[] = {
    {WXS_RECORD_DKIM, "wx1._domainkey.customer.example",
     "v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL", 0},
    {WXS_RECORD_SPF, "send.customer.example",
     "v=spf1 include:_spf.waxseal.example ~all", 0},
    {WXS_RECORD_MX, "send.customer.example", "bounce.us.waxseal.example", 10},
    {WXS_RECORD_DMARC, "_dmarc.customer.example", "v=DMARC1; p=none;", 0},
    {WXS_RECORD_TRACKING, "links.customer.example", "links.waxseal.example", 0},
};

/* Names never hold a NUL; the values of TXT records may. */
static void
fill(wxs_dns_answer *answer, const uint8_t *data, size_t size, bool names)
{
    while (size > 0) {
        const uint8_t *end = memchr(data, 0xfe, size);
        size_t length = end == NULL ? size : (size_t)(end - data);

        if (!names || memchr(data, 0, length) == NULL) {
            (void)wxs_dns_answer_add(answer, (uint16_t)length, data, length);
        }
        data += length;
        size -= length;
        if (end != NULL) {
            data++;
            size--;
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static wxs_verdict verdict;

    if (size < 2) {
        return 0;
    }
    const wxs_expected *one = &expected[data[0] % 5];
    bool names = one->kind == WXS_RECORD_MX || one->kind == WXS_RECORD_TRACKING;
    wxs_dns_answer *answer = wxs_dns_answer_new(WXS_DNS_DATA);
    wxs_dns_answer *other =
        wxs_dns_answer_new((wxs_dns_outcome)(data[1] % (WXS_DNS_LOCAL + 1)));
    wxs_beyond beyond = {.own = {answer, answer},
                         .target = {other, answer},
                         .unknown = (data[1] & 0x80) != 0,
                         .text = other};

    fill(answer, data + 2, size - 2, names);
    if (answer->count == 0) {
        answer->outcome = WXS_DNS_NODATA;
    }
    if (data[0] & 0x80) {
        answer->alias = strdup("alias.example");
        answer->outcome = WXS_DNS_DATA;
    }
    if (other->outcome == WXS_DNS_DATA) {
        fill(other, data + 2, size - 2, names);
        other->outcome = other->count == 0 ? WXS_DNS_NODATA : WXS_DNS_DATA;
    }
    wxs_observation seen[] = {{"ns1.example", "192.0.2.1", answer},
                              {"ns2.example", "", other}};

    wxs_match(one, seen, 2, data[0] & 0x40 ? &beyond : NULL, &verdict);
    if (verdict.code == NULL || verdict.message[0] == '\0' ||
        verdict.good > verdict.definite ||
        (wxs_class_good(verdict.class) && verdict.good == 0)) {
        abort();
    }
    wxs_dns_answer_free(answer);
    wxs_dns_answer_free(other);
    return 0;
}
