#ifndef WXS_SHARED_TABLE_SECRETS_H
#define WXS_SHARED_TABLE_SECRETS_H

#include <stddef.h>

#include "db.h"
#include "seal.h"

/* Which domains with a tracking host have no link secret: of the given host,
 * or of all if host is NULL. At most cap numbers. */
bool wxs_table_secrets_missing(wxs_db *control, const char *host,
                               int64_t *domains, size_t cap, size_t *count,
                               wxs_error *error);

/* Makes the link secrets that are missing, in transactions of its own. */
bool wxs_table_secrets_supply(wxs_db *control, const wxs_seal_key *link_key,
                              const char *host, wxs_error *error);

#endif
