#ifndef WXS_DOMAINS_LABEL_WARNINGS_H
#define WXS_DOMAINS_LABEL_WARNINGS_H

#include "domain_store.h"
#include "json_writer.h"

/* Writes `warnings`: what may make recipients or filters distrust the domain's
 * host names: an array of {"field","value","message"}, usually empty. The
 * labels are allowed all the same. */
void wxs_label_warnings(wxs_json_writer *json, const wxs_domain *domain);

#endif
