
#include "ngx_http_waxseal.h"


static ngx_uint_t ngx_http_waxseal_has_https(ngx_http_request_t *r,
    const wxs_table_host *host);
static ngx_uint_t ngx_http_waxseal_claims_https(ngx_http_request_t *r);
static ngx_int_t ngx_http_waxseal_send_https(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, ngx_str_t *text);


static ngx_str_t  ngx_http_waxseal_hsts_name =
    ngx_string("Strict-Transport-Security");

/* headers by which proxies tell the protocol */

static ngx_str_t  ngx_http_waxseal_forwarded_names[] = {
    ngx_string("x-forwarded-proto"),
    ngx_string("cloudfront-forwarded-proto"),
    ngx_string("cf-visitor"),
    ngx_string("forwarded"),
    ngx_null_string
};


ngx_int_t
ngx_http_waxseal_enforce(ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx,
    const wxs_table_host *host, ngx_http_waxseal_token_t *token,
    ngx_str_t *text)
{
    ngx_http_waxseal_loc_conf_t  *wlcf;

    if (ngx_http_waxseal_is_https(r)) {

        wlcf = ngx_http_get_module_loc_conf(r, ngx_http_waxseal_module);

        if (wlcf->hsts
            && ngx_http_waxseal_add_header(r, &ngx_http_waxseal_hsts_name,
                                           &wlcf->hsts_value)
               == NULL)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return NGX_DECLINED;
    }

    /*
     * a mailbox provider that unsubscribes somebody follows no redirect
     * (RFC 8058, section 3.1), and the wish would be lost
     */

    if (r->method == NGX_HTTP_POST
        || (ctx->event != NGX_HTTP_WAXSEAL_CLICK
            && ctx->event != NGX_HTTP_WAXSEAL_OPEN
            && ctx->event != NGX_HTTP_WAXSEAL_UNSUBSCRIBE)
        || token->status != WXS_OK
        || !ngx_http_waxseal_has_https(r, host))
    {
        return NGX_DECLINED;
    }

    return ngx_http_waxseal_send_https(r, ctx, text);
}


/*
 * whether the host answers by https: for certain, since a link that leads to a
 * warning is a dead link
 */

static ngx_uint_t
ngx_http_waxseal_has_https(ngx_http_request_t *r, const wxs_table_host *host)
{
#if (NGX_HTTP_SSL)

    uint64_t                         generation;
    ngx_http_waxseal_main_conf_t    *wmcf;
    ngx_http_waxseal_certificate_t  *certificate;

#endif

    if (ngx_http_waxseal_forwarded_protocol(r)) {

        /* who has said that it was http ends TLS as well */
        return 1;
    }

    if (ngx_http_waxseal_claims_https(r)) {
        return 0;
    }

#if (NGX_HTTP_SSL)

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_waxseal_module);
    generation = ngx_http_waxseal_generation(host);

    if (wmcf->certificates.len == 0 || generation == 0) {
        return 0;
    }

    certificate = ngx_http_waxseal_certificate(wmcf, &r->headers_in.server,
                                               generation, r->connection->log);

    return certificate && ngx_http_waxseal_certificate_valid(certificate);

#else

    return 0;

#endif
}


/*
 * somebody in front whom the settings do not trust: the protocol is not
 * believed, but a redirect would come back here for ever if it is true
 */

static ngx_uint_t
ngx_http_waxseal_claims_https(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_str_t        *name;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            for (name = ngx_http_waxseal_forwarded_names; name->len; name++) {

                if (h[i].key.len == name->len
                    && ngx_memcmp(h[i].lowcase_key, name->data, name->len) == 0
                    && ngx_strlcasestrn(h[i].value.data,
                                        h[i].value.data + h[i].value.len,
                                        (u_char *) "https", 5 - 1))
                {
                    return 1;
                }
            }
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_waxseal_send_https(ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx,
    ngx_str_t *text)
{
    u_char     *p;
    ngx_str_t   location, *server;

    server = &r->headers_in.server;

    location.len = sizeof("https:///c/") - 1 + server->len + text->len;

    location.data = ngx_pnalloc(r->pool, location.len);
    if (location.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* a token that was read is nothing but base64url */

    p = ngx_cpymem(location.data, "https://", sizeof("https://") - 1);
    p = ngx_cpymem(p, server->data, server->len);
    p = ngx_cpymem(p, r->uri.data, sizeof("/c/") - 1);
    ngx_memcpy(p, text->data, text->len);

    ctx->result = NGX_HTTP_WAXSEAL_TO_HTTPS;

    return ngx_http_waxseal_send_redirect(r, ctx, NGX_HTTP_PERMANENT_REDIRECT,
                                          &location);
}


uint64_t
ngx_http_waxseal_generation(const wxs_table_host *host)
{
    size_t  i;

    /* the newest owner is the first; a former one's certificate serves, too */

    for (i = 0; i < host->count; i++) {
        if (host->domains[i].certificate) {
            return host->domains[i].certificate;
        }
    }

    return 0;
}


char *
ngx_http_waxseal_merge_hsts(ngx_conf_t *cf, ngx_http_waxseal_loc_conf_t *conf)
{
    u_char  *p;

    if (conf->hsts == 0) {
        return NGX_CONF_OK;
    }

    p = ngx_pnalloc(cf->pool, sizeof("max-age=") - 1 + NGX_TIME_T_LEN);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    conf->hsts_value.data = p;
    conf->hsts_value.len = ngx_sprintf(p, "max-age=%T", conf->hsts) - p;

    return NGX_CONF_OK;
}
