#include "dkim_pair.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define SPKI_MAX     (WXS_DKIM_PUBLIC_TEXT / 4 * 3)
#define ED25519_SIZE 32

static bool
encode_private(EVP_PKEY *key, wxs_dkim_pair *pair)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    uint8_t *der = NULL;
    int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    bool ok = len > 0 && len <= WXS_DKIM_PRIVATE_MAX;

    PKCS8_PRIV_KEY_INFO_free(info);
    if (ok) {
        memcpy(pair->private_key, der, (size_t)len);
        pair->private_len = (size_t)len;
    }
    if (der != NULL && len > 0)
        OPENSSL_cleanse(der, (size_t)len);
    OPENSSL_free(der);
    return ok;
}

/* RSA's p= is the SubjectPublicKeyInfo (RFC 6376, 3.6.1), Ed25519's the key's
 * 32 bytes alone (RFC 8463, 4). */
static bool
encode_public(EVP_PKEY *key, wxs_dkim_pair *pair)
{
    uint8_t der[SPKI_MAX];
    uint8_t *end = der;
    size_t raw = ED25519_SIZE;
    int len;

    if (EVP_PKEY_base_id(key) == EVP_PKEY_ED25519) {
        if (EVP_PKEY_get_raw_public_key(key, der, &raw) != 1)
            return false;
        len = (int)raw;
    } else {
        len = i2d_PUBKEY(key, NULL);
        if (len <= 0 || len > SPKI_MAX || i2d_PUBKEY(key, &end) != len)
            return false;
    }
    (void)EVP_EncodeBlock((unsigned char *)pair->public_key, der, len);
    return true;
}

static bool
encode(EVP_PKEY *key, wxs_dkim_pair *pair, wxs_error *error)
{
    if (EVP_PKEY_base_id(key) == EVP_PKEY_ED25519)
        (void)snprintf(pair->algorithm, sizeof(pair->algorithm), "ed25519");
    else
        (void)snprintf(pair->algorithm, sizeof(pair->algorithm), "rsa-%d",
                       EVP_PKEY_bits(key));
    if (encode_private(key, pair) && encode_public(key, pair))
        return true;
    wxs_dkim_pair_clear(pair);
    return wxs_fail(error, "OpenSSL could not encode a DKIM key");
}

static bool
take(EVP_PKEY *key, wxs_dkim_pair *pair, wxs_error *error)
{
    bool ok = key != NULL
                  ? encode(key, pair, error)
                  : wxs_fail(error, "OpenSSL could not make a DKIM key");

    EVP_PKEY_free(key);
    return ok;
}

bool
wxs_dkim_pair_rsa(wxs_dkim_pair *pair, wxs_error *error)
{
    return take(EVP_RSA_gen(WXS_DKIM_RSA_BITS), pair, error);
}

bool
wxs_dkim_pair_ed25519(wxs_dkim_pair *pair, wxs_error *error)
{
    return take(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), pair, error);
}

/* ---- keys from outside ---- */

/* Never asks anybody; says that it was asked. */
static int
no_passphrase(char *buffer, int size, int writing, void *asked)
{
    (void)buffer;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static EVP_PKEY *
read_pem(const char *pem, size_t len, bool *encrypted)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    EVP_PKEY *key = NULL;

    if (bio != NULL)
        key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, encrypted);
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

/* Do the two halves belong together, and can it sign at all? */
static bool
signs(EVP_PKEY *key)
{
    static const uint8_t text[32] = "waxseal";
    const EVP_MD *digest =
        EVP_PKEY_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t signature[WXS_DKIM_RSA_BITS_MAX / 8];
    size_t len = sizeof(signature);
    bool ok = ctx != NULL &&
              EVP_DigestSignInit(ctx, NULL, digest, NULL, key) == 1 &&
              EVP_DigestSign(ctx, signature, &len, text, sizeof(text)) == 1 &&
              EVP_MD_CTX_reset(ctx) == 1 &&
              EVP_DigestVerifyInit(ctx, NULL, digest, NULL, key) == 1 &&
              EVP_DigestVerify(ctx, signature, len, text, sizeof(text)) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

static bool
check(EVP_PKEY *key, wxs_error *error)
{
    int kind = EVP_PKEY_base_id(key);
    int bits = EVP_PKEY_bits(key);

    if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_ED25519)
        return wxs_fail(error, "it is neither an RSA nor an Ed25519 key, the "
                               "two kinds that DKIM knows");
    if (kind == EVP_PKEY_RSA && bits < WXS_DKIM_RSA_BITS)
        return wxs_fail(error,
                        "it has %d bits only; keys that short can be broken, "
                        "so %d bits are the least",
                        bits, WXS_DKIM_RSA_BITS);
    if (kind == EVP_PKEY_RSA && bits > WXS_DKIM_RSA_BITS_MAX)
        return wxs_fail(error,
                        "it has %d bits; many receivers do not verify keys "
                        "of more than %d",
                        bits, WXS_DKIM_RSA_BITS_MAX);
    if (!signs(key))
        return wxs_fail(error, "it is damaged: what it signs does not verify");
    return true;
}

static bool
has(const char *text, size_t len, const char *word)
{
    return memmem(text, len, word, strlen(word)) != NULL;
}

static bool
fail_pem(const char *pem, size_t len, bool encrypted, wxs_error *error)
{
    if (encrypted)
        return wxs_fail(error, "it has a passphrase; give it without, as "
                               "`openssl pkey` writes it");
    if (has(pem, len, "PUBLIC KEY-----"))
        return wxs_fail(error, "it is a public key; the private key is needed");
    if (!has(pem, len, "-----BEGIN "))
        return wxs_fail(error, "it is not in PEM form, which begins with "
                               "`-----BEGIN PRIVATE KEY-----`");
    return wxs_fail(error, "it cannot be read: it is incomplete or damaged");
}

bool
wxs_dkim_pair_import(const char *pem, size_t len, wxs_dkim_pair *pair,
                     wxs_error *error)
{
    bool encrypted = false;
    EVP_PKEY *key;
    bool ok;

    if (len > WXS_DKIM_PEM_MAX)
        return wxs_fail(error, "it is longer than any key");
    key = read_pem(pem, len, &encrypted);
    if (key == NULL)
        return fail_pem(pem, len, encrypted, error);
    ok = check(key, error) && encode(key, pair, error);
    EVP_PKEY_free(key);
    return ok;
}

void
wxs_dkim_pair_clear(wxs_dkim_pair *pair)
{
    OPENSSL_cleanse(pair->private_key, sizeof(pair->private_key));
    pair->private_len = 0;
}

void
wxs_dkim_context(const char *id, char context[WXS_DKIM_CONTEXT_TEXT])
{
    (void)snprintf(context, WXS_DKIM_CONTEXT_TEXT, "waxseal-dkim-v1|%s", id);
}
