#ifndef WXS_CERTS_SELF_CHECK_H
#define WXS_CERTS_SELF_CHECK_H

#include "account.h"
#include "fetch.h"

typedef enum {
    WXS_REACHED,
    WXS_NOT_REACHED, /* message says what is in the way */
    WXS_NOT_KNOWN,   /* DNS does not answer */
} wxs_reach;

/* Asks the host for a challenge of our own, as the authority will, which does
 * so over http: a validation that is bound to fail uses up its limits. */
wxs_reach wxs_self_check(const wxs_fetcher *fetcher, bool https,
                         const char *host,
                         const char thumbprint[WXS_THUMBPRINT_TEXT],
                         char *message, size_t cap);

#endif
