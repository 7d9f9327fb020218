#ifndef WXS_DELIVER_SIGN_H
#define WXS_DELIVER_SIGN_H

#include "webhook_secret.h"

#define WXS_SIGNATURE_TEXT 48 /* "v1,", 44 characters and the NUL */

/* Signs a delivery by the Svix scheme: HMAC-SHA256 over
 * "<id>.<timestamp>.<payload>", base64, as "v1,…". timestamp in seconds since
 * 1970; receivers refuse one that is more than five minutes off. False if
 * OpenSSL fails. */
bool wxs_sign(const uint8_t secret[WXS_WEBHOOK_SECRET_SIZE], const char *id,
              int64_t timestamp, const char *payload, size_t len,
              char signature[WXS_SIGNATURE_TEXT]);

#endif
