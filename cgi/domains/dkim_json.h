#ifndef WXS_DOMAINS_DKIM_JSON_H
#define WXS_DOMAINS_DKIM_JSON_H

#include "domain_store.h"
#include "service.h"

/* The `dkim` object of a domain: the form of new records, and the keys that
 * are not retired. NULL with error filled. */
json_t *wxs_dkim_json(wxs_db *db, const wxs_domain *domain,
                      const wxs_config *config, wxs_error *error);

#endif
