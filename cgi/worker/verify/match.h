#ifndef WXS_VERIFY_MATCH_H
#define WXS_VERIFY_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "dns_answer.h"
#include "world.h"

/* Judges one expected record by what nameservers said. Pure: no network, no
 * clock, no memory of its own; what it has to know beyond their answers it asks
 * of a wxs_world. */

#define WXS_SERVERS_MAX 4
#define WXS_FOUND_MAX   8
#define WXS_FOUND_TEXT  1100

typedef enum {
    WXS_RECORD_DKIM,
    WXS_RECORD_SPF,
    WXS_RECORD_MX,
    WXS_RECORD_DMARC,
    WXS_RECORD_TRACKING,
} wxs_record_kind;

typedef struct {
    wxs_record_kind kind;
    const char *fqdn;
    const char *value; /* what receivers are to find */
    const char *alias; /* DKIM: the CNAME target that the customer was told to
                          publish in the place of value; else NULL */
    int priority;      /* MX */
    /* a look found lately that a CDN in front of this tracking host leads here
     */
    bool behind_cdn;
} wxs_expected;

/* What one nameserver said of the record's name and type. */
typedef struct {
    const char *host;             /* its name */
    const char *address;          /* as text, "" if it has none */
    const wxs_dns_answer *answer; /* NULL counts as WXS_DNS_LOCAL */
} wxs_observation;

/* Of two, the later one says more of what is amiss. */
typedef enum {
    WXS_EXACT,
    WXS_SATISFIED,   /* differs, but means the same to receivers */
    WXS_PROPAGATING, /* some nameservers have it, others do not yet */
    WXS_MISSING,
    WXS_WRONG,
    WXS_CONFLICT, /* the right value beside something that breaks it */
    WXS_TEMP,     /* nothing is known */
} wxs_class;

typedef struct {
    wxs_class class;
    const char *code;  /* docs/verification.md lists them */
    char message[640]; /* what is the case, a sentence */
    char fix[640];     /* what to do, "" if there is nothing */
    char found[WXS_FOUND_MAX][WXS_FOUND_TEXT]; /* escaped */
    size_t found_count;
    char suggested[WXS_FOUND_TEXT]; /* a value ready to paste that differs from
                                       the expected one, or "" */
    /* what each observation amounts to: a class's name or an outcome's */
    const char *server[WXS_SERVERS_MAX];
    size_t good;     /* nameservers that have it right */
    size_t definite; /* nameservers that gave a definite answer */
} wxs_verdict;

/* Fills the verdict from up to WXS_SERVERS_MAX observations. Agreement: all
 * definite answers right is exact or satisfied, some right is propagating, none
 * definite is temp. With world->waiting set afterwards the verdict is
 * preliminary. world may be NULL: then nothing beyond is known, and no likely
 * wrong places are looked at. */
void wxs_match(const wxs_expected *expected, const wxs_observation *seen,
               size_t count, wxs_world *world, wxs_verdict *verdict);

bool wxs_class_good(wxs_class class); /* exact or satisfied */
bool wxs_class_miss(wxs_class class); /* missing, wrong or conflict */
const char *wxs_class_name(wxs_class class);

#endif
