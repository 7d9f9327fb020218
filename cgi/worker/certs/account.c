#include "account.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../core/base64url.h"
#include "../../../core/small_file.h"

#define POINT_SIZE 65 /* 0x04, x, y */
#define FIELD_SIZE 32
#define FIELD_TEXT 43

static bool
make_folder(const char *acme, const char *name, wxs_error *error)
{
    char path[512];

    if (snprintf(path, sizeof path, "%s%s", acme, name) >= (int)sizeof path)
        return wxs_fail(error, "the path of %s is too long", acme);
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    return wxs_fail(error, "cannot create %s: %s", path, strerror(errno));
}

static bool
write_file(const char *path, mode_t mode, const char *text, size_t len,
           wxs_error *error)
{
    wxs_status status =
        wxs_small_file_write(path, mode, (const uint8_t *)text, len);

    if (status == WXS_OK)
        return true;
    return wxs_fail(error, "cannot write %s: %s", path,
                    status == WXS_IO ? strerror(errno)
                                     : wxs_status_text(status));
}

static bool
write_key(EVP_PKEY *key, const char *path, wxs_error *error)
{
    BIO *bio = BIO_new(BIO_s_secmem()); /* wipes what it held */
    char *data;
    bool ok = bio != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0,
                                                      NULL, NULL) == 1;

    if (ok) {
        long size = BIO_get_mem_data(bio, &data);

        ok = write_file(path, 0600, data, (size_t)size, error);
    } else {
        (void)wxs_fail(error, "OpenSSL could not write a key");
    }
    BIO_free(bio);
    return ok;
}

bool
wxs_account_publish(const char *path, const char *thumbprint, wxs_error *error)
{
    char line[WXS_THUMBPRINT_TEXT + 1];
    int len = snprintf(line, sizeof line, "%s\n", thumbprint);

    return write_file(path, 0640, line, (size_t)len, error);
}

bool
wxs_account_prepare(const char *acme, wxs_error *error)
{
    char path[512];
    EVP_PKEY *key;
    bool ok;

    if (!make_folder(acme, "", error) ||
        !make_folder(acme, "/private", error) ||
        !make_folder(acme, "/orders", error))
        return false;
    if (snprintf(path, sizeof path, "%s/private/key.pem", acme) >=
        (int)sizeof path)
        return wxs_fail(error, "the path of %s is too long", acme);
    if (access(path, F_OK) == 0)
        return true;
    key = EVP_EC_gen("P-256");
    ok = key != NULL ? write_key(key, path, error)
                     : wxs_fail(error, "OpenSSL could not make a P-256 key");
    EVP_PKEY_free(key);
    return ok;
}

static EVP_PKEY *
load_key(const char *path, wxs_error *error)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key = NULL;

    if (file != NULL) {
        key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        (void)fclose(file);
    }
    if (key == NULL)
        (void)wxs_fail(error,
                       "cannot read the ACME account's key in %s; if it is "
                       "lost, delete the file: a new account is made",
                       path);
    return key;
}

/* The members of the JWK in the order of their names, without blanks. */
static bool
hash_jwk(const uint8_t point[POINT_SIZE], uint8_t hash[32])
{
    char x[FIELD_TEXT + 1], y[FIELD_TEXT + 1], jwk[160];
    int len;

    (void)wxs_base64url_encode(point + 1, FIELD_SIZE, x);
    (void)wxs_base64url_encode(point + 1 + FIELD_SIZE, FIELD_SIZE, y);
    len = snprintf(jwk, sizeof jwk,
                   "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.43s\","
                   "\"y\":\"%.43s\"}",
                   x, y);
    return EVP_Digest(jwk, (size_t)len, hash, NULL, EVP_sha256(), NULL) == 1;
}

bool
wxs_account_thumbprint(const char *key_path,
                       char thumbprint[WXS_THUMBPRINT_TEXT], wxs_error *error)
{
    EVP_PKEY *key = load_key(key_path, error);
    uint8_t point[POINT_SIZE], hash[32];
    size_t len = 0;
    bool ok;

    if (key == NULL)
        return false;
    ok = EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point,
                                         &len) == 1 &&
         len == sizeof point && point[0] == 4 && hash_jwk(point, hash);
    EVP_PKEY_free(key);
    if (!ok)
        return wxs_fail(error, "%s holds no P-256 key", key_path);
    (void)wxs_base64url_encode(hash, sizeof hash, thumbprint);
    thumbprint[WXS_THUMBPRINT_TEXT - 1] = '\0';
    return true;
}
