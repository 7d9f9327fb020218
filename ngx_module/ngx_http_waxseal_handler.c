
#include "ngx_http_waxseal.h"


static ngx_str_t *ngx_http_waxseal_server(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, ngx_http_waxseal_main_conf_t *wmcf,
    ngx_str_t *text);
static ngx_int_t ngx_http_waxseal_serve(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, const wxs_table *table,
    const wxs_table_host *host, ngx_http_waxseal_token_t *token);
static ngx_int_t ngx_http_waxseal_unknown(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, ngx_http_waxseal_main_conf_t *wmcf);
static ngx_int_t ngx_http_waxseal_open(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, const wxs_table *table,
    const wxs_table_host *host, ngx_http_waxseal_token_t *token);
static ngx_int_t ngx_http_waxseal_click(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, const wxs_table *table,
    const wxs_table_host *host, ngx_http_waxseal_token_t *token);
static ngx_int_t ngx_http_waxseal_unsubscribe(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, const wxs_table *table,
    const wxs_table_host *host, ngx_http_waxseal_token_t *token);
static ngx_int_t ngx_http_waxseal_destination(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, const wxs_table *table,
    ngx_http_waxseal_token_t *read, ngx_str_t *location);


static ngx_http_waxseal_event_e
ngx_http_waxseal_route(ngx_str_t *uri, ngx_str_t *text)
{
    ngx_str_null(text);

    if (uri->len == sizeof("/favicon.ico") - 1
        && ngx_memcmp(uri->data, "/favicon.ico", uri->len) == 0)
    {
        return NGX_HTTP_WAXSEAL_FAVICON;
    }

    if (uri->len < 3 || uri->data[0] != '/' || uri->data[2] != '/') {
        return NGX_HTTP_WAXSEAL_OTHER;
    }

    text->data = uri->data + 3;
    text->len = uri->len - 3;

    switch (uri->data[1]) {

    case 'c':
        return NGX_HTTP_WAXSEAL_CLICK;

    case 'o':
        return NGX_HTTP_WAXSEAL_OPEN;

    case 'u':
        return NGX_HTTP_WAXSEAL_UNSUBSCRIBE;

    default:
        return NGX_HTTP_WAXSEAL_OTHER;
    }
}


ngx_int_t
ngx_http_waxseal_tracking_handler(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_str_t                      text, *server;
    const wxs_table               *table;
    wxs_table_host                 host;
    ngx_http_waxseal_ctx_t        *ctx;
    ngx_http_waxseal_seek_t        seek;
    ngx_http_waxseal_token_t       token;
    ngx_http_waxseal_main_conf_t  *wmcf;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_waxseal_ctx_t));
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_waxseal_module);

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_waxseal_module);

    ctx->event = ngx_http_waxseal_route(&r->uri, &text);

    server = ngx_http_waxseal_server(r, ctx, wmcf, &text);
    if (server == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))
        && !(r->method == NGX_HTTP_POST
             && ctx->event == NGX_HTTP_WAXSEAL_UNSUBSCRIBE))
    {
        ctx->result = NGX_HTTP_WAXSEAL_BAD_METHOD;
        return ngx_http_waxseal_send_error(r, ctx);
    }

    table = ngx_http_waxseal_table(wmcf, r->connection->log);

    if (table == NULL || server->len == 0) {
        ctx->result = NGX_HTTP_WAXSEAL_UNKNOWN_HOST;
        return ngx_http_waxseal_send_error(r, ctx);
    }

    ngx_http_waxseal_seek_host(table, server, &seek);

    if (ctx->event == NGX_HTTP_WAXSEAL_CLICK
        || ctx->event == NGX_HTTP_WAXSEAL_OPEN
        || ctx->event == NGX_HTTP_WAXSEAL_UNSUBSCRIBE)
    {
        /* memory answers while the token is read, and checked */

        ngx_http_waxseal_read_token(ctx->event, table, &text, &token);

        if (token.status == WXS_OK && token.parsed.token.is_table) {
            wxs_table_seek_record(table, token.link);
        }
    }

    if (ngx_http_waxseal_find_host(table, server, &seek, &host) != WXS_OK) {
        return ngx_http_waxseal_unknown(r, ctx, wmcf);
    }

    if (host.domains[0].flags & WXS_DOMAIN_TLS_ENFORCED
        && server == &r->headers_in.server)
    {
        rc = ngx_http_waxseal_enforce(r, ctx, &host, &token, &text);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return ngx_http_waxseal_serve(r, ctx, table, &host, &token);
}


/* the host whose link it is: that of the request, save for a default host */

static ngx_str_t *
ngx_http_waxseal_server(ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx,
    ngx_http_waxseal_main_conf_t *wmcf, ngx_str_t *text)
{
    ngx_str_t  uri, *server;

    if (ctx->event != NGX_HTTP_WAXSEAL_OTHER
        || !ngx_http_waxseal_is_default_host(wmcf, &r->headers_in.server))
    {
        return &r->headers_in.server;
    }

    server = ngx_palloc(r->pool, sizeof(ngx_str_t) + WXS_HOST_MAX);
    if (server == NULL) {
        return NULL;
    }

    server->data = (u_char *) (server + 1);

    uri = r->uri;

    if (ngx_http_waxseal_former_host(&uri, server) != NGX_OK) {
        return &r->headers_in.server;
    }

    ctx->event = ngx_http_waxseal_route(&uri, text);

    return server;
}


static ngx_int_t
ngx_http_waxseal_serve(ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx,
    const wxs_table *table, const wxs_table_host *host,
    ngx_http_waxseal_token_t *token)
{
    switch (ctx->event) {

    case NGX_HTTP_WAXSEAL_CLICK:
        return ngx_http_waxseal_click(r, ctx, table, host, token);

    case NGX_HTTP_WAXSEAL_OPEN:
        return ngx_http_waxseal_open(r, ctx, table, host, token);

    case NGX_HTTP_WAXSEAL_UNSUBSCRIBE:
        return ngx_http_waxseal_unsubscribe(r, ctx, table, host, token);

    case NGX_HTTP_WAXSEAL_FAVICON:
        ctx->result = NGX_HTTP_WAXSEAL_OK;
        return ngx_http_waxseal_send_favicon(r, ctx);

    default:
        ctx->result = NGX_HTTP_WAXSEAL_NOT_FOUND;
        return ngx_http_waxseal_send_error(r, ctx);
    }
}


static ngx_int_t
ngx_http_waxseal_unknown(ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx,
    ngx_http_waxseal_main_conf_t *wmcf)
{
    /* the region's own name proves as well that requests arrive */

    if (ctx->event == NGX_HTTP_WAXSEAL_FAVICON
        && ngx_http_waxseal_is_default_host(wmcf, &r->headers_in.server))
    {
        ctx->result = NGX_HTTP_WAXSEAL_OK;
        return ngx_http_waxseal_send_favicon(r, ctx);
    }

    ctx->result = NGX_HTTP_WAXSEAL_UNKNOWN_HOST;
    return ngx_http_waxseal_send_error(r, ctx);
}


static ngx_int_t
ngx_http_waxseal_open(ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx,
    const wxs_table *table, const wxs_table_host *host,
    ngx_http_waxseal_token_t *token)
{
    const wxs_table_domain  *domain;

    domain = ngx_http_waxseal_verify(r, ctx, table, host, token);

    if (domain) {
        ngx_http_waxseal_record(r, ctx, &token->parsed.token, domain);
    }

    /* whatever the token, a mail never shows a broken image */

    return ngx_http_waxseal_send_pixel(r, ctx);
}


static ngx_int_t
ngx_http_waxseal_click(ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx,
    const wxs_table *table, const wxs_table_host *host,
    ngx_http_waxseal_token_t *token)
{
    ngx_int_t                rc;
    ngx_str_t                location;
    const wxs_table_domain  *domain;

    domain = ngx_http_waxseal_verify(r, ctx, table, host, token);
    if (domain == NULL) {
        return ngx_http_waxseal_send_error(r, ctx);
    }

    rc = ngx_http_waxseal_destination(r, ctx, table, token, &location);

    if (rc == NGX_DECLINED) {
        return ngx_http_waxseal_send_error(r, ctx);
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_waxseal_record(r, ctx, &token->parsed.token, domain);

    return ngx_http_waxseal_send_redirect(r, ctx, NGX_HTTP_MOVED_TEMPORARILY,
                                          &location);
}


static ngx_int_t
ngx_http_waxseal_unsubscribe(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, const wxs_table *table,
    const wxs_table_host *host, ngx_http_waxseal_token_t *token)
{
    const wxs_table_domain  *domain;

    domain = ngx_http_waxseal_verify(r, ctx, table, host, token);
    if (domain == NULL) {
        return ngx_http_waxseal_send_error(r, ctx);
    }

    if (domain->flags & WXS_DOMAIN_DELETED) {

        /* nobody is there to act on it */

        ctx->result = NGX_HTTP_WAXSEAL_KILLED;
        return ngx_http_waxseal_send_error(r, ctx);
    }

    if (r->method == NGX_HTTP_POST) {
        ngx_http_waxseal_record(r, ctx, &token->parsed.token, domain);

        if (ctx->verdict == NGX_HTTP_WAXSEAL_UNRECORDED) {

            /* unlike a click it is of no use then; the sender comes again */

            ctx->result = NGX_HTTP_WAXSEAL_FAILED;
            return ngx_http_waxseal_send_error(r, ctx);
        }
    }

    return ngx_http_waxseal_send_unsubscribe(r, ctx);
}


static ngx_int_t
ngx_http_waxseal_destination(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, const wxs_table *table,
    ngx_http_waxseal_token_t *read, ngx_str_t *location)
{
    u_char          *p;
    size_t           prefix_len, rest_len;
    wxs_token       *token;
    const char      *prefix, *rest;
    wxs_table_link   link;

    token = &read->parsed.token;

    if (token->is_table) {

        if (wxs_table_find_link_at(table, read->link, token->link_id, &link)
            != WXS_OK
            || link.domain != ctx->domain)
        {
            ctx->result = NGX_HTTP_WAXSEAL_NOT_FOUND;
            return NGX_DECLINED;
        }

        if (link.flags & WXS_LINK_KILLED) {
            ctx->result = NGX_HTTP_WAXSEAL_KILLED;
            return NGX_DECLINED;
        }

        prefix = "";
        prefix_len = 0;
        rest = link.url;
        rest_len = link.url_len;

    } else {
        prefix = token->prefix;
        prefix_len = token->prefix_len;
        rest = token->rest;
        rest_len = token->rest_len;
    }

    /*
     * both kinds have passed wxs_destination_check(); a copy, since
     * the mapping may be gone before the header is sent
     */

    p = ngx_pnalloc(r->pool, prefix_len + rest_len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    location->data = p;
    location->len = prefix_len + rest_len;

    p = ngx_cpymem(p, prefix, prefix_len);
    ngx_memcpy(p, rest, rest_len);

    return NGX_OK;
}
