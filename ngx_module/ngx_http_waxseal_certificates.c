
#include "ngx_http_waxseal.h"


#if (NGX_HTTP_SSL)


/* a file that cannot be used is looked at again no sooner */
#define NGX_HTTP_WAXSEAL_CERTIFICATE_RETRY  5000


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
