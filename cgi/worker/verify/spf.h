#ifndef WXS_VERIFY_SPF_H
#define WXS_VERIFY_SPF_H

#include "tags.h"
#include "world.h"

/* SPF records, RFC 7208: their terms, and what a receiver makes of them. */

#define WXS_SPF_VERSION      "v=spf1"
#define WXS_SPF_LOOKUPS_MAX  10 /* 4.6.4 */
#define WXS_SPF_LOOKUPS_STOP 12 /* nothing is evaluated beyond */
#define WXS_SPF_VOIDS_MAX    2
#define WXS_SPF_NAMES_MAX    10 /* of an MX or PTR */
#define WXS_SPF_NETWORKS_MAX 64
#define WXS_SPF_DOMAIN       256

/* ---- terms ---- */

typedef struct {
    char qualifier;     /* '+' if none is written */
    wxs_span mechanism; /* without the qualifier; a modifier as it is */
    wxs_span name;
    char separator; /* ':', '=', '/' or 0 */
    wxs_span rest;  /* after the separator */
} wxs_spf_term;

/* Is it an SPF record (4.5)? Then its terms follow the first six bytes. */
bool wxs_spf_candidate(const wxs_dns_value *value);
wxs_span wxs_spf_terms(const wxs_dns_value *value);

/* Cuts the next word off rest; false at the end. */
bool wxs_spf_next(wxs_span *rest, wxs_span *word);

wxs_spf_term wxs_spf_term_of(wxs_span word); /* a word of 1 byte or more */
bool wxs_spf_term_is(const wxs_spf_term *term, const char *mechanism);
bool wxs_spf_modifier_is(const wxs_spf_term *term, const char *modifier);
bool wxs_spf_same(const wxs_spf_term *a, const wxs_spf_term *b);

/* Is it written as section 12 has it, macros included? */
bool wxs_spf_term_valid(const wxs_spf_term *term);

/* The domain a term is about: its own, or current if it names none; bits are
 * the prefix lengths for IPv4 and IPv6. False if only a receiver could tell,
 * since the term holds macros (7), or if the name is too long. */
bool wxs_spf_term_domain(const wxs_spf_term *term, const char *current,
                         char domain[WXS_SPF_DOMAIN], unsigned bits[2]);

typedef struct {
    unsigned char address[16];
    size_t length; /* 4 or 16 */
    unsigned bits;
} wxs_spf_network;

/* "192.0.2.0/24"; false if it is no network of addresses of length bytes. */
bool wxs_spf_network_read(wxs_span text, size_t length, wxs_spf_network *out);

/* ---- evaluation ---- */

/* The terms of the one SPF record of a domain. */
typedef enum {
    WXS_SPF_RECORD,
    WXS_SPF_NO_RECORD,
    WXS_SPF_RECORDS, /* more than one */
    WXS_SPF_UNKNOWN,
} wxs_spf_fetched;
wxs_spf_fetched wxs_spf_fetch(wxs_world *world, const char *domain,
                              wxs_span *terms);

typedef enum {
    WXS_SPF_SOUND,
    WXS_SPF_SYNTAX,
    WXS_SPF_VERSION_TWICE,
    WXS_SPF_LOOKUPS,         /* more than ten */
    WXS_SPF_NAMES,           /* an MX with more than ten names */
    WXS_SPF_INCLUDE_MISSING, /* include or redirect without a record */
    WXS_SPF_INCLUDE_SEVERAL,
} wxs_spf_fault;

typedef struct {
    wxs_spf_fault fault;         /* the first one */
    char domain[WXS_SPF_DOMAIN]; /* whose record it is in */
    wxs_span term;
    size_t position; /* of the term in that record, from 1 */
    size_t lookups;  /* counted up to WXS_SPF_LOOKUPS_STOP */
    size_t voids;    /* look-ups without any answer */
    bool unknown;    /* something could not be looked up */
    char unknown_domain[WXS_SPF_DOMAIN];
    char all; /* the record's own "all": its qualifier, 0 without */
} wxs_spf_survey;

/* Reads the whole record and those it includes, as far as a receiver may. */
void wxs_spf_survey_terms(wxs_world *world, const char *domain, wxs_span terms,
                          wxs_spf_survey *survey);

typedef enum {
    WXS_SPF_PASS,
    WXS_SPF_OTHER, /* it matches something that is no pass */
    WXS_SPF_NONE,  /* nothing matches */
    WXS_SPF_UNDECIDED,
} wxs_spf_result;

/* What the record says of a term that is wanted in it, or of a network: one
 * of the two. It is check_host() of section 4 with a term or all of a network
 * in the place of an address. */
typedef struct {
    const wxs_spf_term *term;
    const wxs_spf_network *network;
    /* what was seen on the way */
    size_t lookups;
    bool refuses; /* a network or name that is no pass, before the match */
    bool unknown; /* an include that could not be fetched, before the match */
} wxs_spf_question;

wxs_spf_result wxs_spf_check(wxs_world *world, const char *domain,
                             wxs_span terms, wxs_spf_question *question);

/* The networks that a record passes. False if they cannot all be told. */
bool wxs_spf_networks(wxs_world *world, const char *domain, wxs_span terms,
                      wxs_spf_network *networks, size_t *count);

#endif
