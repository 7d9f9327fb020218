#ifndef WXS_SHARED_ADMIN_KEY_H
#define WXS_SHARED_ADMIN_KEY_H

#include "auth.h"
#include "config.h"

/* The key of the operator, which manages accounts: the setting admin.key, or
 * else what `waxseal init` left in DIR/admin.key. Only its hash stays in
 * memory. */

/* Reads it. A file that is not there is no error: then no key is the admin's.
 */
bool wxs_admin_key_load(const wxs_config *config, wxs_error *error);

/* Is this the hash of the admin key? Takes the same time for every other one.
 */
bool wxs_admin_key_is(const uint8_t hash[WXS_API_KEY_HASH]);

#endif
