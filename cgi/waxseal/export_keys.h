#ifndef WXS_WAXSEAL_EXPORT_KEYS_H
#define WXS_WAXSEAL_EXPORT_KEYS_H

#include <jansson.h>

#include "db.h"
#include "seal.h"

/* The DKIM keys that mail may be signed with: active, and their records were
 * right at the last check; also those that no longer sign but are not retired
 * yet. An array of
 *   {"domain", "selector", "algorithm", "signs": true, "pem": "-----BEGIN…"}
 * (no "pem" where "signs" is false), the more specific domains first. Holds
 * private keys in clear. NULL with error filled. */
json_t *wxs_export_keys(wxs_db *control, const wxs_seal_key *master,
                        wxs_error *error);

/* Prints the TXT records that the CNAMEs of domains lead to, as lines of a zone
 * file. */
bool wxs_export_zone(wxs_db *control, FILE *out, wxs_error *error);

#endif
