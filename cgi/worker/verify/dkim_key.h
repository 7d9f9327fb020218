#ifndef WXS_VERIFY_DKIM_KEY_H
#define WXS_VERIFY_DKIM_KEY_H

#include "tags.h"

/* The key in a DKIM record's p= tag, RFC 6376 3.6.1. */

#define WXS_DKIM_TEXT_MAX 6000
#define WXS_FINGERPRINT   24 /* "1f:0a:...", 8 bytes */

typedef struct {
    char text[WXS_DKIM_TEXT_MAX]; /* base64, no white space, no padding */
    size_t text_length;
    unsigned char bytes[WXS_DKIM_TEXT_MAX / 4 * 3];
    size_t length;
} wxs_dkim_key;

/* Takes the text out of p, without the white space that may fold it and the
 * padding, which panels drop. False if it is too long. */
bool wxs_dkim_key_text(wxs_span p, wxs_dkim_key *key);

/* Fills bytes from the text; false if it is not base64. */
bool wxs_dkim_key_decode(wxs_dkim_key *key);

/* Both; false if there is no key to compare. */
bool wxs_dkim_key_read(wxs_span p, wxs_dkim_key *key);

bool wxs_dkim_key_same(const wxs_dkim_key *a, const wxs_dkim_key *b);
bool wxs_dkim_key_private(const wxs_dkim_key *key);      /* PKCS#1 or PKCS#8 */
unsigned wxs_dkim_key_rsa_bits(const wxs_dkim_key *key); /* 0: no RSA key */

/* The first 8 bytes of the SHA-256 of the key's bytes. */
void wxs_dkim_key_fingerprint(const wxs_dkim_key *key,
                              char text[WXS_FINGERPRINT]);

#endif
