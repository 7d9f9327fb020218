#include <string.h>

#include "spf.h"

/* check_host() of RFC 7208 4, asked of a wanted term or of all of a network. */

/* ---- networks and a term ---- */

typedef enum {
    CONTAINED,
    DISJOINT,
    PARTLY, /* or not to be told */
} relation;

static bool
same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    unsigned rest = bits % 8;

    return memcmp(a, b, bits / 8) == 0 &&
           (rest == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0);
}

static relation
compare(const wxs_spf_network *inner, const wxs_spf_network *outer)
{
    if (inner->length != outer->length) {
        return DISJOINT;
    }
    if (outer->bits <= inner->bits) {
        return same_bits(inner->address, outer->address, outer->bits)
                   ? CONTAINED
                   : DISJOINT;
    }
    return same_bits(inner->address, outer->address, inner->bits) ? PARTLY
                                                                  : DISJOINT;
}

/* Calls use with each network that an a or mx term stands for; false if they
 * cannot be told. */
typedef void use_network(void *data, const wxs_spf_network *network);

static bool
each_address(wxs_world *world, const char *domain, const unsigned bits[2],
             use_network *use, void *data)
{
    static const uint16_t types[] = {WXS_TYPE_A, WXS_TYPE_AAAA};
    bool known = true;

    for (int i = 0; i < 2; i++) {
        const wxs_dns_answer *answer =
            wxs_world_ask(world, WXS_VIA_RESOLVER, domain, types[i]);

        known = known && wxs_dns_definite(answer->outcome);
        for (size_t k = 0; k < answer->count; k++) {
            wxs_spf_network network = {.length = answer->value[k].length,
                                       .bits = bits[i]};

            if (network.length == (i == 0 ? 4 : 16)) {
                memcpy(network.address, answer->value[k].data, network.length);
                use(data, &network);
            }
        }
    }
    return known;
}

static bool
each_network(wxs_world *world, const char *current, const wxs_spf_term *term,
             use_network *use, void *data)
{
    char domain[WXS_SPF_DOMAIN];
    unsigned bits[2];
    wxs_spf_network network;
    bool known = true;

    if (wxs_spf_term_is(term, "ip4") || wxs_spf_term_is(term, "ip6")) {
        size_t length = wxs_spf_term_is(term, "ip4") ? 4 : 16;

        known = wxs_spf_network_read(term->rest, length, &network);
        if (known) {
            use(data, &network);
        }
        return known;
    }
    if (!wxs_spf_term_domain(term, current, domain, bits)) {
        return false;
    }
    if (wxs_spf_term_is(term, "a")) {
        return each_address(world, domain, bits, use, data);
    }
    if (!wxs_spf_term_is(term, "mx")) {
        return false; /* exists, ptr: receivers only can tell */
    }
    const wxs_dns_answer *answer =
        wxs_world_ask(world, WXS_VIA_RESOLVER, domain, WXS_TYPE_MX);

    known = wxs_dns_definite(answer->outcome);
    for (size_t i = 0; i < answer->count && i < WXS_SPF_NAMES_MAX; i++) {
        known = each_address(world, (const char *)answer->value[i].data, bits,
                             use, data) &&
                known;
    }
    return known;
}

/* ---- the question ---- */

typedef struct {
    const wxs_spf_network *network;
    relation best;
} comparison;

static void
use_compare(void *data, const wxs_spf_network *network)
{
    comparison *c = data;
    relation found = compare(c->network, network);

    if (found == CONTAINED || (found == PARTLY && c->best == DISJOINT)) {
        c->best = found;
    }
}

static relation
relate(wxs_world *world, const char *domain, const wxs_spf_term *term,
       wxs_spf_question *question)
{
    if (wxs_spf_term_is(term, "all")) {
        return CONTAINED;
    }
    if (question->term != NULL) {
        /* whom a network or name stands for is not looked at here */
        question->refuses = question->refuses || term->qualifier != '+';
        return DISJOINT;
    }
    comparison c = {.network = question->network, .best = DISJOINT};
    bool known = each_network(world, domain, term, use_compare, &c);

    return known || c.best == CONTAINED ? c.best : PARTLY;
}

static wxs_spf_result check_terms(wxs_world *world, const char *domain,
                                  wxs_span terms, wxs_spf_question *question);

/* The result of the record that an include or redirect names. */
static wxs_spf_result
check_named(wxs_world *world, const char *current, const wxs_spf_term *term,
            wxs_spf_question *question)
{
    char domain[WXS_SPF_DOMAIN];
    unsigned bits[2];
    wxs_span terms;

    if (++question->lookups > WXS_SPF_LOOKUPS_STOP ||
        !wxs_spf_term_domain(term, current, domain, bits)) {
        question->unknown = true;
        return WXS_SPF_UNDECIDED;
    }
    switch (wxs_spf_fetch(world, domain, &terms)) {
    case WXS_SPF_RECORD:
        return check_terms(world, domain, terms, question);
    case WXS_SPF_UNKNOWN:
        question->unknown = true;
        return WXS_SPF_UNDECIDED;
    case WXS_SPF_NO_RECORD:
    case WXS_SPF_RECORDS:
        break;
    }
    return WXS_SPF_NONE;
}

/* Only a pass of the included record matches (5.2), and what it refuses does
 * not count outside of it. */
static relation
relate_include(wxs_world *world, const char *domain, const wxs_spf_term *term,
               wxs_spf_question *question)
{
    bool refuses = question->refuses;
    wxs_spf_result result = check_named(world, domain, term, question);

    if (result != WXS_SPF_PASS) {
        question->refuses = refuses;
    }
    switch (result) {
    case WXS_SPF_PASS:
        return CONTAINED;
    case WXS_SPF_UNDECIDED:
        return PARTLY;
    case WXS_SPF_OTHER:
    case WXS_SPF_NONE:
        break;
    }
    return DISJOINT;
}

static wxs_spf_result
check_terms(wxs_world *world, const char *domain, wxs_span terms,
            wxs_spf_question *question)
{
    wxs_spf_term redirect = {.qualifier = 0};
    wxs_span word;

    while (wxs_spf_next(&terms, &word)) {
        wxs_spf_term term = wxs_spf_term_of(word);
        relation found;

        if (term.separator == '=') {
            if (wxs_spf_modifier_is(&term, "redirect")) {
                redirect = term;
            }
            continue;
        }
        if (question->term != NULL && wxs_spf_same(&term, question->term)) {
            found = CONTAINED;
        } else if (wxs_spf_term_is(&term, "include")) {
            found = relate_include(world, domain, &term, question);
        } else if (question->term != NULL && wxs_spf_term_is(&term, "all")) {
            return WXS_SPF_NONE; /* what is wanted was not found before it */
        } else {
            found = relate(world, domain, &term, question);
        }
        if (found == CONTAINED) {
            return term.qualifier == '+' ? WXS_SPF_PASS : WXS_SPF_OTHER;
        }
        /* What may pass in part passes in whole if the rest does. */
        if (found == PARTLY && term.qualifier != '+' &&
            question->network != NULL) {
            return WXS_SPF_UNDECIDED;
        }
    }
    return redirect.qualifier == 0
               ? WXS_SPF_NONE
               : check_named(world, domain, &redirect, question);
}

wxs_spf_result
wxs_spf_check(wxs_world *world, const char *domain, wxs_span terms,
              wxs_spf_question *question)
{
    return check_terms(world, domain, terms, question);
}

/* ---- all networks of a record ---- */

typedef struct {
    wxs_world *world;
    wxs_spf_network *networks;
    size_t *count;
    size_t lookups;
    bool complete;
} collection;

static void
use_collect(void *data, const wxs_spf_network *network)
{
    collection *c = data;

    if (*c->count == WXS_SPF_NETWORKS_MAX) {
        c->complete = false;
        return;
    }
    c->networks[(*c->count)++] = *network;
}

static void collect(collection *c, const char *domain, wxs_span terms);

static void
collect_named(collection *c, const char *current, const wxs_spf_term *term)
{
    char domain[WXS_SPF_DOMAIN];
    unsigned bits[2];
    wxs_span terms;

    if (++c->lookups > WXS_SPF_LOOKUPS_STOP ||
        !wxs_spf_term_domain(term, current, domain, bits) ||
        wxs_spf_fetch(c->world, domain, &terms) != WXS_SPF_RECORD) {
        c->complete = false;
        return;
    }
    collect(c, domain, terms);
}

static void
collect(collection *c, const char *domain, wxs_span terms)
{
    wxs_spf_term redirect = {.qualifier = 0};
    wxs_span word;

    while (wxs_spf_next(&terms, &word)) {
        wxs_spf_term term = wxs_spf_term_of(word);

        if (wxs_spf_term_is(&term, "all")) {
            c->complete = c->complete && term.qualifier != '+';
            return;
        }
        if (wxs_spf_modifier_is(&term, "redirect")) {
            redirect = term;
        }
        if (term.separator == '=') {
            continue;
        }
        if (term.qualifier != '+') {
            c->complete = false; /* what it takes away is not worked out */
        } else if (wxs_spf_term_is(&term, "include")) {
            collect_named(c, domain, &term);
        } else if (!each_network(c->world, domain, &term, use_collect, c)) {
            c->complete = false;
        }
    }
    if (redirect.qualifier != 0) {
        collect_named(c, domain, &redirect);
    }
}

bool
wxs_spf_networks(wxs_world *world, const char *domain, wxs_span terms,
                 wxs_spf_network *networks, size_t *count)
{
    collection c = {
        .world = world, .networks = networks, .count = count, .complete = true};

    *count = 0;
    collect(&c, domain, terms);
    return c.complete && *count > 0;
}
