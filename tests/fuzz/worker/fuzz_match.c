#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verify/caa.h"
#include "verify/match.h"

/* Record values of customers. The first two bytes choose the kind of record and
 * how nameservers answer; the values follow, with 0xfe between them. 0xff ends
 * the values of an answer: those after it are what all of DNS beyond the
 * record's name holds, one answer after the other. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ANSWERS 24

static const wxs_expected expected[] = {
    {.kind = WXS_RECORD_DKIM,
     .fqdn = "wx1._domainkey.customer.example",
     .value = "v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL"},
    {.kind = WXS_RECORD_SPF,
     .fqdn = "send.customer.example",
     .value = "v=spf1 include:_spf.waxseal.example ~all"},
    {.kind = WXS_RECORD_MX,
     .fqdn = "send.customer.example",
     .value = "bounce.us.waxseal.example",
     .priority = 10},
    {.kind = WXS_RECORD_DMARC,
     .fqdn = "_dmarc.customer.example",
     .value = "v=DMARC1; p=none;"},
    {.kind = WXS_RECORD_TRACKING,
     .fqdn = "links.customer.example",
     .value = "links.waxseal.example"},
};

typedef struct {
    wxs_dns_answer *answer[ANSWERS];
    size_t count;
} source;

/* Names never hold a NUL and addresses have their length; all else is bytes. */
static void
add_value(wxs_dns_answer *answer, const uint8_t *data, size_t length,
          uint16_t type)
{
    uint8_t address[16] = {0};
    bool name =
        type == WXS_TYPE_MX || type == WXS_TYPE_CNAME || type == WXS_TYPE_NS;

    if (type == WXS_TYPE_A || type == WXS_TYPE_AAAA) {
        memcpy(address, data, length < 16 ? length : 16);
        data = address;
        length = type == WXS_TYPE_A ? 4 : 16;
    }
    if (!name || memchr(data, 0, length) == NULL) {
        (void)wxs_dns_answer_add(answer, (uint16_t)length, data, length);
    }
}

static wxs_dns_answer *
make_answer(const uint8_t *data, size_t size, uint16_t type)
{
    wxs_dns_answer *answer = wxs_dns_answer_new(WXS_DNS_DATA);

    while (size > 0) {
        const uint8_t *end = memchr(data, 0xfe, size);
        size_t length = end == NULL ? size : (size_t)(end - data);

        add_value(answer, data, length, type);
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    if (answer->count == 0) {
        answer->outcome = WXS_DNS_NODATA;
    }
    return answer;
}

/* Every answer is made of the same bytes, whatever the type asked for. */
static const uint8_t *beyond;
static size_t beyond_size;

static const wxs_dns_answer *
ask(wxs_world *world, wxs_via via, const char *name, uint16_t type, bool *waits)
{
    source *s = world->data;
    const uint8_t *data = beyond;
    size_t size = beyond_size;

    if (strlen(name) > 1100 || via > WXS_VIA_PARENT) {
        abort();
    }
    *waits = false;
    if (s->count == ANSWERS) {
        return NULL;
    }
    for (size_t skip = s->count; skip > 0 && size > 0; skip--) {
        const uint8_t *end = memchr(data, 0xff, size);

        size -= end == NULL ? size : (size_t)(end - data) + 1;
        data = end == NULL ? data : end + 1;
    }
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0xff, size);

    if (size > 0 && data[0] == 0xfd) {
        s->answer[s->count] = wxs_dns_answer_new(WXS_DNS_SERVFAIL);
    } else {
        s->answer[s->count] =
            make_answer(data, end == NULL ? size : (size_t)(end - data), type);
    }
    return s->answer[s->count++];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static wxs_verdict verdict;
    wxs_caa_verdict caa;

    if (size < 2) {
        return 0;
    }
    const wxs_expected *one = &expected[data[0] % 5];
    uint16_t type = one->kind == WXS_RECORD_MX         ? WXS_TYPE_MX
                    : one->kind == WXS_RECORD_TRACKING ? WXS_TYPE_CNAME
                                                       : WXS_TYPE_TXT;
    const uint8_t *end = memchr(data + 2, 0xff, size - 2);
    size_t own = end == NULL ? size - 2 : (size_t)(end - data) - 2;
    source s = {.count = 0};
    wxs_dns_answer *answer = make_answer(data + 2, own, type);
    wxs_dns_answer *other =
        wxs_dns_answer_new((wxs_dns_outcome)(data[1] % (WXS_DNS_LOCAL + 1)));
    wxs_world world = {.ask = ask,
                       .data = &s,
                       .domain = "customer.example",
                       .organizational = "customer.example",
                       .zone = "customer.example",
                       .other = {"second.example"},
                       .others = 1};

    beyond = end == NULL ? data : end + 1;
    beyond_size = end == NULL ? 0 : size - own - 3;
    if (data[0] & 0x80) {
        answer->alias = strdup("alias.example");
        answer->outcome = WXS_DNS_DATA;
    }
    if (other->outcome == WXS_DNS_DATA) {
        other->outcome = WXS_DNS_NODATA;
    }
    wxs_observation seen[] = {{"ns1.example", "192.0.2.1", answer},
                              {"ns2.example", "", other}};

    wxs_match(one, seen, 2, data[0] & 0x40 ? &world : NULL, &verdict);
    if (verdict.code == NULL || verdict.message[0] == '\0' ||
        verdict.good > verdict.definite ||
        (wxs_class_good(verdict.class) && verdict.good == 0) ||
        (wxs_class_miss(verdict.class) && verdict.fix[0] == '\0')) {
        abort();
    }
    wxs_caa_judge(&world, "links.customer.example", "letsencrypt.org", &caa);
    wxs_dns_answer_free(answer);
    wxs_dns_answer_free(other);
    for (size_t i = 0; i < s.count; i++) {
        wxs_dns_answer_free(s.answer[i]);
    }
    return 0;
}
