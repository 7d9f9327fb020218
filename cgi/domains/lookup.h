#ifndef WXS_DOMAINS_LOOKUP_H
#define WXS_DOMAINS_LOOKUP_H

#include "domain_store.h"
#include "service.h"

/* Reads an id of a path; false after answering 422, what is no UUID. */
bool wxs_parse_id(const char *text, char id[WXS_UUID_TEXT],
                  wxs_response *response);

/* Reads the domain of the route's {id} if it belongs to the account; false
 * after answering 404 or 422 (not a UUID). */
bool wxs_domain_lookup(wxs_db *db, const wxs_context *context,
                       const wxs_request *request, wxs_domain *domain,
                       wxs_response *response);

/* A change to the domain inside a write transaction. False after answering, or
 * with error filled. */
typedef bool wxs_domain_change(wxs_db *db, wxs_domain *domain, const void *arg,
                               wxs_response *response, wxs_error *error);

/* Looks the domain up and changes it in one transaction. False after
 * answering; true when the change is durable and the answer is left to the
 * caller. */
bool wxs_domain_apply(const wxs_context *context, const wxs_request *request,
                      wxs_domain_change *change, const void *arg,
                      wxs_domain *domain, wxs_response *response);

#endif
