#include "link_key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#define KEY_SIZE  32
#define INFO      "waxseal link key"
#define LABEL_MAX 16

struct wxs_link_key {
    EVP_MAC_CTX *mac;
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

static EVP_MAC_CTX *
keyed_hmac(const uint8_t key[KEY_SIZE])
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                         (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);

    EVP_MAC_free(hmac); /* the context holds its own reference */
    if (ctx != NULL && EVP_MAC_init(ctx, key, KEY_SIZE, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }
    return ctx;
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
    made->mac = keyed_hmac(bytes);
    if (made->mac == NULL) {
        status = WXS_CRYPTO;
        goto out;
    }
    *key = made;
    made = NULL;
out:
    OPENSSL_cleanse(bytes, sizeof bytes);
    free(made);
    return status;
}

void
wxs_link_key_free(wxs_link_key *key)
{
    if (key == NULL)
        return;
    EVP_MAC_CTX_free(key->mac); /* wipes */
    free(key);
}

wxs_status
wxs_link_key_mac(wxs_link_key *key, const char *label,
                 const uint8_t domain_id[WXS_DOMAIN_ID_SIZE],
                 const uint8_t *data, size_t len,
                 uint8_t mac[WXS_LINK_MAC_SIZE])
{
    uint8_t head[LABEL_MAX + WXS_DOMAIN_ID_SIZE], whole[EVP_MAX_MD_SIZE];
    size_t label_len = strlen(label), whole_len;

    if (label_len > LABEL_MAX)
        return WXS_CRYPTO;
    memcpy(head, label, label_len);
    memcpy(head + label_len, domain_id, WXS_DOMAIN_ID_SIZE);
    if (EVP_MAC_init(key->mac, NULL, 0, NULL) != 1 ||
        EVP_MAC_update(key->mac, head, label_len + WXS_DOMAIN_ID_SIZE) != 1 ||
        EVP_MAC_update(key->mac, data, len) != 1 ||
        EVP_MAC_final(key->mac, whole, &whole_len, sizeof whole) != 1 ||
        whole_len < WXS_LINK_MAC_SIZE)
        return WXS_CRYPTO;
    memcpy(mac, whole, WXS_LINK_MAC_SIZE);
    return WXS_OK;
}
