#ifndef WXS_DOMAINS_VERIFY_H
#define WXS_DOMAINS_VERIFY_H

#include "lookup.h"

/* A change for wxs_domain_apply(), its arg the wxs_config: begins the
 * verification of a domain, or has it checked soon where that is under way.
 * Never takes a state away that the records have earned. */
wxs_domain_change wxs_domain_verify;

#endif
