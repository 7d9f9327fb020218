#include "box.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <string.h>

#define BOX_VERSION 2 /* a blob of wxs_seal() begins with 1 */
#define BLOB_AT     (1 + WXS_BOX_PUBLIC)
#define SHARED_SIZE 32

static bool
derive(const uint8_t *secret, size_t secret_len, const uint8_t *salt,
       size_t salt_len, const char *info, uint8_t out[32])
{
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = hkdf != NULL ? EVP_KDF_CTX_new(hkdf) : NULL;
    OSSL_PARAM params[5];
    OSSL_PARAM *p = params;
    bool ok;

    *p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                            (char *)"SHA256", 0);
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret,
                                             secret_len);
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt,
                                             salt_len);
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info,
                                             strlen(info));
    *p = OSSL_PARAM_construct_end();
    ok = ctx != NULL && EVP_KDF_derive(ctx, out, 32, params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(hkdf);
    return ok;
}

static EVP_PKEY *
private_key(const wxs_seal_key *master)
{
    static const uint8_t no_salt[1];
    uint8_t bytes[32];
    EVP_PKEY *key = NULL;

    if (derive(master->key, sizeof(master->key), no_salt, 0,
               "waxseal-box-v1 private key", bytes))
        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, bytes,
                                           sizeof(bytes));
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return key;
}

/* The key that seals a box, from own private and other's public key. */
static bool
agree(EVP_PKEY *own, EVP_PKEY *other, const uint8_t fresh[WXS_BOX_PUBLIC],
      const uint8_t box[WXS_BOX_PUBLIC], wxs_seal_key *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
    uint8_t shared[SHARED_SIZE], salt[2 * WXS_BOX_PUBLIC];
    uint8_t digest[SHA256_DIGEST_LENGTH];
    size_t len = sizeof(shared);
    bool ok;

    memcpy(salt, fresh, WXS_BOX_PUBLIC);
    memcpy(salt + WXS_BOX_PUBLIC, box, WXS_BOX_PUBLIC);
    ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
         EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
         EVP_PKEY_derive(ctx, shared, &len) == 1 && len == sizeof(shared) &&
         derive(shared, len, salt, sizeof(salt), "waxseal-box-v1", key->key) &&
         SHA256(key->key, sizeof(key->key), digest) != NULL;
    if (ok)
        memcpy(key->id, digest, sizeof(key->id));
    OPENSSL_cleanse(shared, sizeof(shared));
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static bool
public_bytes(EVP_PKEY *key, uint8_t bytes[WXS_BOX_PUBLIC])
{
    size_t len = WXS_BOX_PUBLIC;

    return key != NULL && EVP_PKEY_get_raw_public_key(key, bytes, &len) == 1 &&
           len == WXS_BOX_PUBLIC;
}

static EVP_PKEY *
public_key(const uint8_t bytes[WXS_BOX_PUBLIC])
{
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, bytes,
                                       WXS_BOX_PUBLIC);
}

bool
wxs_box_key_of(const wxs_seal_key *master, wxs_box_key *box, wxs_error *error)
{
    EVP_PKEY *key = private_key(master);
    bool ok = public_bytes(key, box->key);

    EVP_PKEY_free(key);
    return ok || wxs_fail(error, "OpenSSL could not derive a public key");
}

bool
wxs_box_key_publish(wxs_db *control, const wxs_seal_key *master,
                    wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO box_key (one, public_key) VALUES (1, ?1) ON CONFLICT "
        "(one) "
        "DO UPDATE SET public_key = ?1 WHERE public_key <> ?1";
    sqlite3_stmt *update;
    wxs_box_key box;

    if (!wxs_box_key_of(master, &box, error))
        return false;
    update = wxs_db_prepare(control, sql, error);
    if (update == NULL)
        return false;
    sqlite3_bind_blob(update, 1, box.key, WXS_BOX_PUBLIC, SQLITE_STATIC);
    return wxs_db_run(control, update, error);
}

int
wxs_box_key_read(wxs_db *control, wxs_box_key *box, wxs_error *error)
{
    static const char sql[] = "SELECT public_key FROM box_key";
    sqlite3_stmt *row = wxs_db_prepare(control, sql, error);
    int found;

    if (row == NULL)
        return -1;
    found = wxs_db_step(control, row, error);
    if (found == 1)
        found = sqlite3_column_bytes(row, 0) == WXS_BOX_PUBLIC;
    if (found == 1)
        memcpy(box->key, sqlite3_column_blob(row, 0), WXS_BOX_PUBLIC);
    wxs_db_done(row);
    return found;
}

bool
wxs_box_lock(const wxs_box_key *box, const char *context, const uint8_t *data,
             size_t len, uint8_t *out, wxs_error *error)
{
    EVP_PKEY *fresh = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    EVP_PKEY *other = public_key(box->key);
    wxs_seal_key key;
    bool ok;

    out[0] = BOX_VERSION;
    ok = fresh != NULL && other != NULL && public_bytes(fresh, out + 1) &&
         agree(fresh, other, out + 1, box->key, &key);
    EVP_PKEY_free(fresh);
    EVP_PKEY_free(other);
    if (!ok)
        return wxs_fail(error, "OpenSSL could not lock a secret");
    ok = wxs_seal(&key, context, data, len, out + BLOB_AT, error);
    wxs_seal_key_clear(&key);
    return ok;
}

static bool
open_box(const wxs_seal_key *master, const char *context, const uint8_t *box,
         size_t len, uint8_t *out, wxs_error *error)
{
    EVP_PKEY *own = private_key(master);
    EVP_PKEY *fresh = public_key(box + 1);
    uint8_t ours[WXS_BOX_PUBLIC];
    wxs_seal_key key;
    bool ok = fresh != NULL && public_bytes(own, ours) &&
              agree(own, fresh, box + 1, ours, &key);

    EVP_PKEY_free(own);
    EVP_PKEY_free(fresh);
    if (!ok)
        return wxs_fail(error, "OpenSSL could not open a secret");
    ok = wxs_unseal(&key, context, box + BLOB_AT, len - BLOB_AT, out, error);
    wxs_seal_key_clear(&key);
    return ok;
}

bool
wxs_box_open(const wxs_seal_key *master, const char *context,
             const uint8_t *blob, size_t len, uint8_t *out, size_t *size,
             wxs_error *error)
{
    bool boxed = len > 0 && blob[0] == BOX_VERSION;
    size_t overhead = boxed ? WXS_BOX_OVERHEAD : WXS_SEAL_OVERHEAD;

    if (len < overhead)
        return wxs_fail(error, "this is not a sealed secret of this version");
    *size = len - overhead;
    return boxed ? open_box(master, context, blob, len, out, error)
                 : wxs_unseal(master, context, blob, len, out, error);
}
