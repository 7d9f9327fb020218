#ifndef WXS_DOMAINS_CLAIM_JSON_H
#define WXS_DOMAINS_CLAIM_JSON_H

#include "claim_store.h"
#include "domain_store.h"
#include "service.h"

/* The claim as the API shows it: its record is the DKIM record of the
 * claimant's own domain, which nobody can publish but who runs its DNS. Read
 * through db. NULL with error filled. */
json_t *wxs_claim_json(wxs_db *db, const wxs_context *context,
                       const wxs_request *request, const wxs_domain *domain,
                       const wxs_claim *claim, wxs_error *error);

#endif
