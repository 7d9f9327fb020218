#ifndef WXS_CORE_BASE64URL_H
#define WXS_CORE_BASE64URL_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* Characters that n bytes encode to (RFC 4648 section 5, no padding). */
#define WXS_BASE64URL_LENGTH(n) (((n)*4 + 2) / 3)

/* Writes WXS_BASE64URL_LENGTH(len) characters to out, no NUL.
 * out must have room for them. */
void wxs_base64url_encode(const uint8_t *data, size_t len, char *out);

/* Decodes len characters into out (cap bytes), the count into *out_len.
 * Strict: WXS_BAD_FORMAT on padding, on any character outside the alphabet and
 * on non-zero unused bits, so every byte string has exactly one spelling;
 * WXS_TOO_LONG when it does not fit. */
wxs_status wxs_base64url_decode(const char *text, size_t len, uint8_t *out,
                                size_t cap, size_t *out_len);

#endif
