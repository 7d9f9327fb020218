#ifndef WXS_SHARED_UUID_H
#define WXS_SHARED_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WXS_UUID_SIZE 16
#define WXS_UUID_TEXT 37 /* 36 characters and the NUL */

/* A random UUID (RFC 9562, version 4); false if the system gives no random
 * bytes. */
bool wxs_uuid_new(uint8_t uuid[WXS_UUID_SIZE]);

/* One that begins with the present time in ms (RFC 9562, version 7): what is
 * made together lies together in an index. */
bool wxs_uuid_new_ordered(uint8_t uuid[WXS_UUID_SIZE]);

/* Lower case with dashes, NUL-terminated. */
void wxs_uuid_format(const uint8_t uuid[WXS_UUID_SIZE],
                     char text[WXS_UUID_TEXT]);

/* Reads the 36-character form, letters in any case; nothing else. */
bool wxs_uuid_parse(const char *text, size_t len, uint8_t uuid[WXS_UUID_SIZE]);

#endif
