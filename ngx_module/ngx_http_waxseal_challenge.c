
#include "ngx_http_waxseal.h"
#include "small_file.h"


/* the SHA-256 of an account key, in base64url (RFC 8555, section 8.1) */
#define NGX_HTTP_WAXSEAL_THUMBPRINT  43
#define NGX_HTTP_WAXSEAL_CHALLENGE   128


static ngx_uint_t ngx_http_waxseal_challenge_token(ngx_str_t *uri,
    ngx_str_t *token);
static ngx_uint_t ngx_http_waxseal_is_base64url(u_char *data, size_t len);
static ngx_uint_t ngx_http_waxseal_is_known(ngx_http_request_t *r);
static ngx_int_t ngx_http_waxseal_challenge_send(ngx_http_request_t *r,
    ngx_str_t *token);


/* of one worker process */

static u_char                    ngx_http_waxseal_thumbprint_data[
                                                NGX_HTTP_WAXSEAL_THUMBPRINT];
static ngx_str_t                 ngx_http_waxseal_thumbprint = {
    0, ngx_http_waxseal_thumbprint_data
};
static ngx_http_waxseal_watch_t  ngx_http_waxseal_thumbprint_watch;

static ngx_str_t  ngx_http_waxseal_challenge_type =
    ngx_string("application/octet-stream");


/*
 * a key authorization is the token and a constant (RFC 8555, section 8.3): no
 * order need be known here. In this phase no location can stand in its way
 */

ngx_int_t
ngx_http_waxseal_challenge_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;
    ngx_str_t  token;

    if (r->uri.len < 2 || r->uri.data[1] != '.') {
        return NGX_DECLINED;
    }

    if (ngx_http_waxseal_thumbprint.len == 0
        || !(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))
        || !ngx_http_waxseal_challenge_token(&r->uri, &token)
        || !ngx_http_waxseal_is_known(r))
    {
        return NGX_DECLINED;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc == NGX_OK) {
        rc = ngx_http_waxseal_challenge_send(r, &token);
    }

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


static ngx_uint_t
ngx_http_waxseal_challenge_token(ngx_str_t *uri, ngx_str_t *token)
{
    static ngx_str_t  prefix = ngx_string("/.well-known/acme-challenge/");

    if (uri->len <= prefix.len
        || ngx_memcmp(uri->data, prefix.data, prefix.len) != 0)
    {
        return 0;
    }

    token->data = uri->data + prefix.len;
    token->len = uri->len - prefix.len;

    return token->len <= NGX_HTTP_WAXSEAL_CHALLENGE
           && ngx_http_waxseal_is_base64url(token->data, token->len);
}


static ngx_uint_t
ngx_http_waxseal_is_base64url(u_char *data, size_t len)
{
    u_char  c;
    size_t  i;

    for (i = 0; i < len; i++) {
        c = data[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
            && (c < '0' || c > '9') && c != '-' && c != '_')
        {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_http_waxseal_is_known(ngx_http_request_t *r)
{
    ngx_str_t                     *server;
    wxs_table_host                 host;
    const wxs_table               *table;
    ngx_http_waxseal_main_conf_t  *wmcf;

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_waxseal_module);

    server = &r->headers_in.server;
    table = ngx_http_waxseal_table(wmcf, r->connection->log);

    return table
           && server->len
           && wxs_table_find_host(table, (char *) server->data, server->len,
                                  &host)
              == WXS_OK;
}


static ngx_int_t
ngx_http_waxseal_challenge_send(ngx_http_request_t *r, ngx_str_t *token)
{
    ngx_buf_t  *b;

    b = ngx_create_temp_buf(r->pool, token->len + 1
                                     + NGX_HTTP_WAXSEAL_THUMBPRINT);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_cpymem(b->last, token->data, token->len);
    *b->last++ = '.';
    b->last = ngx_cpymem(b->last, ngx_http_waxseal_thumbprint.data,
                         ngx_http_waxseal_thumbprint.len);

    (void) ngx_atomic_fetch_add(&ngx_http_waxseal_counters->challenges, 1);

    return ngx_http_waxseal_send_text(r, NGX_HTTP_OK,
                                      &ngx_http_waxseal_challenge_type, b);
}


void
ngx_http_waxseal_challenge_tend(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_log_t *log)
{
    size_t       len;
    u_char       data[NGX_HTTP_WAXSEAL_THUMBPRINT + 2];
    ngx_err_t    err;
    wxs_status   status;

    if (!ngx_http_waxseal_changed(&ngx_http_waxseal_thumbprint_watch,
                                  &wmcf->thumbprint))
    {
        return;
    }

    status = wxs_small_file_read((char *) wmcf->thumbprint.data, data,
                                 sizeof(data), &len);

    err = (status == WXS_IO) ? ngx_errno : 0;

    if (status == WXS_OK) {

        while (len && (data[len - 1] == LF || data[len - 1] == CR)) {
            len--;
        }

        if (len == NGX_HTTP_WAXSEAL_THUMBPRINT
            && ngx_http_waxseal_is_base64url(data, len))
        {
            ngx_memcpy(ngx_http_waxseal_thumbprint.data, data, len);
            ngx_http_waxseal_thumbprint.len = len;
            return;
        }

        status = WXS_BAD_FORMAT;
    }

    ngx_log_error(NGX_LOG_ERR, log, err,
                  "ACME thumbprint \"%V\" cannot be used: %s, %s",
                  &wmcf->thumbprint, wxs_status_text(status),
                  ngx_http_waxseal_thumbprint.len
                  ? "the former one stays in use"
                  : "no challenge is answered");
}
