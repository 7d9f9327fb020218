#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEAL_VERSION 1
#define NONCE_SIZE   12
#define TAG_SIZE     16
#define ID_AT        1
#define NONCE_AT     5
#define TEXT_AT      17

_Static_assert(TEXT_AT + TAG_SIZE == WXS_SEAL_OVERHEAD, "layout of a blob");

static bool
write_key(int fd, const uint8_t *key, size_t size)
{
    ssize_t written = write(fd, key, size);

    return written >= 0 && (size_t)written == size && fsync(fd) == 0;
}

bool
wxs_seal_key_create(const char *path, wxs_error *error)
{
    uint8_t key[sizeof(((wxs_seal_key *)0)->key)];
    bool ok = false;
    int fd;

    if (RAND_bytes(key, sizeof(key)) != 1)
        return wxs_fail(error, "%s: the system gives no random bytes", path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        wxs_fail(error, "cannot create the key file %s: %s", path,
                 strerror(errno));
        goto out;
    }
    ok = write_key(fd, key, sizeof(key));
    if (!ok) {
        wxs_fail(error, "cannot write the key file %s: %s", path,
                 strerror(errno));
        unlink(path);
    }
    close(fd);

out:
    OPENSSL_cleanse(key, sizeof(key));
    return ok;
}

/* Refuses a key file that someone else could have read or put there. */
static bool
check_file(int fd, const char *path, wxs_error *error)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return wxs_fail(error, "cannot examine the key file %s: %s", path,
                        strerror(errno));
    if (!S_ISREG(st.st_mode))
        return wxs_fail(error, "the key file %s is not a regular file", path);
    if (st.st_uid != geteuid())
        return wxs_fail(error,
                        "the key file %s belongs to user %u, not to user %u "
                        "who reads it; run: chown %u %s",
                        path, (unsigned)st.st_uid, (unsigned)geteuid(),
                        (unsigned)geteuid(), path);
    if ((st.st_mode & 077) != 0)
        return wxs_fail(error,
                        "others may read the key file %s; run: chmod 600 %s",
                        path, path);
    return true;
}

bool
wxs_seal_key_load(wxs_seal_key *key, const char *path, wxs_error *error)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    uint8_t data[sizeof(key->key) + 1];
    ssize_t got;
    bool ok = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return wxs_fail(error, "cannot read the key file %s: %s", path,
                        strerror(errno));
    if (!check_file(fd, path, error))
        goto out;
    got = read(fd, data, sizeof(data));
    if (got != (ssize_t)sizeof(key->key)) {
        wxs_fail(error, "the key file %s does not hold exactly %zu bytes", path,
                 sizeof(key->key));
        goto out;
    }
    memcpy(key->key, data, sizeof(key->key));
    SHA256(key->key, sizeof(key->key), digest);
    memcpy(key->id, digest, sizeof(key->id));
    ok = true;

out:
    OPENSSL_cleanse(data, sizeof(data));
    close(fd);
    return ok;
}

void
wxs_seal_key_clear(wxs_seal_key *key)
{
    OPENSSL_cleanse(key, sizeof(*key));
}

static bool
encrypt(EVP_CIPHER_CTX *ctx, const wxs_seal_key *key, const char *context,
        const uint8_t *data, int len, uint8_t *out)
{
    int n;

    return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->key,
                              out + NONCE_AT) == 1 &&
           EVP_EncryptUpdate(ctx, NULL, &n, (const uint8_t *)context,
                             (int)strlen(context)) == 1 &&
           EVP_EncryptUpdate(ctx, out + TEXT_AT, &n, data, len) == 1 &&
           EVP_EncryptFinal_ex(ctx, out + TEXT_AT + len, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE,
                               out + TEXT_AT + len) == 1;
}

bool
wxs_seal(const wxs_seal_key *key, const char *context, const uint8_t *data,
         size_t len, uint8_t *out, wxs_error *error)
{
    EVP_CIPHER_CTX *ctx;
    bool ok;

    if (len > INT_MAX)
        return wxs_fail(error, "the secret is too long to be sealed");
    out[0] = SEAL_VERSION;
    memcpy(out + ID_AT, key->id, sizeof(key->id));
    if (RAND_bytes(out + NONCE_AT, NONCE_SIZE) != 1)
        return wxs_fail(error, "the system gives no random bytes");
    ctx = EVP_CIPHER_CTX_new();
    ok = ctx != NULL && encrypt(ctx, key, context, data, (int)len, out);
    EVP_CIPHER_CTX_free(ctx);
    if (!ok)
        return wxs_fail(error, "OpenSSL could not seal a secret");
    return true;
}

static bool
decrypt(EVP_CIPHER_CTX *ctx, const wxs_seal_key *key, const char *context,
        const uint8_t *blob, int len, uint8_t *out)
{
    uint8_t tag[TAG_SIZE];
    uint8_t none;
    int n;

    memcpy(tag, blob + TEXT_AT + len, TAG_SIZE);
    return EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->key,
                              blob + NONCE_AT) == 1 &&
           EVP_DecryptUpdate(ctx, NULL, &n, (const uint8_t *)context,
                             (int)strlen(context)) == 1 &&
           EVP_DecryptUpdate(ctx, out, &n, blob + TEXT_AT, len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) ==
               1 &&
           EVP_DecryptFinal_ex(ctx, &none, &n) == 1;
}

bool
wxs_unseal(const wxs_seal_key *key, const char *context, const uint8_t *blob,
           size_t len, uint8_t *out, wxs_error *error)
{
    EVP_CIPHER_CTX *ctx;
    size_t size;
    bool ok;

    if (len < WXS_SEAL_OVERHEAD || len > INT_MAX || blob[0] != SEAL_VERSION)
        return wxs_fail(error, "this is not a sealed secret of this version");
    if (memcmp(blob + ID_AT, key->id, sizeof(key->id)) != 0)
        return wxs_fail(error, "the secret is sealed under another key file");
    size = len - WXS_SEAL_OVERHEAD;
    ctx = EVP_CIPHER_CTX_new();
    ok = ctx != NULL && decrypt(ctx, key, context, blob, (int)size, out);
    EVP_CIPHER_CTX_free(ctx);
    if (ok)
        return true;
    OPENSSL_cleanse(out, size);
    return wxs_fail(error, "a sealed secret was altered or moved");
}
