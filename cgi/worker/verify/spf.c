#include "spf.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* The terms of SPF records and their syntax, RFC 7208 4.6.1, 7.1, 12. */

#define VERSION_LENGTH (sizeof WXS_SPF_VERSION - 1)

bool
wxs_spf_candidate(const wxs_dns_value *value)
{
    return value->length >= VERSION_LENGTH &&
           strncasecmp((const char *)value->data, WXS_SPF_VERSION,
                       VERSION_LENGTH) == 0 &&
           (value->length == VERSION_LENGTH ||
            value->data[VERSION_LENGTH] == ' ');
}

wxs_span
wxs_spf_terms(const wxs_dns_value *value)
{
    return (wxs_span){(const char *)value->data + VERSION_LENGTH,
                      value->length - VERSION_LENGTH};
}

bool
wxs_spf_next(wxs_span *rest, wxs_span *word)
{
    while (rest->length > 0 && rest->data[0] == ' ') {
        rest->data++;
        rest->length--;
    }
    word->data = rest->data;
    word->length = 0;
    while (rest->length > 0 && rest->data[0] != ' ') {
        rest->data++;
        rest->length--;
        word->length++;
    }
    return word->length > 0;
}

wxs_spf_term
wxs_spf_term_of(wxs_span word)
{
    wxs_spf_term t = {.qualifier = '+', .mechanism = word};

    if (memchr("+-~?", word.data[0], 4) != NULL) {
        t.qualifier = word.data[0];
        t.mechanism.data++;
        t.mechanism.length--;
    }
    t.name = (wxs_span){t.mechanism.data, 0};
    while (t.name.length < t.mechanism.length &&
           memchr(":=/", t.name.data[t.name.length], 3) == NULL) {
        t.name.length++;
    }
    t.rest = (wxs_span){t.name.data + t.name.length, 0};
    if (t.name.length < t.mechanism.length) {
        t.separator = t.name.data[t.name.length];
        t.rest.data++;
        t.rest.length = t.mechanism.length - t.name.length - 1;
    }
    return t;
}

bool
wxs_spf_modifier_is(const wxs_spf_term *term, const char *modifier)
{
    return term->separator == '=' && wxs_span_is_nocase(term->name, modifier);
}

bool
wxs_spf_term_is(const wxs_spf_term *term, const char *mechanism)
{
    return term->separator != '=' && wxs_span_is_nocase(term->name, mechanism);
}

bool
wxs_spf_same(const wxs_spf_term *a, const wxs_spf_term *b)
{
    return a->mechanism.length == b->mechanism.length &&
           strncasecmp(a->mechanism.data, b->mechanism.data,
                       a->mechanism.length) == 0;
}

/* ---- networks ---- */

/* Up to three digits, at most max. */
static bool
read_bits(wxs_span text, unsigned max, unsigned *bits)
{
    *bits = 0;
    if (text.length == 0 || text.length > 3) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        *bits = *bits * 10 + (unsigned)(text.data[i] - '0');
    }
    return *bits <= max;
}

bool
wxs_spf_network_read(wxs_span text, size_t length, wxs_spf_network *out)
{
    char copy[INET6_ADDRSTRLEN];
    const char *slash =
        text.length == 0 ? NULL : memchr(text.data, '/', text.length);
    size_t address = slash == NULL ? text.length : (size_t)(slash - text.data);

    out->length = length;
    out->bits = (unsigned)length * 8;
    if (address == 0 || address >= sizeof copy ||
        memchr(text.data, '\0', address) != NULL) {
        return false;
    }
    memcpy(copy, text.data, address);
    copy[address] = '\0';
    return inet_pton(length == 4 ? AF_INET : AF_INET6, copy, out->address) ==
               1 &&
           (slash == NULL ||
            read_bits((wxs_span){slash + 1, text.length - address - 1},
                      (unsigned)length * 8, &out->bits));
}

/* ---- domains ---- */

/* "%{ir}", "%%", "%_", "%-": the length of the macro at text, 0 if it is
 * none (7.1). */
static size_t
macro_length(wxs_span text)
{
    size_t i = 3;

    if (text.length >= 2 && memchr("%_-", text.data[1], 3) != NULL) {
        return 2;
    }
    if (text.length < 4 || text.data[1] != '{' ||
        memchr("slodiphcrtvSLODIPHCRTV", text.data[2], 22) == NULL) {
        return 0;
    }
    while (i < text.length && text.data[i] >= '0' && text.data[i] <= '9') {
        i++;
    }
    i += i < text.length && (text.data[i] == 'r' || text.data[i] == 'R');
    while (i < text.length && memchr(".-+,/_=", text.data[i], 7) != NULL) {
        i++;
    }
    return i < text.length && text.data[i] == '}' ? i + 1 : 0;
}

/* Is it a domain-spec? *macros tells whether it holds any. */
static bool
valid_domain(wxs_span text, bool *macros)
{
    size_t label = 0; /* where the last label begins */
    bool digits = true;

    *macros = false;
    for (size_t i = 0; i < text.length;) {
        if (text.data[i] == '%') {
            size_t n = macro_length((wxs_span){text.data + i, text.length - i});

            if (n == 0) {
                return false;
            }
            *macros = true;
            i += n;
            digits = false;
            continue;
        }
        if (text.data[i] < 0x21 || text.data[i] > 0x7e) {
            return false;
        }
        if (text.data[i] == '.' && i + 1 < text.length) {
            label = i + 1;
            digits = true;
        } else if (text.data[i] != '.') {
            digits = digits && text.data[i] >= '0' && text.data[i] <= '9';
        }
        i++;
    }
    return text.length > 0 && (*macros || (label > 0 && !digits));
}

/* Cuts "/24//64" off the end of text; false if it is not well formed. */
static bool
cut_bits(wxs_span *text, unsigned bits[2])
{
    const char *slash = NULL;

    bits[0] = 32;
    bits[1] = 128;
    for (size_t i = 0; slash == NULL && i < text->length; i++) {
        if (text->data[i] == '/' &&
            memchr(text->data + i, '}', text->length - i) == NULL) {
            slash = text->data + i; /* not a delimiter within a macro */
        }
    }
    if (slash == NULL) {
        return true;
    }
    wxs_span rest = {slash, text->length - (size_t)(slash - text->data)};
    const char *two = memmem(rest.data, rest.length, "//", 2);
    size_t first = two == NULL ? rest.length : (size_t)(two - rest.data);

    text->length -= rest.length;
    return (first == 0 ||
            read_bits((wxs_span){rest.data + 1, first - 1}, 32, &bits[0])) &&
           (two == NULL ||
            read_bits((wxs_span){two + 2, rest.length - first - 2}, 128,
                      &bits[1]));
}

/* The domain and the prefix lengths as they are written. */
static bool
split_rest(const wxs_spf_term *term, wxs_span *domain, unsigned bits[2])
{
    *domain = term->rest;
    if (term->separator == '/') { /* no domain: give the slash back */
        domain->data--;
        domain->length++;
    }
    return cut_bits(domain, bits);
}

bool
wxs_spf_term_domain(const wxs_spf_term *term, const char *current,
                    char domain[WXS_SPF_DOMAIN], unsigned bits[2])
{
    wxs_span text;
    bool macros = false;

    if (!split_rest(term, &text, bits)) {
        return false;
    }
    if (text.length == 0) {
        text = (wxs_span){current, strlen(current)};
    } else if (!valid_domain(text, &macros) || macros) {
        return false;
    }
    if (text.length > 0 && text.data[text.length - 1] == '.') {
        text.length--;
    }
    if (text.length == 0 || text.length >= WXS_SPF_DOMAIN - 2) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];

        domain[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    domain[text.length] = '\0';
    return true;
}

/* ---- syntax ---- */

static bool
valid_addressed(const wxs_spf_term *term)
{
    wxs_span domain;
    unsigned bits[2];
    bool macros;

    return split_rest(term, &domain, bits) &&
           (domain.length > 0 ? valid_domain(domain, &macros)
                              : term->separator != ':');
}

bool
wxs_spf_term_valid(const wxs_spf_term *term)
{
    wxs_spf_network network;
    bool macros;
    bool domain = term->separator == ':' && valid_domain(term->rest, &macros);

    if (term->separator == '=') {
        return term->mechanism.data == term->name.data &&
               term->qualifier == '+' && term->name.length > 0 &&
               ((!wxs_span_is_nocase(term->name, "redirect") &&
                 !wxs_span_is_nocase(term->name, "exp")) ||
                valid_domain(term->rest, &macros));
    }
    if (wxs_spf_term_is(term, "all")) {
        return term->separator == 0;
    }
    if (wxs_spf_term_is(term, "include") || wxs_spf_term_is(term, "exists")) {
        return domain;
    }
    if (wxs_spf_term_is(term, "a") || wxs_spf_term_is(term, "mx")) {
        return valid_addressed(term);
    }
    if (wxs_spf_term_is(term, "ptr")) {
        return term->separator == 0 || domain;
    }
    if (wxs_spf_term_is(term, "ip4") || wxs_spf_term_is(term, "ip6")) {
        size_t length = wxs_spf_term_is(term, "ip4") ? 4 : 16;

        return term->separator == ':' &&
               wxs_spf_network_read(term->rest, length, &network);
    }
    return false;
}
