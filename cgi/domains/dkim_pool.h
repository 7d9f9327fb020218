#ifndef WXS_DOMAINS_DKIM_POOL_H
#define WXS_DOMAINS_DKIM_POOL_H

#include "dkim_store.h"

/* Gives the oldest key of the pool to the domain, inside a write transaction,
 * and fills key: 1 done, 0 the pool is empty, -1 error filled. */
int wxs_dkim_take(wxs_db *db, int64_t domain, const char *name, int64_t now,
                  wxs_dkim_key *key, wxs_error *error);

/* Waits until the pool has a key: 1; 0 when wxs_monotonic_ms() has reached the
 * deadline; -1 error filled. */
int wxs_dkim_wait(wxs_db *db, int64_t deadline_ms, wxs_error *error);

#endif
