
#include "ngx_http_waxseal.h"


#define NGX_HTTP_WAXSEAL_HSTS  (30 * 24 * 60 * 60)


static ngx_int_t ngx_http_waxseal_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_waxseal_add_handler(ngx_conf_t *cf,
    ngx_http_handler_pt handler);
static void *ngx_http_waxseal_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_waxseal_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_http_waxseal_create_srv_conf(ngx_conf_t *cf);
static char *ngx_http_waxseal_merge_srv_conf(ngx_conf_t *cf, void *parent,
    void *child);
static void *ngx_http_waxseal_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_waxseal_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);

static ngx_int_t ngx_http_waxseal_init_process(ngx_cycle_t *cycle);
static void ngx_http_waxseal_exit_process(ngx_cycle_t *cycle);


static ngx_conf_post_t  ngx_http_waxseal_region_post =
    { ngx_http_waxseal_check_region };


#if (NGX_HTTP_SSL)

static ngx_conf_enum_t  ngx_http_waxseal_tls_modes[] = {
    { ngx_string("off"), NGX_HTTP_WAXSEAL_TLS_OFF },
    { ngx_string("fallback"), NGX_HTTP_WAXSEAL_TLS_FALLBACK },
    { ngx_string("reject"), NGX_HTTP_WAXSEAL_TLS_REJECT },
    { ngx_null_string, 0 }
};

#endif


static ngx_command_t  ngx_http_waxseal_commands[] = {

    { ngx_string("waxseal_table"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_waxseal_set_table,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("waxseal_journal"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_http_waxseal_set_journal,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("waxseal_region"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_waxseal_loc_conf_t, region),
      &ngx_http_waxseal_region_post },

    { ngx_string("waxseal_protocol"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_waxseal_loc_conf_t, protocol),
      NULL },

    { ngx_string("waxseal_hsts"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_waxseal_loc_conf_t, hsts),
      NULL },

    { ngx_string("waxseal_default_host"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_waxseal_set_default_host,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("waxseal_acme_thumbprint"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_waxseal_set_file,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_waxseal_main_conf_t, thumbprint),
      NULL },

#if (NGX_HTTP_SSL)

    { ngx_string("waxseal_certificates"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_http_waxseal_set_certificates,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_waxseal_main_conf_t, certificates),
      NULL },

    { ngx_string("waxseal_ticket_keys"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_waxseal_set_file,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_waxseal_main_conf_t, tickets),
      NULL },

    { ngx_string("waxseal_tls"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_SRV_CONF_OFFSET,
      offsetof(ngx_http_waxseal_srv_conf_t, tls),
      &ngx_http_waxseal_tls_modes },

#endif

    { ngx_string("waxseal_tracking"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_waxseal_set_tracking,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("waxseal_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_waxseal_set_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_waxseal_module_ctx = {
    ngx_http_waxseal_add_variables,        /* preconfiguration */
    ngx_http_waxseal_init,                 /* postconfiguration */

    ngx_http_waxseal_create_main_conf,     /* create main configuration */
    ngx_http_waxseal_init_main_conf,       /* init main configuration */

    ngx_http_waxseal_create_srv_conf,      /* create server configuration */
    ngx_http_waxseal_merge_srv_conf,       /* merge server configuration */

    ngx_http_waxseal_create_loc_conf,      /* create location configuration */
    ngx_http_waxseal_merge_loc_conf        /* merge location configuration */
};


ngx_module_t  ngx_http_waxseal_module = {
    NGX_MODULE_V1,
    &ngx_http_waxseal_module_ctx,          /* module context */
    ngx_http_waxseal_commands,             /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_waxseal_init_process,         /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_waxseal_exit_process,         /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_waxseal_init(ngx_conf_t *cf)
{
    ngx_http_waxseal_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_waxseal_module);

    if (wmcf->table.len
        && ngx_http_waxseal_add_handler(cf, ngx_http_waxseal_prefetch)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (wmcf->thumbprint.len
        && ngx_http_waxseal_add_handler(cf, ngx_http_waxseal_challenge_handler)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

#if (NGX_HTTP_SSL)

    return ngx_http_waxseal_tls_init(cf, wmcf);

#else

    return NGX_OK;

#endif
}


/* in the POST_READ phase, in which no location has been chosen */

static ngx_int_t
ngx_http_waxseal_add_handler(ngx_conf_t *cf, ngx_http_handler_pt handler)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_POST_READ_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = handler;

    return NGX_OK;
}


static void *
ngx_http_waxseal_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_waxseal_main_conf_t  *wmcf;

    wmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_waxseal_main_conf_t));
    if (wmcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     wmcf->table = { 0, NULL };
     *     wmcf->journal = { 0, NULL };
     *     wmcf->zone = NULL;
     *     wmcf->handler = { 0, NULL };
     *     wmcf->certificates = { 0, NULL };
     *     wmcf->tickets = { 0, NULL };
     *     wmcf->ticket_keys = { ... };
     *     wmcf->thumbprint = { 0, NULL };
     *     wmcf->default_hosts = NULL;
     */

    wmcf->segment = WXS_JOURNAL_SEGMENT_SIZE;
    wmcf->certificates_max = NGX_HTTP_WAXSEAL_CERTIFICATES;

    return wmcf;
}


static char *
ngx_http_waxseal_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_waxseal_main_conf_t  *wmcf = conf;

    if (wmcf->table.len == 0) {

        if (wmcf->handler.len) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is used, but \"waxseal_table\" "
                               "is not specified", &wmcf->handler);
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;
    }

    if (ngx_http_waxseal_metrics_add_zone(cf, wmcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

#if (NGX_HTTP_SSL)

    if (wmcf->tickets.len
        && ngx_http_waxseal_tickets_init_conf(cf, wmcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

#endif

    return NGX_CONF_OK;
}


static void *
ngx_http_waxseal_create_srv_conf(ngx_conf_t *cf)
{
    ngx_http_waxseal_srv_conf_t  *wscf;

    wscf = ngx_pcalloc(cf->pool, sizeof(ngx_http_waxseal_srv_conf_t));
    if (wscf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     wscf->main = NULL;
     */

    wscf->tls = NGX_CONF_UNSET_UINT;

    return wscf;
}


static char *
ngx_http_waxseal_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_waxseal_srv_conf_t *prev = parent;
    ngx_http_waxseal_srv_conf_t *conf = child;

    ngx_conf_merge_uint_value(conf->tls, prev->tls, NGX_HTTP_WAXSEAL_TLS_OFF);

    return NGX_CONF_OK;
}


static void *
ngx_http_waxseal_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_waxseal_loc_conf_t  *wlcf;

    wlcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_waxseal_loc_conf_t));
    if (wlcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     wlcf->region = { 0, NULL };
     *     wlcf->protocol = NULL;
     *     wlcf->hsts_value = { 0, NULL };
     */

    wlcf->hsts = NGX_CONF_UNSET;

    return wlcf;
}


static char *
ngx_http_waxseal_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_waxseal_loc_conf_t *prev = parent;
    ngx_http_waxseal_loc_conf_t *conf = child;

    ngx_conf_merge_str_value(conf->region, prev->region, "us-east-1");

    if (conf->protocol == NULL) {
        conf->protocol = prev->protocol;
    }

    ngx_conf_merge_sec_value(conf->hsts, prev->hsts, NGX_HTTP_WAXSEAL_HSTS);

    return ngx_http_waxseal_merge_hsts(cf, conf);
}


static ngx_int_t
ngx_http_waxseal_init_process(ngx_cycle_t *cycle)
{
    ngx_http_waxseal_main_conf_t  *wmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    wmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_waxseal_module);

    if (wmcf == NULL || wmcf->table.len == 0) {
        return NGX_OK;
    }

    ngx_http_waxseal_metrics_init(wmcf);
    ngx_http_waxseal_journal_init(wmcf, cycle->log);

    /* an absent table is reported at start */
    ngx_http_waxseal_table_tend(wmcf, cycle->log);

#if (NGX_HTTP_SSL)
    ngx_http_waxseal_tickets_init(wmcf);
#endif

    ngx_http_waxseal_files_tend(wmcf, cycle->log);

    ngx_http_waxseal_timer_init();

    return NGX_OK;
}


static void
ngx_http_waxseal_exit_process(ngx_cycle_t *cycle)
{
#if (NGX_HTTP_SSL)
    ngx_http_waxseal_certificates_free();
    ngx_http_waxseal_tickets_free();
#endif

    ngx_http_waxseal_journal_close();
    ngx_http_waxseal_keys_free();
    ngx_http_waxseal_table_close();
}
