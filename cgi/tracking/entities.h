#ifndef WXS_TRACKING_ENTITIES_H
#define WXS_TRACKING_ENTITIES_H

#include "buffer.h"

/* Appends an attribute's value to out with its character references replaced
 * as the HTML standard says (13.2.5.72 to 13.2.5.80, in an attribute): named
 * ones with and without semicolon, numeric ones with the Windows-1252
 * replacements. U+0000 becomes U+FFFD. */
void wxs_html_decode(const char *value, size_t len, wxs_buffer *out);

#endif
