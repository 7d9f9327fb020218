#ifndef WXS_SHARED_UTF8_H
#define WXS_SHARED_UTF8_H

#include <stddef.h>

/* Length (1 to 4) of the UTF-8 character (RFC 3629) at the start of text, 0 if
 * the len bytes do not start with one. */
size_t wxs_utf8_length(const char *text, size_t len);

#endif
