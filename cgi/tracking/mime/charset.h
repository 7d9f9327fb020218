#ifndef WXS_TRACKING_MIME_CHARSET_H
#define WXS_TRACKING_MIME_CHARSET_H

#include "buffer.h"
#include "../edits.h"

/* Bodies of any charset are read as UTF-8; edits are made in the bytes as they
 * came, so that none of them changes besides. */

typedef enum {
    WXS_CHARSET_AS_IS,   /* can be read as it is: UTF-8, or ASCII with others
                          * that never look like ASCII */
    WXS_CHARSET_CONVERT, /* has to be converted to be read */
    WXS_CHARSET_FOREIGN, /* ASCII is not ASCII in it: UTF-16, UTF-7, EBCDIC */
} wxs_charset_kind;

/* How to read the bytes of a body; charset is NULL if it names none. */
wxs_charset_kind wxs_charset_judge(const char *charset, const char *bytes,
                                   size_t len);

/* Appends the bytes in UTF-8; what is not of the charset becomes U+FFFD. False
 * without memory. */
bool wxs_charset_convert(const char *charset, const char *bytes, size_t len,
                         wxs_buffer *utf8);

/* Moves edits of the converted text to the bytes it was converted from. Their
 * texts are ASCII. False without memory. */
bool wxs_charset_map(const char *charset, const char *bytes, size_t len,
                     wxs_edit *edits, size_t count);

#endif
