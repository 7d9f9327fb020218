#ifndef WXS_TRACKING_MIME_ADDRESSES_H
#define WXS_TRACKING_MIME_ADDRESSES_H

#include <stdbool.h>

/* Starts GMime; may be called again and from any thread. */
void wxs_mime_start(void);

/* Calls visit with each bare address of a list as headers have it ("A <a@b>,
 * c@d", groups too), until it returns false, which is then returned. A text
 * that is no list is taken for an address as it is. */
bool wxs_addresses_each(const char *list,
                        bool (*visit)(void *argument, const char *address),
                        void *argument);

#endif
