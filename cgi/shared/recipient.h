#ifndef WXS_SHARED_RECIPIENT_H
#define WXS_SHARED_RECIPIENT_H

#include <jansson.h>
#include <stdbool.h>

#define WXS_RECIPIENT_MAX 320 /* bytes of an address */

/* Lower case into address; false if the text is no address: no "@" with
 * something around it, white space, or too long. */
bool wxs_recipient_read(const char *text, char address[WXS_RECIPIENT_MAX + 1]);

/* Does one of the strings of the array, as in the To of a message ("A
 * <a@b.example>", several in one string too), have the address? It is one that
 * wxs_recipient_read() made. A longer address that only ends or begins like it
 * is another one. */
bool wxs_recipient_among(const json_t *recipients, const char *address);

#endif
