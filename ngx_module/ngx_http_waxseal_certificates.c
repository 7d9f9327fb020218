
#include "ngx_http_waxseal.h"
#include "certificate_file.h"


#if (NGX_HTTP_SSL)


/* a file that cannot be used is looked at again no sooner */
#define NGX_HTTP_WAXSEAL_CERTIFICATE_RETRY  5000


/*
 * a host in the cache; without a leaf it stands for a file that cannot be
 * used, so that no handshake waits for a disk in vain
 */

struct ngx_http_waxseal_certificate_s {
    ngx_http_waxseal_certificate_t   *next;     /* of its bucket */
    uint32_t                          hash;
    unsigned                          failed:1;
    ngx_str_t                         host;

    uint64_t                          generation;
    ngx_msec_t                        retry;
    time_t                            expires;

    X509                             *leaf;
    EVP_PKEY                         *key;
    STACK_OF(X509)                   *issuers;

    ngx_queue_t                       queue;
};


typedef struct {
    ngx_http_waxseal_certificate_t  **buckets;  /* a power of two of them */
    ngx_uint_t                        size;
    ngx_uint_t                        count;
    ngx_queue_t                       queue;    /* the one used last is first */
} ngx_http_waxseal_certificates_t;


static ngx_int_t ngx_http_waxseal_certificates_init(
    ngx_http_waxseal_main_conf_t *wmcf, ngx_log_t *log);
static ngx_http_waxseal_certificate_t **ngx_http_waxseal_certificate_find(
    ngx_str_t *host, uint32_t hash);
static ngx_http_waxseal_certificate_t *ngx_http_waxseal_certificate_add(
    ngx_http_waxseal_main_conf_t *wmcf, ngx_str_t *host, uint32_t hash,
    ngx_log_t *log);
static void ngx_http_waxseal_certificate_load(
    ngx_http_waxseal_main_conf_t *wmcf,
    ngx_http_waxseal_certificate_t *certificate, uint64_t generation,
    ngx_log_t *log);
static const char *ngx_http_waxseal_certificate_read(
    ngx_http_waxseal_main_conf_t *wmcf,
    ngx_http_waxseal_certificate_t *certificate, uint64_t generation);
static const char *ngx_http_waxseal_certificate_parse(
    ngx_http_waxseal_certificate_t *certificate,
    wxs_certificate_bundle *bundle);
static const char *ngx_http_waxseal_certificate_check(
    ngx_http_waxseal_certificate_t *certificate);
static X509 *ngx_http_waxseal_certificate_x509(wxs_der *der);
static void ngx_http_waxseal_certificate_clear(
    ngx_http_waxseal_certificate_t *certificate);
static void ngx_http_waxseal_certificate_evict(void);


/* of one worker process */

static ngx_http_waxseal_certificates_t  ngx_http_waxseal_certificates;


ngx_http_waxseal_certificate_t *
ngx_http_waxseal_certificate(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_str_t *host, uint64_t generation, ngx_log_t *log)
{
    uint32_t                          hash;
    ngx_http_waxseal_certificate_t   *certificate;
    ngx_http_waxseal_certificates_t  *cache;

    cache = &ngx_http_waxseal_certificates;

    if (cache->buckets == NULL
        && ngx_http_waxseal_certificates_init(wmcf, log) != NGX_OK)
    {
        return NULL;
    }

    hash = ngx_murmur_hash2(host->data, host->len);

    certificate = *ngx_http_waxseal_certificate_find(host, hash);

    if (certificate == NULL) {
        certificate = ngx_http_waxseal_certificate_add(wmcf, host, hash, log);
        if (certificate == NULL) {
            return NULL;
        }

    } else {
        ngx_queue_remove(&certificate->queue);
        ngx_queue_insert_head(&cache->queue, &certificate->queue);
    }

    if (certificate->generation != generation
        || (certificate->failed
            && (ngx_msec_int_t) (ngx_current_msec - certificate->retry) >= 0))
    {
        ngx_http_waxseal_certificate_load(wmcf, certificate, generation, log);

    } else if (!certificate->failed) {
        (void) ngx_atomic_fetch_add(
            &ngx_http_waxseal_counters->certificates_cached, 1);
    }

    return certificate->leaf ? certificate : NULL;
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


static ngx_int_t
ngx_http_waxseal_certificates_init(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_log_t *log)
{
    ngx_http_waxseal_certificates_t  *cache;

    cache = &ngx_http_waxseal_certificates;

    cache->size = 1;

    while (cache->size < wmcf->certificates_max) {
        cache->size *= 2;
    }

    cache->buckets = ngx_calloc(cache->size
                                * sizeof(ngx_http_waxseal_certificate_t *),
                                log);
    if (cache->buckets == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_init(&cache->queue);

    return NGX_OK;
}


/* the pointer to it, or the one at the end of its bucket */

static ngx_http_waxseal_certificate_t **
ngx_http_waxseal_certificate_find(ngx_str_t *host, uint32_t hash)
{
    ngx_http_waxseal_certificate_t   *certificate, **p;
    ngx_http_waxseal_certificates_t  *cache;

    cache = &ngx_http_waxseal_certificates;

    for (p = &cache->buckets[hash & (cache->size - 1)]; *p; p = &(*p)->next) {

        certificate = *p;

        if (certificate->hash == hash
            && certificate->host.len == host->len
            && ngx_memcmp(certificate->host.data, host->data, host->len) == 0)
        {
            break;
        }
    }

    return p;
}


static ngx_http_waxseal_certificate_t *
ngx_http_waxseal_certificate_add(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_str_t *host, uint32_t hash, ngx_log_t *log)
{
    ngx_http_waxseal_certificate_t   *certificate, **p;
    ngx_http_waxseal_certificates_t  *cache;

    cache = &ngx_http_waxseal_certificates;

    while (cache->count && cache->count >= wmcf->certificates_max) {
        ngx_http_waxseal_certificate_evict();
    }

    certificate = ngx_calloc(sizeof(ngx_http_waxseal_certificate_t)
                             + host->len, log);
    if (certificate == NULL) {
        return NULL;
    }

    certificate->hash = hash;
    certificate->host.len = host->len;
    certificate->host.data = (u_char *) (certificate + 1);
    ngx_memcpy(certificate->host.data, host->data, host->len);

    p = &cache->buckets[hash & (cache->size - 1)];
    certificate->next = *p;
    *p = certificate;

    ngx_queue_insert_head(&cache->queue, &certificate->queue);
    cache->count++;

    return certificate;
}


static void
ngx_http_waxseal_certificate_load(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_http_waxseal_certificate_t *certificate, uint64_t generation,
    ngx_log_t *log)
{
    ngx_err_t                        err;
    const char                      *reason;
    ngx_uint_t                       again;
    ngx_http_waxseal_certificate_t   fresh;

    again = certificate->failed && certificate->generation == generation;

    fresh = *certificate;
    fresh.leaf = NULL;
    fresh.key = NULL;
    fresh.issuers = NULL;

    ngx_set_errno(0);

    reason = ngx_http_waxseal_certificate_read(wmcf, &fresh, generation);

    if (reason == NULL) {
        ngx_http_waxseal_certificate_clear(certificate);

        certificate->leaf = fresh.leaf;
        certificate->key = fresh.key;
        certificate->issuers = fresh.issuers;
        certificate->expires = fresh.expires;
        certificate->generation = generation;
        certificate->failed = 0;

        (void) ngx_atomic_fetch_add(
            &ngx_http_waxseal_counters->certificates_loaded, 1);
        return;
    }

    err = ngx_errno;

    ngx_http_waxseal_certificate_clear(&fresh);

    /* nginx would report it as an error of the connection */
    ERR_clear_error();

    certificate->generation = generation;
    certificate->failed = 1;
    certificate->retry = ngx_current_msec + NGX_HTTP_WAXSEAL_CERTIFICATE_RETRY;

    (void) ngx_atomic_fetch_add(
        &ngx_http_waxseal_counters->certificates_failed, 1);

    if (!again) {
        ngx_log_error(NGX_LOG_ERR, log, err,
                      "certificate %uL of host \"%V\" cannot be used: %s, %s",
                      generation, &certificate->host, reason,
                      certificate->leaf ? "the former one stays in use"
                                        : "the host has none");
    }
}


/* NULL, or why it failed; errno is then 0 or tells more */

static const char *
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

static void
ngx_http_waxseal_certificate_clear(ngx_http_waxseal_certificate_t *certificate)
{
    X509_free(certificate->leaf);
    EVP_PKEY_free(certificate->key);
    sk_X509_pop_free(certificate->issuers, X509_free);

    certificate->leaf = NULL;
    certificate->key = NULL;
    certificate->issuers = NULL;
}


static void
ngx_http_waxseal_certificate_evict(void)
{
    ngx_queue_t                      *q;
    ngx_http_waxseal_certificate_t   *certificate;
    ngx_http_waxseal_certificates_t  *cache;

    cache = &ngx_http_waxseal_certificates;

    q = ngx_queue_last(&cache->queue);
    certificate = ngx_queue_data(q, ngx_http_waxseal_certificate_t, queue);

    ngx_queue_remove(q);

    *ngx_http_waxseal_certificate_find(&certificate->host, certificate->hash)
        = certificate->next;

    cache->count--;

    ngx_http_waxseal_certificate_clear(certificate);
    ngx_free(certificate);
}


void
ngx_http_waxseal_certificates_free(void)
{
    while (ngx_http_waxseal_certificates.count) {
        ngx_http_waxseal_certificate_evict();
    }

    if (ngx_http_waxseal_certificates.buckets) {
        ngx_free(ngx_http_waxseal_certificates.buckets);
        ngx_http_waxseal_certificates.buckets = NULL;
    }
}


#endif /* NGX_HTTP_SSL */
