#ifndef WXS_WAXSEAL_KEYS_H
#define WXS_WAXSEAL_KEYS_H

#include "auth.h"

/* Inserts a row of api_keys; domain 0 = any. Part of the caller's write
 * transaction, or one of its own. */
bool wxs_key_insert(wxs_db *control, int64_t account, const char *name,
                    wxs_permission permission, int64_t domain,
                    const uint8_t hash[WXS_API_KEY_HASH], wxs_error *error);

/* The hash of a key that is there already; false if the text does not have the
 * form of one. */
bool wxs_key_hash(const char *key, uint8_t hash[WXS_API_KEY_HASH]);

#endif
