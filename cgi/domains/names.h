#ifndef WXS_DOMAINS_NAMES_H
#define WXS_DOMAINS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

#define WXS_NAME_MAX  253 /* characters of a DNS name (RFC 1035, 2.3.4) */
#define WXS_NAME_TEXT (WXS_NAME_MAX + 1)
#define WXS_LABEL_MAX 63

/* A sending domain leaves room for "<selector>._domainkey." before it. */
#define WXS_SENDING_NAME_MAX (WXS_NAME_MAX - 32)

/* Makes the name of a sending domain of what a person typed or pasted (len
 * bytes, UTF-8 expected but not trusted): trims white space and one final dot,
 * turns an internationalised name into A-labels (RFC 5891), lower case. False
 * with a sentence about the `name` field that says what to change; it quotes
 * ASCII only, and the cleaned name where the input was a URL or an address. */
bool wxs_name_clean(const char *input, size_t len, char name[WXS_NAME_TEXT],
                    wxs_error *error);

/* Is the text one or more lower-case labels of letters, digits and inner
 * hyphens (RFC 1123, 2.1), 1 to 63 characters each, with single dots between
 * them? */
bool wxs_labels_valid(const char *text, size_t len);

#endif
