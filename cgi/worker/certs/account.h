#ifndef WXS_CERTS_ACCOUNT_H
#define WXS_CERTS_ACCOUNT_H

#include <stddef.h>

#include "error.h"

/* The key of the ACME account, DIR/acme/private/key.pem (P-256, mode 0600),
 * where uacme looks for it. It is made once and never replaced: nginx answers
 * challenges by its thumbprint. */

#define WXS_THUMBPRINT_TEXT 44 /* base64url of SHA-256, NUL */

/* Makes the folders below acme (mode 0700), and the key if there is none. */
bool wxs_account_prepare(const char *acme, wxs_error *error);

/* The thumbprint of the key in the file (RFC 7638). */
bool wxs_account_thumbprint(const char *key_path,
                            char thumbprint[WXS_THUMBPRINT_TEXT],
                            wxs_error *error);

/* Writes the thumbprint to the file, mode 0640, in one step: nginx reads it
 * from there. */
bool wxs_account_publish(const char *path, const char *thumbprint,
                         wxs_error *error);

#endif
