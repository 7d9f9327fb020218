#ifndef WXS_DOMAINS_DKIM_REQUEST_H
#define WXS_DOMAINS_DKIM_REQUEST_H

#include "dkim_store.h"
#include "domain_store.h"
#include "service.h"

/* What a request asks of DKIM keys. */
typedef struct {
    bool ed25519; /* of a new domain: a second key; else the new key's kind */
    bool imported;
    char selector[WXS_SELECTOR_TEXT]; /* of an imported key */
    wxs_dkim_pair pair;               /* imported, or made: Ed25519 */
    wxs_box_key box;                  /* where there is a pair */
} wxs_dkim_wish;

/* Each puts the form of new records into the domain, fills the wish, which is
 * zeroed before, and returns false after answering. wxs_dkim_pair_clear() must
 * follow in any case. After the name. */

/* The `dkim` object in the body of POST /domains. */
bool wxs_parse_dkim(const json_t *body, const wxs_context *context,
                    const wxs_request *request, wxs_domain *domain,
                    wxs_dkim_wish *wish, wxs_response *response);

/* The body of POST /domains/{id}/dkim/rotate. */
bool wxs_parse_rotation(const json_t *body, const wxs_context *context,
                        const wxs_request *request, wxs_domain *domain,
                        wxs_dkim_wish *wish, wxs_response *response);

#endif
