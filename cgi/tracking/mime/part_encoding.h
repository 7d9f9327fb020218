#ifndef WXS_TRACKING_MIME_PART_ENCODING_H
#define WXS_TRACKING_MIME_PART_ENCODING_H

#include "buffer.h"

/* Content-Transfer-Encodings (RFC 2045, section 6). */
typedef enum {
    WXS_ENCODING_NONE, /* 7bit, 8bit, binary */
    WXS_ENCODING_QUOTED_PRINTABLE,
    WXS_ENCODING_BASE64,
    WXS_ENCODING_OTHER, /* unknown: cannot be read */
} wxs_encoding;

/* What the header's value names; NULL = there is none. */
wxs_encoding wxs_encoding_of(const char *value);

/* Appends the decoded content. */
void wxs_decode_part(wxs_encoding encoding, const char *content, size_t len,
                     wxs_buffer *out);

/* Appends the encoded text, in lines of at most 76 characters that end with
 * CRLF if crlf, else LF; line ends of the text are such too, or are encoded.
 * Not for WXS_ENCODING_OTHER. */
void wxs_encode_part(wxs_encoding encoding, const char *text, size_t len,
                     bool crlf, wxs_buffer *out);

/* Has the text a line of more than 998 bytes, which mail must not have (RFC
 * 5322, section 2.1.1)? */
bool wxs_has_long_line(const char *text, size_t len);

#endif
