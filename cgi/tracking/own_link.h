#ifndef WXS_TRACKING_OWN_LINK_H
#define WXS_TRACKING_OWN_LINK_H

#include <stdbool.h>
#include <stddef.h>

/* Is the URL (one that wxs_destination_check() passed) a tracking link, /c/,
 * /o/ or /u/, on this host, whatever its port? */
bool wxs_is_own_link(const char *url, size_t len, const char *host);

#endif
