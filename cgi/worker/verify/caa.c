#include "caa.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "match_kinds.h"
#include "tags.h"

#define CRITICAL 0x80

const char *
wxs_caa_name(wxs_caa_result result)
{
    static const char *const names[] = {[WXS_CAA_UNKNOWN] = "unknown",
                                        [WXS_CAA_ALLOWED] = "allowed",
                                        [WXS_CAA_FORBIDDEN] = "forbidden"};

    return names[result];
}

const char *
wxs_caa_authority(const char *directory)
{
    static const struct {
        const char *host;
        const char *authority;
    } known[] = {
        {"api.letsencrypt.org", "letsencrypt.org"},
        {"zerossl.com", "sectigo.com"},
        {"sectigo.com", "sectigo.com"},
        {"pki.goog", "pki.goog"},
        {"buypass.com", "buypass.com"},
        {"ssl.com", "ssl.com"},
        {"digicert.com", "digicert.com"},
    };
    const char *host = strstr(directory, "://");
    char name[256];

    if (host == NULL) {
        return NULL;
    }
    host += 3;
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(host, ":/"), host);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (wxs_name_within(name, known[i].host)) {
            return known[i].authority;
        }
    }
    /* acme-v02.api.letsencrypt.org and acme-staging-v02.api.letsencrypt.org */
    return wxs_name_within(name, "letsencrypt.org") ? "letsencrypt.org" : NULL;
}

/* ---- one record ---- */

typedef struct {
    unsigned char flags;
    wxs_span tag;
    wxs_span value;
} property;

static bool
read_property(const wxs_dns_value *rdata, property *out)
{
    const char *data = (const char *)rdata->data;

    if (rdata->length < 2 || rdata->data[1] == 0 ||
        rdata->length < 2u + rdata->data[1]) {
        return false;
    }
    out->flags = rdata->data[0];
    out->tag = (wxs_span){data + 2, rdata->data[1]};
    out->value = (wxs_span){data + 2 + out->tag.length,
                            rdata->length - 2 - out->tag.length};
    return true;
}

static wxs_span
trimmed(wxs_span span)
{
    while (span.length > 0 && (*span.data == ' ' || *span.data == '\t')) {
        span.data++;
        span.length--;
    }
    while (span.length > 0 && (span.data[span.length - 1] == ' ' ||
                               span.data[span.length - 1] == '\t')) {
        span.length--;
    }
    return span;
}

/* Takes the part before the next ";" off rest. */
static wxs_span
next_part(wxs_span *rest)
{
    const char *end =
        rest->length == 0 ? NULL : memchr(rest->data, ';', rest->length);
    wxs_span part = {rest->data,
                     end == NULL ? rest->length : (size_t)(end - rest->data)};
    size_t used = part.length + (end != NULL);

    rest->data += used;
    rest->length -= used;
    return trimmed(part);
}

/* Does a comma-separated list hold the word? */
static bool
lists_word(wxs_span list, const char *word)
{
    while (list.length > 0) {
        const char *end = memchr(list.data, ',', list.length);
        wxs_span part = {list.data,
                         end == NULL ? list.length : (size_t)(end - list.data)};
        size_t used = part.length + (end != NULL);

        if (wxs_span_is_nocase(trimmed(part), word)) {
            return true;
        }
        list.data += used;
        list.length -= used;
    }
    return false;
}

/* What an issue property allows to the authority (4.2; RFC 8657 for the
 * parameters). Which account the authority knows us by is not known here. */
static wxs_caa_result
judge_issue(wxs_span value, const char *ca)
{
    wxs_caa_result result = WXS_CAA_ALLOWED;

    if (!wxs_span_is_nocase(next_part(&value), ca)) {
        return WXS_CAA_FORBIDDEN;
    }
    while (value.length > 0) {
        wxs_span part = next_part(&value);
        const char *equals =
            part.length == 0 ? NULL : memchr(part.data, '=', part.length);

        if (equals == NULL) {
            continue;
        }
        wxs_span name =
            trimmed((wxs_span){part.data, (size_t)(equals - part.data)});
        wxs_span content = trimmed((wxs_span){
            equals + 1, part.length - (size_t)(equals - part.data) - 1});

        if (wxs_span_is_nocase(name, "validationmethods") &&
            !lists_word(content, "http-01")) {
            return WXS_CAA_FORBIDDEN;
        }
        if (wxs_span_is_nocase(name, "accounturi")) {
            result = WXS_CAA_UNKNOWN;
        }
    }
    return result;
}

static bool
is_known(wxs_span tag)
{
    static const char *const tags[] = {
        "issue",        "issuewild", "iodef",   "contactemail",
        "contactphone", "issuemail", "issuevmc"};

    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (wxs_span_is_nocase(tag, tags[i])) {
            return true;
        }
    }
    return false;
}

/* Bytes that need no escape between quotes. */
static bool
is_plain(wxs_span span)
{
    for (size_t i = 0; i < span.length; i++) {
        char c = span.data[i];

        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
            return false;
        }
    }
    return true;
}

/* As a zone file has it (4.1.1): 0 issue "ca.example; x=y". */
static bool
print_property(const wxs_dns_value *rdata, char text[WXS_CAA_TEXT])
{
    property p;

    if (!read_property(rdata, &p) || !is_plain(p.tag) || !is_plain(p.value) ||
        memchr(p.tag.data, ' ', p.tag.length) != NULL) {
        return false;
    }
    int n = snprintf(text, WXS_CAA_TEXT, "%u %.*s \"%.*s\"", p.flags,
                     (int)p.tag.length, p.tag.data, (int)p.value.length,
                     p.value.data);

    return n >= 0 && n < WXS_CAA_TEXT;
}

/* ---- a set of records ---- */

/* All of them or none. */
static void
keep_present(const wxs_dns_answer *answer, wxs_caa_verdict *verdict)
{
    if (answer->more || answer->count > WXS_CAA_PRESENT_MAX) {
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        if (!print_property(&answer->value[i], verdict->present[i])) {
            return;
        }
    }
    verdict->presents = answer->count;
}

static wxs_caa_result
judge_records(const wxs_dns_answer *answer, const char *ca)
{
    wxs_caa_result best = WXS_CAA_FORBIDDEN;
    bool issue = answer->more; /* what is not known may forbid */

    for (size_t i = 0; i < answer->count; i++) {
        property p;

        if (!read_property(&answer->value[i], &p)) {
            continue;
        }
        if ((p.flags & CRITICAL) != 0 && !is_known(p.tag)) {
            return WXS_CAA_FORBIDDEN;
        }
        if (!wxs_span_is_nocase(p.tag, "issue")) {
            continue;
        }
        wxs_caa_result result = judge_issue(p.value, ca);

        issue = true;
        if (result == WXS_CAA_ALLOWED ||
            (result == WXS_CAA_UNKNOWN && best == WXS_CAA_FORBIDDEN)) {
            best = result;
        }
    }
    return issue ? best : WXS_CAA_ALLOWED;
}

static void
explain(const char *host, const char *ca, wxs_caa_verdict *verdict)
{
    switch (verdict->result) {
    case WXS_CAA_ALLOWED:
        (void)snprintf(verdict->message, sizeof verdict->message,
                       "%s may issue a certificate for %s.", ca, host);
        break;
    case WXS_CAA_FORBIDDEN:
        (void)snprintf(verdict->message, sizeof verdict->message,
                       "The CAA records at %s do not allow %s to issue a "
                       "certificate for %s.",
                       verdict->at, ca, host);
        (void)snprintf(verdict->fix, sizeof verdict->fix,
                       "Add a CAA record at %s: 0 issue \"%s\".", verdict->at,
                       ca);
        break;
    case WXS_CAA_UNKNOWN:
        (void)snprintf(verdict->message, sizeof verdict->message,
                       "The CAA records at %s bind %s to an account, which may "
                       "not be ours.",
                       verdict->at, ca);
        break;
    }
}

void
wxs_caa_judge(wxs_world *world, const char *host, const char *ca,
              wxs_caa_verdict *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    verdict->authority = ca;
    for (const char *name = host; name != NULL && *name != '\0';) {
        const wxs_dns_answer *answer =
            wxs_world_ask(world, WXS_VIA_RESOLVER, name, WXS_TYPE_CAA);

        if (!wxs_dns_definite(answer->outcome)) {
            (void)snprintf(verdict->message, sizeof verdict->message,
                           "The CAA records of %.200s cannot be looked up; "
                           "authorities issue no certificate then.",
                           name);
            return;
        }
        if (answer->count > 0) {
            (void)snprintf(verdict->at, sizeof verdict->at, "%s",
                           answer->alias == NULL ? name : answer->alias);
            verdict->result = judge_records(answer, ca);
            keep_present(answer, verdict);
            explain(host, ca, verdict);
            return;
        }
        name = strchr(name, '.');
        name = name == NULL ? NULL : name + 1;
    }
    verdict->result = WXS_CAA_ALLOWED;
    explain(host, ca, verdict);
}
