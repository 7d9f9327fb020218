#include "key_request.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* The host as the only subject alternative name; the subject stays empty, since
 * a common name may have no more than 64 characters. */
static bool
add_host(X509_REQ *request, const char *host)
{
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    X509_EXTENSION *extension = NULL;
    bool ok = false;

    if (extensions == NULL || names == NULL || name == NULL || text == NULL ||
        ASN1_STRING_set(text, host, -1) != 1)
        goto out;
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    text = NULL;
    if (sk_GENERAL_NAME_push(names, name) == 0)
        goto out;
    name = NULL;
    extension = X509V3_EXT_i2d(NID_subject_alt_name, 0, names);
    if (extension == NULL || sk_X509_EXTENSION_push(extensions, extension) == 0)
        goto out;
    extension = NULL;
    ok = X509_REQ_add_extensions(request, extensions) == 1;
out:
    X509_EXTENSION_free(extension);
    ASN1_IA5STRING_free(text);
    GENERAL_NAME_free(name);
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return ok;
}

static bool
write_request(X509_REQ *request, const char *path, wxs_error *error)
{
    FILE *file = fopen(path, "we");
    bool ok;

    if (file == NULL)
        return wxs_fail(error, "cannot write %s: %s", path, strerror(errno));
    ok = PEM_write_X509_REQ(file, request) == 1;
    ok = fclose(file) == 0 && ok;
    return ok || wxs_fail(error, "cannot write %s: %s", path, strerror(errno));
}

EVP_PKEY *
wxs_key_request(const char *host, const char *path, wxs_error *error)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_REQ *request = X509_REQ_new();
    bool ok = false;

    if (key == NULL || request == NULL ||
        X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(request, key) != 1 || !add_host(request, host) ||
        X509_REQ_sign(request, key, EVP_sha256()) <= 0)
        (void)wxs_fail(error, "OpenSSL could not make a certificate request");
    else
        ok = write_request(request, path, error);
    X509_REQ_free(request);
    if (ok)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}
