#ifndef WXS_WAXSEAL_INIT_H
#define WXS_WAXSEAL_INIT_H

#include "auth.h"

/* Makes the folders of a state directory where they are missing: itself,
 * certs, journal, run and run/nginx. */
bool wxs_init_folders(const char *dir, wxs_error *error);

/* Makes whatever else a state directory lacks and overwrites nothing; killed
 * half-way it is taken up again by the next call. Processes take turns.
 *
 * settings: write waxseal.conf, too. api_key is the new default account's key
 * (also in dir/api.key) if this call made it, else "". */
bool wxs_init(const char *dir, bool settings, char api_key[WXS_API_KEY_TEXT],
              wxs_error *error);

/* `waxseal init` */
int wxs_init_main(int argc, char **argv);

#endif
