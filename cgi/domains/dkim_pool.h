#ifndef WXS_DOMAINS_DKIM_POOL_H
#define WXS_DOMAINS_DKIM_POOL_H

#include "db.h"

#define WXS_SELECTOR_TEXT   21
#define WXS_PUBLIC_KEY_TEXT 513

typedef struct {
    char selector[WXS_SELECTOR_TEXT];
    char public_key[WXS_PUBLIC_KEY_TEXT]; /* base64 */
} wxs_dkim_key;

/* Gives the oldest key of the pool to the domain, inside a write transaction:
 * 1 done, 0 the pool is empty, -1 error filled. The selector is the
 * instance's prefix and a generation that no former owner of the name had, so
 * that mail signed with an old key can still be verified. */
int wxs_dkim_take(wxs_db *db, int64_t domain, const char *name,
                  wxs_dkim_key *key, wxs_error *error);

/* Waits until the pool has a key: 1; 0 when wxs_monotonic_ms() has reached the
 * deadline; -1 error filled. */
int wxs_dkim_wait(wxs_db *db, int64_t deadline_ms, wxs_error *error);

#endif
