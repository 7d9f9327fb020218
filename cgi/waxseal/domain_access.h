#ifndef WXS_WAXSEAL_DOMAIN_ACCESS_H
#define WXS_WAXSEAL_DOMAIN_ACCESS_H

#include "client.h"

/* What the commands about domains share that talk to the API. Where the macros
 * stand, access is a wxs_client_options and as_json a bool. */

#define WXS_ACCESS_OPTIONS                                                     \
    {"dir", &access.dir, NULL}, {"config", &access.config_file, NULL},         \
        {"url", &access.url, NULL}, {"key-file", &access.key_file, NULL},      \
        {"account", &access.account, NULL},                                    \
    {                                                                          \
        "json", NULL, &as_json                                                 \
    }

#define WXS_ACCESS_HELP                                                        \
    "\n"                                                                       \
    "  --dir DIR        a state directory on this machine: tells address and " \
    "key\n"                                                                    \
    "  --config FILE    settings in place of DIR/waxseal.conf\n"               \
    "  --url URL        address of the API (or WAXSEAL_URL)\n"                 \
    "  --key-file FILE  holds an API key (or WAXSEAL_API_KEY, which is the "   \
    "key)\n"                                                                   \
    "  --account A      with the admin key: for the account of this id or "    \
    "name\n"                                                                   \
    "  --json           print the API's answer as it is\n"                     \
    "  --help, --version\n"

#define WXS_DOMAIN_PATH 128

/* "/domains/<id>" and suffix into path; what is an id or a domain's name. */
bool wxs_domain_path(wxs_client *client, const char *what, const char *suffix,
                     char path[WXS_DOMAIN_PATH], wxs_error *error);

#endif
