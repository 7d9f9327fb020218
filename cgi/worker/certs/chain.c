#include "chain.h"

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event_store.h"

#define SECOND INT64_C(1000000)

typedef struct {
    X509 *item[WXS_CERTIFICATES_MAX];
    size_t count;
} certificates;

static void
free_certificates(certificates *all)
{
    for (size_t i = 0; i < all->count; i++)
        X509_free(all->item[i]);
}

static bool
load(const char *path, certificates *all, wxs_error *error)
{
    FILE *file = fopen(path, "re");
    X509 *next;

    if (file == NULL)
        return wxs_fail(error, "the ACME client left no certificate");
    while (all->count < WXS_CERTIFICATES_MAX &&
           (next = PEM_read_X509(file, NULL, NULL, NULL)) != NULL)
        all->item[all->count++] = next;
    (void)fclose(file);
    ERR_clear_error(); /* the end of the file is one */
    return all->count > 0 ||
           wxs_fail(error, "the ACME client left no readable certificate");
}

static bool
read_time(const ASN1_TIME *time, int64_t *us)
{
    struct tm parts;

    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return false;
    *us = (int64_t)timegm(&parts) * SECOND;
    return true;
}

static void
read_issuer(const X509 *leaf, char text[WXS_ISSUER_TEXT])
{
    static const int fields[] = {NID_commonName, NID_organizationName};
    const X509_NAME *name = X509_get_issuer_name(leaf);

    char raw[64];

    text[0] = '\0';
    for (size_t i = 0; i < 2 && text[0] == '\0'; i++) {
        int len = X509_NAME_get_text_by_NID((X509_NAME *)name, fields[i], raw,
                                            sizeof raw);

        if (len > 0)
            text[wxs_event_text(raw, (size_t)len, text)] = '\0';
    }
}

static bool
judge(X509 *leaf, EVP_PKEY *key, const char *host, int64_t now,
      wxs_chain_file *chain, wxs_error *error)
{
    if (!read_time(X509_get0_notBefore(leaf), &chain->not_before) ||
        !read_time(X509_get0_notAfter(leaf), &chain->not_after))
        return wxs_fail(error, "the certificate has no valid times");
    if (X509_check_private_key(leaf, key) != 1)
        return wxs_fail(error, "the certificate is for another key");
    if (X509_check_host(leaf, host, 0, X509_CHECK_FLAG_NO_WILDCARDS, NULL) != 1)
        return wxs_fail(error, "the certificate is not for %s", host);
    if (chain->not_after <= now)
        return wxs_fail(error, "the certificate has expired already: is this "
                               "machine's clock right?");
    read_issuer(leaf, chain->issuer);
    return true;
}

/* SEC 1, as core/certificate_file.h has it. */
static unsigned char *
key_der(EVP_PKEY *key, size_t *len)
{
    unsigned char *der = NULL;
    int size = i2d_PrivateKey(key, &der);

    *len = size > 0 ? (size_t)size : 0;
    return size > 0 ? der : NULL;
}

static bool
format(const certificates *all, EVP_PKEY *key, wxs_chain_file *chain)
{
    unsigned char *der[WXS_CERTIFICATES_MAX] = {NULL};
    wxs_certificate_bundle bundle = {.count = all->count};
    unsigned char *private = key_der(key, &bundle.key.len);
    bool ok = private != NULL;

    bundle.key.data = private;
    for (size_t i = 0; ok && i < all->count; i++) {
        int size = i2d_X509(all->item[i], &der[i]);

        ok = size > 0;
        bundle.certificates[i] =
            (wxs_der){.data = der[i], .len = ok ? (size_t)size : 0};
    }
    ok = ok && wxs_certificate_format(&bundle, chain->data, sizeof chain->data,
                                      &chain->len) == WXS_OK;
    for (size_t i = 0; i < all->count; i++)
        OPENSSL_free(der[i]);
    OPENSSL_clear_free(private, bundle.key.len);
    return ok;
}

bool
wxs_chain_read(const char *path, EVP_PKEY *key, const char *host, int64_t now,
               wxs_chain_file *chain, wxs_error *error)
{
    certificates all = {.count = 0};
    bool ok = load(path, &all, error) &&
              judge(all.item[0], key, host, now, chain, error) &&
              (format(&all, key, chain) ||
               wxs_fail(error, "the certificate's chain is too long"));

    free_certificates(&all);
    return ok;
}
