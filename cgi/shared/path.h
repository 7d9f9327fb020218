#ifndef WXS_SHARED_PATH_H
#define WXS_SHARED_PATH_H

#include "http.h"

/* Takes the path out of a request target (RFC 9112, section 3.2, origin or
 * absolute form): without query, "//" merged, no slash at the end ("/" stays).
 * Still percent-encoded. False if it does not fit or has no path. */
bool wxs_path_from_target(const char *target, char *path, size_t cap);

/* Does the path match the pattern, as "/domains/{id}/verify"? Then each {…} is
 * percent-decoded into param, in order; a path whose parameter is malformed or
 * too long does not match. */
bool wxs_path_match(const char *pattern, const char *path,
                    char param[WXS_PARAMS_MAX][256]);

#endif
