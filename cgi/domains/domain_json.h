#ifndef WXS_DOMAINS_DOMAIN_JSON_H
#define WXS_DOMAINS_DOMAIN_JSON_H

#include "domain_store.h"
#include "json_writer.h"
#include "service.h"

/* Writes the domain as it stands in lists, without records. */
void wxs_domain_write_summary(wxs_json_writer *json, const wxs_domain *domain,
                              const wxs_context *context,
                              const wxs_request *request);

/* Writes the members of the whole domain, its records read through db. False
 * with error filled. */
bool wxs_domain_write(wxs_json_writer *json, wxs_db *db,
                      const wxs_domain *domain, const wxs_context *context,
                      const wxs_request *request, wxs_error *error);

/* The same as trees, for answers that are not asked for often. NULL without
 * memory, or with error filled. */
json_t *wxs_domain_summary(const wxs_domain *domain, const wxs_context *context,
                           const wxs_request *request);
json_t *wxs_domain_json(wxs_db *db, const wxs_domain *domain,
                        const wxs_context *context, const wxs_request *request,
                        wxs_error *error);

/* {"object":"domain","id":…}, the answer to a change. */
json_t *wxs_domain_reference(const wxs_domain *domain);

/* A time of the API, null for 0. */
json_t *wxs_time_json(int64_t us);

#endif
