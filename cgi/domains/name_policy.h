#ifndef WXS_DOMAINS_NAME_POLICY_H
#define WXS_DOMAINS_NAME_POLICY_H

#include <libpsl.h>

#include "error.h"

/* May anyone send as this domain (a name that wxs_name_clean() made)? False
 * with a sentence for special-use names (RFC 2606, RFC 6761) outside the
 * suffixes in allow_special (single spaces between them), for public suffixes
 * such as co.uk or github.io, and for mailbox providers. */
bool wxs_name_allowed(const char *name, const psl_ctx_t *psl,
                      const char *allow_special, wxs_error *error);

/* The registrable domain that the name belongs to, the usual zone of its
 * records: points into name. The name itself if it is a public suffix. */
const char *wxs_name_registrable(const char *name, const psl_ctx_t *psl);

#endif
