#ifndef WXS_WAXSEAL_FIRST_ACCOUNT_H
#define WXS_WAXSEAL_FIRST_ACCOUNT_H

#include "auth.h"

/* Gives a new control.db its instance row, the account "default" and that
 * account's full_access key, which dir/api.key (0600) holds before the database
 * knows it. A well-formed api.key that is there already becomes the key: left
 * by a call that was killed, or by the operator. api_key is "" if an account
 * was there. For one process at a time. */
bool wxs_first_account(const char *dir, char api_key[WXS_API_KEY_TEXT],
                       wxs_error *error);

#endif
