#include "certificate.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "file.h"

#define LIFETIME_DAYS 3650

static bool
bio_save(BIO *bio, const char *path, mode_t mode, wxs_error *error)
{
    char *data;
    long size = BIO_get_mem_data(bio, &data);

    if (size <= 0)
        return wxs_fail(error, "out of memory");
    return wxs_file_write(path, data, (size_t)size, mode, WXS_FILE_NEW, error);
}

static bool
key_make(const char *path, wxs_error *error)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    /* wipes what it held when it is freed */
    BIO *bio = BIO_new(BIO_s_secmem());
    bool ok =
        key != NULL && bio != NULL &&
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;

    if (ok)
        ok = bio_save(bio, path, 0600, error);
    else
        (void)wxs_fail(error, "OpenSSL could not make a P-256 key");
    BIO_free(bio);
    EVP_PKEY_free(key);
    return ok;
}

static EVP_PKEY *
key_load(const char *path, wxs_error *error)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key = NULL;

    if (file != NULL) {
        key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        (void)fclose(file);
    }
    if (key == NULL)
        (void)wxs_fail(error, "cannot read the private key in %s", path);
    return key;
}

static bool
extension_add(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL)
        return false;
    bool ok = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool
serial_set(X509 *certificate)
{
    uint8_t bytes[16];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, full length */
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool ok =
        number != NULL &&
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return ok;
}

/* Fills and signs the certificate (RFC 5280). */
static bool
certificate_fill(X509 *certificate, EVP_PKEY *key)
{
    static const unsigned char name[] = "waxseal fallback";
    X509_NAME *subject = X509_get_subject_name(certificate);

    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           serial_set(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -86400L) != NULL &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), LIFETIME_DAYS, 0,
                            NULL) != NULL &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 &&
           X509_set_pubkey(certificate, key) == 1 &&
           extension_add(certificate, NID_basic_constraints,
                         "critical,CA:FALSE") &&
           extension_add(certificate, NID_subject_alt_name,
                         "DNS:waxseal.invalid") &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

static bool
certificate_make(const char *path, const char *key_path, wxs_error *error)
{
    X509 *certificate = NULL;
    BIO *bio = NULL;
    bool ok = false;
    EVP_PKEY *key = key_load(key_path, error);

    if (key == NULL)
        goto out;
    certificate = X509_new();
    bio = BIO_new(BIO_s_mem());
    if (certificate == NULL || bio == NULL ||
        !certificate_fill(certificate, key) ||
        PEM_write_bio_X509(bio, certificate) != 1) {
        (void)wxs_fail(error, "OpenSSL could not make a certificate");
        goto out;
    }
    ok = bio_save(bio, path, 0640, error);
out:
    BIO_free(bio);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return ok;
}

bool
wxs_certificate_make(const char *dir, wxs_error *error)
{
    char key[PATH_MAX], certificate[PATH_MAX];

    if (!wxs_path_join(key, sizeof(key), dir, "/fallback.key", error) ||
        !wxs_path_join(certificate, sizeof(certificate), dir, "/fallback.pem",
                       error))
        return false;
    /* the key first: a certificate without its key could not be mended */
    if (!wxs_file_exists(key) && !key_make(key, error))
        return false;
    return wxs_file_exists(certificate) ||
           certificate_make(certificate, key, error);
}
