#ifndef WXS_DOMAINS_FIELDS_H
#define WXS_DOMAINS_FIELDS_H

#include "domain_store.h"
#include "service.h"

/* Fields of the bodies of POST and PATCH /domains. Each function puts what it
 * finds into the domain, leaves it alone where the field is absent, and returns
 * false after answering with an error that names the field. */

bool wxs_parse_name(const json_t *body, const wxs_context *context,
                    wxs_domain *domain, wxs_response *response);
bool wxs_parse_region(const json_t *body, const wxs_config *config,
                      wxs_domain *domain, wxs_response *response);
/* After the name: their lengths add up. */
bool wxs_parse_return_path(const json_t *body, wxs_domain *domain,
                           wxs_response *response);
bool wxs_parse_toggles(const json_t *body, wxs_domain *domain,
                       wxs_response *response);
bool wxs_parse_tls(const json_t *body, wxs_domain *domain,
                   wxs_response *response);

/* After the name and the return path. */
bool wxs_parse_tracking(const json_t *body, wxs_domain *domain,
                        wxs_response *response);

/* Only checks: sending is always enabled, receiving never. */
bool wxs_check_capabilities(const json_t *body, wxs_response *response);

#endif
