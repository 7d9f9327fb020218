#ifndef WXS_VERIFY_PROBE_RESOLVER_H
#define WXS_VERIFY_PROBE_RESOLVER_H

#include "config.h"
#include "dns_loop.h"

/* Looks once whether the resolver answers and validates with DNSSEC (the root
 * is signed), and warns in the log if not. */

typedef struct wxs_resolver_probe wxs_resolver_probe;

/* NULL if it could not be asked, which is logged. The config outlives it. */
wxs_resolver_probe *wxs_resolver_probe_start(wxs_loop *loop,
                                             const wxs_config *config);

/* Ends it, over or not. Accepts NULL. */
void wxs_resolver_probe_free(wxs_resolver_probe *probe);

#endif
