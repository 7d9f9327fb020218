#ifndef WXS_DOMAINS_SCHEDULE_H
#define WXS_DOMAINS_SCHEDULE_H

#include "config.h"
#include "domain_store.h"

/* The earliest time of the domain's next check that a request may ask for:
 * verify.min_interval after the last one, and not before now. */
int64_t wxs_check_due(const wxs_domain *domain, const wxs_config *config,
                      int64_t now);

/* Are its records looked at by themselves, in its present state? */
bool wxs_is_checked(const wxs_domain *domain);

#endif
