#ifndef WXS_WAXSEAL_DOMAIN_VERIFY_ALL_H
#define WXS_WAXSEAL_DOMAIN_VERIFY_ALL_H

#include "client.h"

/* Has every domain of the account checked. Shows on standard error how far it
 * is, until all were checked, and then a summary on standard output (as_json:
 * the API's last answer). False with error filled. */
bool wxs_domain_verify_all(const wxs_client_options *access, bool as_json,
                           wxs_error *error);

#endif
