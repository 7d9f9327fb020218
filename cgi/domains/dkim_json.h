#ifndef WXS_DOMAINS_DKIM_JSON_H
#define WXS_DOMAINS_DKIM_JSON_H

#include "domain_store.h"
#include "json_writer.h"
#include "service.h"

/* Writes the `dkim` object of a domain: the form of new records, and the keys
 * that are not retired. False with error filled. */
bool wxs_dkim_json(wxs_json_writer *json, wxs_db *db, const wxs_domain *domain,
                   const wxs_config *config, wxs_error *error);

#endif
