#ifndef WXS_CORE_DESTINATION_H
#define WXS_CORE_DESTINATION_H

#include <stddef.h>

#include "status.h"

#define WXS_DESTINATION_MAX 8000 /* bytes of a destination */

/* May this destination stand in a Location header? An absolute http or https
 * URL (scheme in any case) with a non-empty host, only bytes 0x21-0x7e, at most
 * WXS_DESTINATION_MAX of them. Userinfo, a port of digits and bracketed
 * addresses are allowed; '\' ends the authority as it does in browsers.
 * WXS_BAD_FORMAT, WXS_TOO_LONG. */
wxs_status wxs_destination_check(const char *url, size_t len);

#endif
