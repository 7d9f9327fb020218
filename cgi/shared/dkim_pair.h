#ifndef WXS_SHARED_DKIM_PAIR_H
#define WXS_SHARED_DKIM_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* A DKIM key pair in clear, on its way into a seal. RSA keys of 2048 to 4096
 * bits (RFC 8301; receivers need not take more) and Ed25519 (RFC 8463). */

#define WXS_DKIM_RSA_BITS     2048 /* of keys made here */
#define WXS_DKIM_RSA_BITS_MAX 4096
#define WXS_DKIM_PRIVATE_MAX  2560 /* PKCS#8 DER of 4096 bits has about 2,376  \
                                    */
#define WXS_DKIM_PUBLIC_TEXT  769  /* SubjectPublicKeyInfo of 4096 bits: 736 */
#define WXS_DKIM_PEM_MAX      8192
#define WXS_DKIM_CONTEXT_TEXT 64

typedef struct {
    char algorithm[16];                        /* "rsa-2048", "ed25519" */
    char public_key[WXS_DKIM_PUBLIC_TEXT];     /* base64, as in a record's p= */
    uint8_t private_key[WXS_DKIM_PRIVATE_MAX]; /* PKCS#8 DER */
    size_t private_len;
} wxs_dkim_pair;

/* Makes a key. RSA takes a third of a second and more, Ed25519 nothing. */
bool wxs_dkim_pair_rsa(wxs_dkim_pair *pair, wxs_error *error);
bool wxs_dkim_pair_ed25519(wxs_dkim_pair *pair, wxs_error *error);

/* Reads a private key in PEM (len bytes, not trusted). False with a sentence
 * about the key for what is no usable one: another kind, too short, too long,
 * with a passphrase, damaged, a public key. */
bool wxs_dkim_pair_import(const char *pem, size_t len, wxs_dkim_pair *pair,
                          wxs_error *error);

/* Wipes the private key. */
void wxs_dkim_pair_clear(wxs_dkim_pair *pair);

/* The context that the private key of dkim_keys row id is sealed with. */
void wxs_dkim_context(const char *id, char context[WXS_DKIM_CONTEXT_TEXT]);

#endif
