
#include "ngx_http_waxseal.h"


typedef struct {
    ngx_uint_t  status;
    ngx_str_t   text;
} ngx_http_waxseal_error_t;


static ngx_int_t ngx_http_waxseal_send_gif(ngx_http_request_t *r);
static ngx_int_t ngx_http_waxseal_send_body(ngx_http_request_t *r,
    ngx_uint_t status, ngx_str_t *type, ngx_buf_t *b);
static ngx_int_t ngx_http_waxseal_add_common(ngx_http_request_t *r);
static void ngx_http_waxseal_count(ngx_http_waxseal_ctx_t *ctx);


/* one transparent pixel */

static u_char  ngx_http_waxseal_gif[] = {
    'G', 'I', 'F', '8', '9', 'a',

    /* 1 x 1, a color table of two entries */
    0x01, 0x00, 0x01, 0x00, 0x80, 0x01, 0x00,
    0x00, 0x00, 0x00, 0xff, 0xff, 0xff,

    /* graphic control: color 1 is transparent */
    0x21, 0xf9, 0x04, 0x01, 0x00, 0x00, 0x01, 0x00,

    /* image at 0, 0 */
    0x2c, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00,

    /* color 1, LZW coded, and the trailer */
    0x02, 0x02, 0x4c, 0x01, 0x00, 0x3b
};


static ngx_http_waxseal_error_t  ngx_http_waxseal_errors[] = {
    { NGX_HTTP_OK, ngx_null_string },
    { NGX_HTTP_NOT_FOUND, ngx_string("no such link\n") },
    { NGX_HTTP_NOT_FOUND, ngx_string("unknown tracking host\n") },
    { NGX_HTTP_NOT_FOUND, ngx_string("not found\n") },
    { 410, ngx_string("this link has expired\n") },
    { 410, ngx_string("this link was withdrawn\n") },
    { NGX_HTTP_NOT_ALLOWED, ngx_string("method not allowed\n") },
    { NGX_HTTP_SERVICE_UNAVAILABLE, ngx_string("try again later\n") },
    { NGX_HTTP_PERMANENT_REDIRECT, ngx_null_string }
};


/* GET only asks, so that a scanner unsubscribes nobody (RFC 8058) */

#define ngx_http_waxseal_page(body)                                           \
    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"          \
    "<meta name=\"viewport\" content=\"width=device-width\">"                 \
    "<title>Unsubscribe</title></head>"                                       \
    "<body style=\"font:1.1em sans-serif;margin:20vh auto;max-width:30em;"    \
    "padding:0 1em;text-align:center\"><main>" body "</main></body></html>\n"


static ngx_str_t  ngx_http_waxseal_ask_page = ngx_string(
    ngx_http_waxseal_page(
        "<h1>Unsubscribe?</h1><p>You will get no more of these emails.</p>"
        "<form method=\"post\"><button style=\"font:inherit;padding:.5em "
        "1.5em\">Unsubscribe</button></form>"));

static ngx_str_t  ngx_http_waxseal_done_page = ngx_string(
    ngx_http_waxseal_page(
        "<h1>Unsubscribed</h1><p>Your wish was passed on to the sender.</p>"));


static ngx_str_t  ngx_http_waxseal_text_html = ngx_string("text/html");
static ngx_str_t  ngx_http_waxseal_text_plain = ngx_string("text/plain");
static ngx_str_t  ngx_http_waxseal_image_gif = ngx_string("image/gif");

static ngx_str_t  ngx_http_waxseal_location_name = ngx_string("Location");
static ngx_str_t  ngx_http_waxseal_cache_name = ngx_string("Cache-Control");
/* some proxies heed the first word only, others the second */
static ngx_str_t  ngx_http_waxseal_cache_value =
    ngx_string("private, no-store");
static ngx_str_t  ngx_http_waxseal_robots_name = ngx_string("X-Robots-Tag");
static ngx_str_t  ngx_http_waxseal_robots_value = ngx_string("noindex");
static ngx_str_t  ngx_http_waxseal_referrer_name =
    ngx_string("Referrer-Policy");
static ngx_str_t  ngx_http_waxseal_referrer_value = ngx_string("no-referrer");
static ngx_str_t  ngx_http_waxseal_allow_name = ngx_string("Allow");
static ngx_str_t  ngx_http_waxseal_allow_value = ngx_string("GET, HEAD");
static ngx_str_t  ngx_http_waxseal_allow_post =
    ngx_string("GET, HEAD, POST");
static ngx_str_t  ngx_http_waxseal_region_name =
    ngx_string("X-Waxseal-Region");
static ngx_str_t  ngx_http_waxseal_protocol_name =
    ngx_string("X-Waxseal-Request-Protocol");


ngx_int_t
ngx_http_waxseal_send_redirect(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, ngx_uint_t status, ngx_str_t *location)
{
    ngx_table_elt_t  *h;

    ngx_http_waxseal_count(ctx);

    h = ngx_http_waxseal_add_header(r, &ngx_http_waxseal_location_name,
                                    location);
    if (h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.location = h;

    if (ngx_http_waxseal_add_common(r) != NGX_OK
        || ngx_http_waxseal_add_header(r, &ngx_http_waxseal_referrer_name,
                                       &ngx_http_waxseal_referrer_value)
           == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = 0;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


ngx_int_t
ngx_http_waxseal_send_pixel(ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx)
{
    ngx_http_waxseal_count(ctx);

    return ngx_http_waxseal_send_gif(r);
}


ngx_int_t
ngx_http_waxseal_send_unsubscribe(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx)
{
    ngx_buf_t  *b;
    ngx_str_t  *page;

    ngx_http_waxseal_count(ctx);

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    page = (r->method == NGX_HTTP_POST) ? &ngx_http_waxseal_done_page
                                        : &ngx_http_waxseal_ask_page;

    b->pos = page->data;
    b->last = page->data + page->len;
    b->memory = 1;

    if (ngx_http_waxseal_add_header(r, &ngx_http_waxseal_referrer_name,
                                    &ngx_http_waxseal_referrer_value)
        == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_waxseal_send_text(r, NGX_HTTP_OK,
                                      &ngx_http_waxseal_text_html, b);
}


ngx_int_t
ngx_http_waxseal_send_favicon(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx)
{
    ngx_http_waxseal_loc_conf_t  *wlcf;

    ngx_http_waxseal_count(ctx);

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_waxseal_module);

    if (ngx_http_waxseal_add_header(r, &ngx_http_waxseal_region_name,
                                    &wlcf->region)
        == NULL
        || ngx_http_waxseal_add_header(r, &ngx_http_waxseal_protocol_name,
                                       ngx_http_waxseal_protocol(r))
           == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_waxseal_send_gif(r);
}


ngx_int_t
ngx_http_waxseal_send_error(ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx)
{
    ngx_buf_t                 *b;
    ngx_http_waxseal_error_t  *error;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "waxseal %V: %V", ngx_http_waxseal_event_name(ctx->event),
                   ngx_http_waxseal_result_name(ctx->result));

    ngx_http_waxseal_count(ctx);

    if (ctx->result == NGX_HTTP_WAXSEAL_BAD_METHOD
        && ngx_http_waxseal_add_header(r, &ngx_http_waxseal_allow_name,
                                       (ctx->event
                                        == NGX_HTTP_WAXSEAL_UNSUBSCRIBE)
                                       ? &ngx_http_waxseal_allow_post
                                       : &ngx_http_waxseal_allow_value)
           == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    error = &ngx_http_waxseal_errors[ctx->result];

    b->pos = error->text.data;
    b->last = error->text.data + error->text.len;
    b->memory = 1;

    return ngx_http_waxseal_send_text(r, error->status,
                                      &ngx_http_waxseal_text_plain, b);
}


ngx_int_t
ngx_http_waxseal_send_text(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *type, ngx_buf_t *b)
{
    if (ngx_http_waxseal_add_common(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_waxseal_send_body(r, status, type, b);
}


static ngx_int_t
ngx_http_waxseal_send_gif(ngx_http_request_t *r)
{
    ngx_buf_t  *b;

    if (ngx_http_waxseal_add_common(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->pos = ngx_http_waxseal_gif;
    b->last = ngx_http_waxseal_gif + sizeof(ngx_http_waxseal_gif);
    b->memory = 1;

    return ngx_http_waxseal_send_body(r, NGX_HTTP_OK,
                                      &ngx_http_waxseal_image_gif, b);
}


static ngx_int_t
ngx_http_waxseal_send_body(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *type, ngx_buf_t *b)
{
    ngx_int_t    rc;
    ngx_chain_t  out;

    /* without it, If-Match and If-None-Match get 412 and 304 */
    r->disable_not_modified = 1;

    r->headers_out.status = status;
    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.content_length_n = b->last - b->pos;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static ngx_int_t
ngx_http_waxseal_add_common(ngx_http_request_t *r)
{
    if (ngx_http_waxseal_add_header(r, &ngx_http_waxseal_cache_name,
                                    &ngx_http_waxseal_cache_value)
        == NULL
        || ngx_http_waxseal_add_header(r, &ngx_http_waxseal_robots_name,
                                       &ngx_http_waxseal_robots_value)
           == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_table_elt_t *
ngx_http_waxseal_add_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key = *name;
    h->value = *value;

    return h;
}


static void
ngx_http_waxseal_count(ngx_http_waxseal_ctx_t *ctx)
{
    ngx_atomic_t  *counter;

    counter = &ngx_http_waxseal_counters->requests[ctx->event][ctx->result];

    (void) ngx_atomic_fetch_add(counter, 1);
}
