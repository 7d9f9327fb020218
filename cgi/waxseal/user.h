#ifndef WXS_WAXSEAL_USER_H
#define WXS_WAXSEAL_USER_H

#include <sys/types.h>

#include "error.h"

/* Nothing of Waxseal runs as root: a command that root starts becomes an
 * ordinary user before it opens anything. */

/* Started as root: makes dir (mode 0750) if it is missing, gives it with all in
 * it to the user, and becomes that user for good. The user is name if not NULL,
 * else the owner of dir unless that is root, else "waxseal", else "www-data".
 * Refuses a folder that is in use for something else. Symbolic links, files
 * with several names and other file systems inside dir are left alone.
 *
 * Not started as root: does nothing, and fails if name is another user. */
bool wxs_user_settle(const char *dir, const char *name, wxs_error *error);

/* Started as root, to write files for another program: makes folder (mode 0700)
 * for the user if it is missing, and becomes that user for good. The user is
 * name if not NULL, else the owner of folder; never root. Not started as root:
 * as wxs_user_settle(). */
bool wxs_user_serve(const char *folder, const char *name, wxs_error *error);

#endif
