#ifndef WXS_DOMAINS_RECORD_SET_H
#define WXS_DOMAINS_RECORD_SET_H

#include <stddef.h>

#include "config.h"
#include "names.h"

#define WXS_RECORD_VALUE 1024
#define WXS_RECORDS_MAX  5

/* A DNS record that a domain's owner is asked to publish. */
typedef struct {
    const char *kind; /* dkim, mx, spf, tracking, dmarc; as in control.db */
    const char *type; /* TXT, MX, CNAME */
    int priority;     /* of an MX, else 0 */
    char fqdn[WXS_NAME_TEXT];
    char value[WXS_RECORD_VALUE];
} wxs_record;

/* What a DKIM record is made from. */
typedef struct {
    const char *selector;
    const char *public_key; /* base64, as it stands in p= */
    bool ed25519;           /* else RSA */
    const char *target;     /* of a CNAME in the place of the key, or NULL */
} wxs_record_key;

/* What the records are made from. */
typedef struct {
    const char *name;
    const char *return_path; /* label */
    const char *tracking;    /* label or labels, "" = no tracking host */
    wxs_record_key key;
    const wxs_region *region;
} wxs_record_needs;

/* Fills the records a new domain needs, in the order in which the API shows
 * them: DKIM, MX, SPF, tracking if there is a tracking host, DMARC. Returns
 * their count, or 0 if a name or a value is over its bound. */
size_t wxs_record_set(const wxs_record_needs *needs,
                      wxs_record records[WXS_RECORDS_MAX]);

/* The record of a DKIM key alone; false if a name or the value is too long. */
bool wxs_record_dkim(const char *name, const wxs_record_key *key,
                     wxs_record *record);

/* The record of a tracking host alone; false if the name is too long. */
bool wxs_record_tracking(const char *name, const char *tracking,
                         const wxs_region *region, wxs_record *record);

/* Length of the part of fqdn that is entered in the zone of the registrable
 * domain; all of fqdn if it lies elsewhere. */
size_t wxs_record_relative(const char *fqdn, const char *registrable);

/* The API's name for a kind: "DKIM", "SPF", "Tracking", "DMARC". */
const char *wxs_record_label(const char *kind);

#endif
