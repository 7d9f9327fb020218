#ifndef WXS_DOMAINS_LABEL_WARNINGS_H
#define WXS_DOMAINS_LABEL_WARNINGS_H

#include <jansson.h>

#include "domain_store.h"

/* What may make recipients or filters distrust the domain's host names: an
 * array of {"field","value","message"}, usually empty. The labels are allowed
 * all the same. NULL without memory. */
json_t *wxs_label_warnings(const wxs_domain *domain);

#endif
