#ifndef WXS_SHARED_REDACT_H
#define WXS_SHARED_REDACT_H

#include <jansson.h>
#include <stddef.h>

/* Bodies as they may be kept: the values of fields that hold secrets (keys,
 * tokens, passwords) are replaced. */

#define WXS_REDACT_MAX 8192 /* bytes; what is longer is not kept */

/* JSON text of a body of len bytes; NULL if it is empty, too long or no JSON.
 * The caller frees it. */
char *wxs_redact_body(const char *body, size_t len);

/* The same of an answer, which is left as it is; NULL for NULL. */
char *wxs_redact_json(const json_t *json);

/* Copies what fits of a header's value; what is not UTF-8 or not printable
 * becomes "?". */
void wxs_redact_text(const char *text, char *copy, size_t cap);

#endif
