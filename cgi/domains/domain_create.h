#ifndef WXS_DOMAINS_DOMAIN_CREATE_H
#define WXS_DOMAINS_DOMAIN_CREATE_H

#include "dkim_add.h"
#include "domain_store.h"
#include "service.h"

/* Adds a domain to an account: with POST /domains, by a claim or by an import.
 */

/* What a new domain gets beside its row. */
typedef struct {
    wxs_dkim_wish first; /* RSA */
    wxs_dkim_wish second;
    wxs_dkim_added result;
    char claim[WXS_UUID_TEXT]; /* id of the claim that it is made for, or "":
                                  then another account may hold the name */
    int64_t claim_expires_at;
} wxs_create_wishes;

/* A domain of the account with every default. */
wxs_domain wxs_create_defaults(int64_t account);

/* Reads the fields of a body; false after answering. */
bool wxs_create_parse(const json_t *body, const wxs_context *context,
                      const wxs_request *request, wxs_domain *domain,
                      wxs_create_wishes *wishes, wxs_response *response);

/* Makes the answer to a creation, read through db, which has it in a
 * transaction; NULL with error filled. */
typedef json_t *wxs_create_answer(wxs_db *db, const wxs_context *context,
                                  const wxs_request *request,
                                  const wxs_domain *domain,
                                  const wxs_create_wishes *wishes,
                                  wxs_error *error);

/* Stores the domain, fills its number, id and times, and answers. Waits a few
 * seconds for a key if there is none ready. */
void wxs_create_domain(const wxs_context *context, const wxs_request *request,
                       wxs_domain *domain, wxs_create_wishes *wishes,
                       wxs_create_answer *answer, wxs_response *response);

/* Wipes private keys. */
void wxs_create_clear(wxs_create_wishes *wishes);

#endif
