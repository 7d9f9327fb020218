#ifndef WXS_WAXSEAL_OWN_H
#define WXS_WAXSEAL_OWN_H

#include <sys/types.h>

#include "error.h"

/* For root: makes the folder dir (mode 0750) if it is missing and gives it,
 * with all in it, to a user. Refuses a folder that holds something else than a
 * state directory. Symbolic links, files with several names, devices and other
 * file systems inside are left alone: the user may have put them there. */
bool wxs_own(const char *dir, uid_t uid, gid_t gid, wxs_error *error);

#endif
