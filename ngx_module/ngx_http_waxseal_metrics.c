
#include "ngx_http_waxseal.h"


#define NGX_HTTP_WAXSEAL_SLOT_SIZE                                            \
    ngx_align(sizeof(ngx_http_waxseal_counters_t), 128)


static ngx_int_t ngx_http_waxseal_metrics_init_zone(ngx_shm_zone_t *zone,
    void *data);


static ngx_http_waxseal_counters_t  ngx_http_waxseal_no_counters;

ngx_http_waxseal_counters_t  *ngx_http_waxseal_counters =
                                                &ngx_http_waxseal_no_counters;

/* of all workers */
static u_char                *ngx_http_waxseal_slots;


ngx_int_t
ngx_http_waxseal_metrics_add_zone(ngx_conf_t *cf,
    ngx_http_waxseal_main_conf_t *wmcf)
{
    size_t     size;
    ngx_str_t  name = ngx_string("waxseal");

    size = NGX_HTTP_WAXSEAL_SLOTS * NGX_HTTP_WAXSEAL_SLOT_SIZE
           + 8 * ngx_pagesize;

    wmcf->zone = ngx_shared_memory_add(cf, &name,
                                       ngx_align(size, ngx_pagesize),
                                       &ngx_http_waxseal_module);
    if (wmcf->zone == NULL) {
        return NGX_ERROR;
    }

    wmcf->zone->init = ngx_http_waxseal_metrics_init_zone;

    return NGX_OK;
}


static ngx_int_t
ngx_http_waxseal_metrics_init_zone(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t  *shpool;

    if (data) {
        zone->data = data;
        return NGX_OK;
    }

    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        zone->data = shpool->data;
        return NGX_OK;
    }

    zone->data = ngx_slab_calloc(shpool, NGX_HTTP_WAXSEAL_SLOTS
                                         * NGX_HTTP_WAXSEAL_SLOT_SIZE);
    if (zone->data == NULL) {
        return NGX_ERROR;
    }

    shpool->data = zone->data;

    return NGX_OK;
}


void
ngx_http_waxseal_metrics_init(ngx_http_waxseal_main_conf_t *wmcf)
{
    ngx_http_waxseal_slots = wmcf->zone->data;

    ngx_http_waxseal_counters = (ngx_http_waxseal_counters_t *)
                                (ngx_http_waxseal_slots
                                 + ngx_worker % NGX_HTTP_WAXSEAL_SLOTS
                                   * NGX_HTTP_WAXSEAL_SLOT_SIZE);

    ngx_http_waxseal_counters->used = 1;
}


ngx_http_waxseal_counters_t *
ngx_http_waxseal_metrics_slot(ngx_uint_t i)
{
    ngx_http_waxseal_counters_t  *counters;

    counters = (ngx_http_waxseal_counters_t *)
               (ngx_http_waxseal_slots + i * NGX_HTTP_WAXSEAL_SLOT_SIZE);

    return counters->used ? counters : NULL;
}


void
ngx_http_waxseal_metrics_sum(ngx_http_waxseal_counters_t *sum)
{
    u_char        *p;
    ngx_uint_t     i, n;
    ngx_atomic_t  *from, *to;

    ngx_memzero(sum, sizeof(ngx_http_waxseal_counters_t));

    /* the counters are an array of nothing but atomics */

    to = (ngx_atomic_t *) sum;
    p = ngx_http_waxseal_slots;

    for (i = 0; i < NGX_HTTP_WAXSEAL_SLOTS; i++) {
        from = (ngx_atomic_t *) p;

        for (n = 0;
             n < sizeof(ngx_http_waxseal_counters_t) / sizeof(ngx_atomic_t);
             n++)
        {
            to[n] += from[n];
        }

        p += NGX_HTTP_WAXSEAL_SLOT_SIZE;
    }
}
