/* for SHA256_*: EVP allocates and looks up by name for each MAC, at twice the
 * time and ten times the instructions; this is all that each click needs */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "link_key.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#define KEY_SIZE  32
#define INFO      "waxseal link key"
#define LABEL_MAX 16
#define PADDING   (SHA256_CBLOCK + sizeof(uint64_t)) /* of a message, at most */

/* The states of both hashes of HMAC once they have taken in the key. */
struct wxs_link_key {
    SHA256_CTX inner;
    SHA256_CTX outer;
};

static wxs_status
derive(const uint8_t secret[WXS_LINK_SECRET_SIZE], uint8_t key_id,
       uint8_t key[KEY_SIZE])
{
    uint8_t info[sizeof INFO];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                         (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret,
                                          WXS_LINK_SECRET_SIZE),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info,
                                          sizeof info),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = hkdf == NULL ? NULL : EVP_KDF_CTX_new(hkdf);
    wxs_status status = WXS_CRYPTO;

    memcpy(info, INFO, sizeof info - 1);
    info[sizeof info - 1] = key_id; /* in the place of the NUL */
    if (ctx != NULL && EVP_KDF_derive(ctx, key, KEY_SIZE, params) == 1)
        status = WXS_OK;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(hkdf);
    return status;
}

/* pad is 0x36 for the inner hash, 0x5c for the outer one (RFC 2104). */
static bool
take_in_key(SHA256_CTX *state, const uint8_t key[KEY_SIZE], uint8_t pad)
{
    uint8_t block[SHA256_CBLOCK];
    bool ok;

    memset(block, pad, sizeof block);
    for (size_t i = 0; i < KEY_SIZE; i++)
        block[i] ^= key[i];
    ok = SHA256_Init(state) == 1 &&
         SHA256_Update(state, block, sizeof block) == 1;
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}

wxs_status
wxs_link_key_new(const uint8_t secret[WXS_LINK_SECRET_SIZE], uint8_t key_id,
                 wxs_link_key **key)
{
    uint8_t bytes[KEY_SIZE];
    wxs_link_key *made = malloc(sizeof *made);
    wxs_status status;

    if (made == NULL)
        return WXS_NO_MEMORY;
    status = derive(secret, key_id, bytes);
    if (status != WXS_OK)
        goto out;
    if (!take_in_key(&made->inner, bytes, 0x36) ||
        !take_in_key(&made->outer, bytes, 0x5c)) {
        status = WXS_CRYPTO;
        goto out;
    }
    *key = made;
    made = NULL;
out:
    OPENSSL_cleanse(bytes, sizeof bytes);
    wxs_link_key_free(made);
    return status;
}

void
wxs_link_key_free(wxs_link_key *key)
{
    if (key == NULL)
        return;
    OPENSSL_cleanse(key, sizeof *key);
    free(key);
}

/* Ends a hash that has taken in one block, the key: pads the rest of the
 * message to whole blocks (FIPS 180-4, section 5.1.1) and takes them in,
 * without what SHA256_Update() and SHA256_Final() cost besides. message has
 * room for PADDING bytes more. The result is in state->h. */
static void
end_hash(SHA256_CTX *state, uint8_t *message, size_t len)
{
    size_t size = (len + sizeof(uint64_t)) / SHA256_CBLOCK * SHA256_CBLOCK +
                  SHA256_CBLOCK;
    uint64_t bits = htobe64((SHA256_CBLOCK + (uint64_t)len) * 8);

    memset(message + len, 0, size - len);
    message[len] = 0x80;
    memcpy(message + size - sizeof bits, &bits, sizeof bits);
    for (size_t at = 0; at < size; at += SHA256_CBLOCK)
        SHA256_Transform(state, message + at);
}

static void
put_words(const SHA256_CTX *state, uint8_t digest[SHA256_DIGEST_LENGTH])
{
    for (size_t i = 0; i < SHA256_DIGEST_LENGTH / sizeof(uint32_t); i++) {
        uint32_t word = htobe32(state->h[i]);

        memcpy(digest + i * sizeof word, &word, sizeof word);
    }
}

wxs_status
wxs_link_key_mac(const wxs_link_key *key, const char *label,
                 const uint8_t domain_id[WXS_DOMAIN_ID_SIZE],
                 const uint8_t *data, size_t len,
                 uint8_t mac[WXS_LINK_MAC_SIZE])
{
    uint8_t
        message[LABEL_MAX + WXS_DOMAIN_ID_SIZE + WXS_LINK_DATA_MAX + PADDING];
    uint8_t digest[SHA256_DIGEST_LENGTH + PADDING];
    SHA256_CTX inner = key->inner, outer = key->outer;
    size_t at = strlen(label);

    if (at > LABEL_MAX || len > WXS_LINK_DATA_MAX)
        return WXS_TOO_LONG;
    memcpy(message, label, at);
    memcpy(message + at, domain_id, WXS_DOMAIN_ID_SIZE);
    at += WXS_DOMAIN_ID_SIZE;
    memcpy(message + at, data, len);
    end_hash(&inner, message, at + len);
    put_words(&inner, digest);
    end_hash(&outer, digest, SHA256_DIGEST_LENGTH);
    put_words(&outer, digest);
    memcpy(mac, digest, WXS_LINK_MAC_SIZE);
    return WXS_OK;
}
