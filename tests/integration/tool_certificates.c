/* tool_certificates FOLDER ROOTS [unsynced]
 *
 * Makes certificate files from the lines of its input, as a certification
 * authority with an intermediate of its own would, and adds its root to the
 * PEM file ROOTS:
 *   HOST GENERATION NAME DAYS   a certificate for NAME until DAYS from now
 */
#include <err.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certificate_file.h"

typedef struct {
    X509 *certificate;
    EVP_PKEY *key;
} signer;

static void
check(int ok, const char *what)
{
    if (!ok)
        errx(1, "%s", what);
}

static void
extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);

    check(extension != NULL && X509_add_ext(certificate, extension, -1), value);
    X509_EXTENSION_free(extension);
}

static X509 *
certificate_new(const char *name, EVP_PKEY *key, long days)
{
    X509 *certificate = X509_new();
    uint8_t serial[8];

    check(certificate != NULL && RAND_bytes(serial, sizeof serial), "random");
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);

    check(X509_set_version(certificate, X509_VERSION_3), "version");
    check(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) !=
              NULL,
          "serial");
    BN_free(number);
    check(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600 * 24 * 90L) !=
                  NULL &&
              X509_gmtime_adj(X509_getm_notAfter(certificate),
                              3600 * 24 * days) != NULL,
          "time");
    check(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                                     MBSTRING_ASC, (const uint8_t *)name, -1,
                                     -1, 0) == 1,
          "subject");
    check(X509_set_pubkey(certificate, key), "public key");
    return certificate;
}

static void
certificate_sign(X509 *certificate, const signer *by)
{
    X509 *issuer = by->certificate != NULL ? by->certificate : certificate;

    check(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) ==
                  1 &&
              X509_sign(certificate, by->key, EVP_sha256()) > 0,
          "signature");
}

static signer
authority_new(const char *name, const signer *by)
{
    signer made = {NULL, EVP_EC_gen("P-256")};

    check(made.key != NULL, "key");
    X509 *certificate = certificate_new(name, made.key, 3650);

    extension_add(certificate, certificate, NID_basic_constraints,
                  "critical,CA:TRUE");
    extension_add(certificate, certificate, NID_key_usage,
                  "critical,keyCertSign");
    certificate_sign(certificate, by != NULL ? by : &made);
    made.certificate = certificate;
    return made;
}

static wxs_der
certificate_der(X509 *certificate)
{
    uint8_t *data = NULL;
    int len = i2d_X509(certificate, &data);

    check(len > 0, "DER");
    return (wxs_der){data, (size_t)len};
}

static void
file_write(const char *path, const uint8_t *data, size_t len)
{
    FILE *file = fopen(path, "w");

    if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0)
        err(1, "%s", path);
}

static void
bundle_write(const char *folder, const char *host, uint64_t generation,
             const wxs_certificate_bundle *bundle, int synced)
{
    static uint8_t data[WXS_CERTIFICATE_FILE_MAX];
    char path[WXS_CERTIFICATE_PATH_MAX];
    size_t len;

    if (synced) {
        check(wxs_certificate_write(folder, host, strlen(host), generation,
                                    bundle) == WXS_OK,
              host);
        return;
    }
    check(wxs_certificate_path(folder, host, strlen(host), generation, path,
                               sizeof path) == WXS_OK &&
              wxs_certificate_format(bundle, data, sizeof data, &len) == WXS_OK,
          host);
    file_write(path, data, len);
}

static void
host_make(const char *folder, char *line, const signer *issuer, int synced)
{
    char *rest = NULL, san[300];
    const char *host = strtok_r(line, " \n", &rest);
    const char *generation = strtok_r(NULL, " \n", &rest);
    const char *name = strtok_r(NULL, " \n", &rest);
    const char *days = strtok_r(NULL, " \n", &rest);

    check(days != NULL, "a word is missing");
    EVP_PKEY *key = EVP_EC_gen("P-256");

    check(key != NULL, "key");
    X509 *leaf = certificate_new(name, key, atol(days));

    snprintf(san, sizeof san, "DNS:%s", name);
    extension_add(leaf, issuer->certificate, NID_subject_alt_name, san);
    certificate_sign(leaf, issuer);

    uint8_t *key_data = NULL;
    int key_len = i2d_PrivateKey(key, &key_data); /* ECPrivateKey */

    check(key_len > 0, "DER");
    wxs_certificate_bundle bundle = {
        .key = {key_data, (size_t)key_len},
        .certificates = {certificate_der(leaf),
                         certificate_der(issuer->certificate)},
        .count = 2};

    bundle_write(folder, host, strtoull(generation, NULL, 10), &bundle, synced);
    OPENSSL_free((void *)bundle.certificates[0].data);
    OPENSSL_free((void *)bundle.certificates[1].data);
    OPENSSL_free(key_data);
    X509_free(leaf);
    EVP_PKEY_free(key);
}

int
main(int argc, char **argv)
{
    char line[1000];

    if (argc < 3)
        errx(1, "usage: tool_certificates FOLDER ROOTS [unsynced]");
    /* a name that is used once: clients look for the issuer by it */
    char name[2][40];
    uint32_t number;

    check(RAND_bytes((uint8_t *)&number, sizeof number), "random");
    snprintf(name[0], sizeof name[0], "Test Root %08x", number);
    snprintf(name[1], sizeof name[1], "Test Issuer %08x", number);
    signer root = authority_new(name[0], NULL);
    signer issuer = authority_new(name[1], &root);
    FILE *roots = fopen(argv[2], "a");

    if (roots == NULL || !PEM_write_X509(roots, root.certificate) ||
        fclose(roots) != 0)
        err(1, "%s", argv[2]);
    while (fgets(line, sizeof line, stdin) != NULL)
        if (line[0] != '\n')
            host_make(argv[1], line, &issuer, argc == 3);
    X509_free(root.certificate);
    X509_free(issuer.certificate);
    EVP_PKEY_free(root.key);
    EVP_PKEY_free(issuer.key);
    return 0;
}
