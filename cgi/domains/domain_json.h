#ifndef WXS_DOMAINS_DOMAIN_JSON_H
#define WXS_DOMAINS_DOMAIN_JSON_H

#include "domain_store.h"
#include "service.h"

/* The domain as it stands in lists, without records. NULL without memory. */
json_t *wxs_domain_summary(const wxs_domain *domain, const wxs_context *context,
                           const wxs_request *request);

/* The whole domain, its records read through db. NULL with error filled. */
json_t *wxs_domain_json(wxs_db *db, const wxs_domain *domain,
                        const wxs_context *context, const wxs_request *request,
                        wxs_error *error);

/* {"object":"domain","id":…}, the answer to a change. */
json_t *wxs_domain_reference(const wxs_domain *domain);

/* A time of the API, null for 0. */
json_t *wxs_time_json(int64_t us);

#endif
