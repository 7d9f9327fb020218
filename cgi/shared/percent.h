#ifndef WXS_SHARED_PERCENT_H
#define WXS_SHARED_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

/* Decodes percent-encoded text (RFC 3986, section 2.1), in queries with "+" as
 * a space, into out, NUL-terminated. False if it is malformed, has a NUL
 * ("%00") or is longer than cap - 1 bytes. */
bool wxs_percent_decode(const char *text, size_t len, bool plus_is_space,
                        char *out, size_t cap);

#endif
