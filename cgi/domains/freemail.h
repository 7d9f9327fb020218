#ifndef WXS_DOMAINS_FREEMAIL_H
#define WXS_DOMAINS_FREEMAIL_H

#include <stdbool.h>

/* Does the registrable domain (lower case) belong to a mailbox provider, where
 * anyone can have an address? */
bool wxs_freemail(const char *registrable);

#endif
