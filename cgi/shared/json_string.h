#ifndef WXS_SHARED_JSON_STRING_H
#define WXS_SHARED_JSON_STRING_H

#include <stddef.h>

/* Strings of JSON (RFC 8259, section 7) that may be long, eight bytes at a
 * time. */

/* How many of the len bytes stand in a string as they are: up to the first
 * quote, backslash, control character or byte that is not UTF-8. */
size_t wxs_json_plain_length(const char *text, size_t len);

/* Decodes the string that begins behind a quote, up to the next quote. out has
 * room for len bytes and may be text itself; *out_len is how many it has then.
 * Returns how many bytes of text it took, with the closing quote; 0 if it is no
 * string that a strict reader takes: there is no quote, a control character, a
 * bad escape, half a surrogate pair, U+0000, or what is not UTF-8. */
size_t wxs_json_string_decode(const char *text, size_t len, char *out,
                              size_t *out_len);

#endif
