
#include "ngx_http_waxseal.h"
#include "certificate_file.h"


#if (NGX_HTTP_SSL)


static const char *ngx_http_waxseal_certificate_parse(
    ngx_http_waxseal_certificate_t *certificate,
    wxs_certificate_bundle *bundle);
static const char *ngx_http_waxseal_certificate_check(
    ngx_http_waxseal_certificate_t *certificate);
static X509 *ngx_http_waxseal_certificate_x509(wxs_der *der);


const char *
ngx_http_waxseal_certificate_read(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_http_waxseal_certificate_t *certificate, uint64_t generation)
{
    char                     path[WXS_CERTIFICATE_PATH_MAX];
    ngx_str_t               *host;
    wxs_status               status;
    const char              *reason;
    wxs_certificate_bundle   bundle;

    static uint8_t           data[WXS_CERTIFICATE_FILE_MAX];

    host = &certificate->host;

    status = wxs_certificate_path((char *) wmcf->certificates.data,
                                  (char *) host->data, host->len, generation,
                                  path, sizeof(path));

    if (status == WXS_OK) {
        status = wxs_certificate_read(path, data, &bundle);
    }

    if (status != WXS_OK) {

        if (status == WXS_IO) {
            reason = "its file cannot be read";

        } else {
            ngx_set_errno(0);
            reason = wxs_status_text(status);
        }

    } else {
        ngx_set_errno(0);
        reason = ngx_http_waxseal_certificate_parse(certificate, &bundle);
    }

    ngx_explicit_memzero(data, sizeof(data));

    return reason;
}


static const char *
ngx_http_waxseal_certificate_parse(ngx_http_waxseal_certificate_t *certificate,
    wxs_certificate_bundle *bundle)
{
    X509           *x509;
    ngx_uint_t      i;
    const uint8_t  *p;

    p = bundle->key.data;

    /* with its type known, reading the key takes a quarter of the time */

    certificate->key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &p, bundle->key.len);

    if (certificate->key == NULL || p != bundle->key.data + bundle->key.len) {
        return "its key is not an EC private key";
    }

    certificate->leaf =
                    ngx_http_waxseal_certificate_x509(&bundle->certificates[0]);
    if (certificate->leaf == NULL) {
        return "it is not an X.509 certificate";
    }

    certificate->issuers = sk_X509_new_null();
    if (certificate->issuers == NULL) {
        return "out of memory";
    }

    for (i = 1; i < bundle->count; i++) {

        x509 = ngx_http_waxseal_certificate_x509(&bundle->certificates[i]);
        if (x509 == NULL) {
            return "its issuer is not an X.509 certificate";
        }

        if (sk_X509_push(certificate->issuers, x509) == 0) {
            X509_free(x509);
            return "out of memory";
        }
    }

    return ngx_http_waxseal_certificate_check(certificate);
}


static const char *
ngx_http_waxseal_certificate_check(ngx_http_waxseal_certificate_t *certificate)
{
    struct tm   tm;
    ngx_str_t  *host;

    if (X509_check_private_key(certificate->leaf, certificate->key) != 1) {
        return "its key is another one's";
    }

    host = &certificate->host;

    if (X509_check_host(certificate->leaf, (char *) host->data, host->len, 0,
                        NULL)
        != 1)
    {
        return "it is for another host";
    }

    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate->leaf), &tm) != 1) {
        return "its end cannot be read";
    }

    certificate->expires = timegm(&tm);

    return NULL;
}


static X509 *
ngx_http_waxseal_certificate_x509(wxs_der *der)
{
    X509           *x509;
    const uint8_t  *p;

    p = der->data;

    x509 = d2i_X509(NULL, &p, der->len);

    if (x509 && p != der->data + der->len) {
        X509_free(x509);
        return NULL;
    }

    return x509;
}


/* handshakes that use them hold references of their own */

void
ngx_http_waxseal_certificate_clear(ngx_http_waxseal_certificate_t *certificate)
{
    X509_free(certificate->leaf);
    EVP_PKEY_free(certificate->key);
    sk_X509_pop_free(certificate->issuers, X509_free);

    certificate->leaf = NULL;
    certificate->key = NULL;
    certificate->issuers = NULL;
}


ngx_int_t
ngx_http_waxseal_certificate_use(ngx_http_waxseal_certificate_t *certificate,
    ngx_ssl_conn_t *ssl_conn)
{
    /* a fallback of another key type would stay beside it */

    SSL_certs_clear(ssl_conn);

    if (SSL_use_cert_and_key(ssl_conn, certificate->leaf, certificate->key,
                             certificate->issuers, 1)
        != 1)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_waxseal_certificate_valid(ngx_http_waxseal_certificate_t *certificate)
{
    return certificate->expires > ngx_time();
}


#endif /* NGX_HTTP_SSL */
