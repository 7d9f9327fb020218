#ifndef WXS_DOMAINS_NAME_POLICY_H
#define WXS_DOMAINS_NAME_POLICY_H

#include <libpsl.h>

#include "error.h"

/* The operator's exceptions: names with single spaces between them, each
 * meaning itself and all below it. */
typedef struct {
    const char *allow_special;  /* special-use names that are accepted */
    const char *allow_suffixes; /* public suffixes that are accepted */
    const char *allow_freemail; /* mailbox providers that are accepted */
    const char *refuse;         /* names that are not */
} wxs_name_rules;

/* May anyone send as this domain (a name that wxs_name_clean() made)? False
 * with a sentence for special-use names (RFC 2606, RFC 6761), for public
 * suffixes such as co.uk or github.io, for mailbox providers, and for names the
 * operator refuses. */
bool wxs_name_allowed(const char *name, const psl_ctx_t *psl,
                      const wxs_name_rules *rules, wxs_error *error);

/* The registrable domain that the name belongs to, the usual zone of its
 * records: points into name. The name itself if it is a public suffix. */
const char *wxs_name_registrable(const char *name, const psl_ctx_t *psl);

#endif
