#ifndef WXS_DOMAINS_DKIM_ADD_H
#define WXS_DOMAINS_DKIM_ADD_H

#include "dkim_request.h"
#include "record_set.h"

typedef enum {
    WXS_DKIM_ADDED,
    WXS_DKIM_POOL_EMPTY,
    WXS_DKIM_SELECTOR_TAKEN,
    WXS_DKIM_FAILED /* error filled */
} wxs_dkim_added;

#define WXS_DKIM_TARGET_TEXT 320 /* two labels and dkim.zone, at most 251 */

/* Gives the domain a key as the wish has it: the imported one, the Ed25519 pair
 * in it, or else one of the pool. Inside a write transaction. */
wxs_dkim_added wxs_dkim_add(wxs_db *db, const wxs_domain *domain,
                            const wxs_dkim_wish *wish, int64_t now,
                            wxs_dkim_key *key, wxs_error *error);

/* What the key's record is made from. target is filled if the domain's keys are
 * published in the operator's zone: "<selector>-<id>.<zone>", the id being the
 * first 16 digits of the domain's. */
wxs_record_key wxs_dkim_record_key(const wxs_domain *domain,
                                   const wxs_dkim_key *key,
                                   const wxs_config *config,
                                   char target[WXS_DKIM_TARGET_TEXT]);

/* Answers what kept a key from being added. */
void wxs_dkim_answer(wxs_dkim_added result, const wxs_dkim_wish *wish,
                     const wxs_request *request, const wxs_error *error,
                     wxs_response *response);

#endif
