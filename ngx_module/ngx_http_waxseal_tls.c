
#include "ngx_http_waxseal.h"


#if (NGX_HTTP_SSL)


#include <ngx_http_ssl_module.h>


static int ngx_http_waxseal_certificate_handler(ngx_ssl_conn_t *ssl_conn,
    void *data);
static ngx_http_waxseal_certificate_t *ngx_http_waxseal_certificate_for(
    ngx_ssl_conn_t *ssl_conn, ngx_http_waxseal_main_conf_t *wmcf,
    ngx_log_t *log);
static size_t ngx_http_waxseal_server_name(ngx_ssl_conn_t *ssl_conn,
    u_char *name);
static ngx_int_t ngx_http_waxseal_tls_check(ngx_conf_t *cf,
    ngx_http_waxseal_main_conf_t *wmcf, ngx_http_core_srv_conf_t *cscf,
    ngx_http_ssl_srv_conf_t *sscf);


ngx_int_t
ngx_http_waxseal_tls_init(ngx_conf_t *cf, ngx_http_waxseal_main_conf_t *wmcf)
{
    ngx_uint_t                     i;
    ngx_http_ssl_srv_conf_t       *sscf;
    ngx_http_core_srv_conf_t     **cscfp;
    ngx_http_core_main_conf_t     *cmcf;
    ngx_http_waxseal_srv_conf_t   *wscf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    cscfp = cmcf->servers.elts;

    for (i = 0; i < cmcf->servers.nelts; i++) {

        wscf = cscfp[i]->ctx->srv_conf[ngx_http_waxseal_module.ctx_index];
        sscf = cscfp[i]->ctx->srv_conf[ngx_http_ssl_module.ctx_index];

        /* the latter at http level, for servers without TLS */

        if (wscf->tls == NGX_HTTP_WAXSEAL_TLS_OFF || sscf->ssl.ctx == NULL) {
            continue;
        }

        if (ngx_http_waxseal_tls_check(cf, wmcf, cscfp[i], sscf) != NGX_OK) {
            return NGX_ERROR;
        }

        wscf->main = wmcf;

        SSL_CTX_set_cert_cb(sscf->ssl.ctx,
                            ngx_http_waxseal_certificate_handler, wscf);

        if (ngx_http_waxseal_tickets_init_ctx(cf, wmcf, sscf->ssl.ctx)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_waxseal_tls_check(ngx_conf_t *cf, ngx_http_waxseal_main_conf_t *wmcf,
    ngx_http_core_srv_conf_t *cscf, ngx_http_ssl_srv_conf_t *sscf)
{
    if (wmcf->certificates.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"waxseal_tls\" is used, but "
                           "\"waxseal_certificates\" is not specified");
        return NGX_ERROR;
    }

    if (sscf->certificate_values) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"waxseal_tls\" cannot be used with variables in "
                      "\"ssl_certificate\" for the server in %s:%ui",
                      cscf->file_name, cscf->line);
        return NGX_ERROR;
    }

    if (wmcf->tickets.len && sscf->session_ticket_keys) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"waxseal_ticket_keys\" cannot be used with "
                      "\"ssl_session_ticket_key\" for the server in %s:%ui",
                      cscf->file_name, cscf->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * called in each full handshake, after nginx has chosen the server by the name
 * that the client sent; 1 goes on with the certificate that is set by then
 */

static int
ngx_http_waxseal_certificate_handler(ngx_ssl_conn_t *ssl_conn, void *data)
{
    ngx_http_waxseal_srv_conf_t *wscf = data;

    ngx_connection_t                *c;
    ngx_http_waxseal_certificate_t  *certificate;

    c = ngx_ssl_get_connection(ssl_conn);

    certificate = ngx_http_waxseal_certificate_for(ssl_conn, wscf->main,
                                                   c->log);

    if (certificate) {

        if (ngx_http_waxseal_certificate_use(certificate, ssl_conn)
            == NGX_OK)
        {
            return 1;
        }

        ngx_ssl_error(NGX_LOG_ALERT, c->log, 0,
                      "SSL_use_cert_and_key() failed");
        return 0;
    }

    if (wscf->tls == NGX_HTTP_WAXSEAL_TLS_REJECT) {

        /* without any OpenSSL ends the handshake with handshake_failure */

        SSL_certs_clear(ssl_conn);
    }

    return 1;
}


static ngx_http_waxseal_certificate_t *
ngx_http_waxseal_certificate_for(ngx_ssl_conn_t *ssl_conn,
    ngx_http_waxseal_main_conf_t *wmcf, ngx_log_t *log)
{
    u_char            name[WXS_HOST_MAX];
    uint64_t          generation;
    ngx_str_t         server;
    const wxs_table  *table;
    wxs_table_host    host;

    server.data = name;
    server.len = ngx_http_waxseal_server_name(ssl_conn, name);

    generation = 0;
    table = ngx_http_waxseal_table(wmcf, log);

    if (table && server.len
        && wxs_table_find_host(table, (char *) name, server.len, &host)
           == WXS_OK)
    {
        generation = ngx_http_waxseal_generation(&host);
    }

    if (generation == 0) {
        (void) ngx_atomic_fetch_add(
            &ngx_http_waxseal_counters->certificates_absent, 1);
        return NULL;
    }

    return ngx_http_waxseal_certificate(wmcf, &server, generation, log);
}


/* in lower case, without a trailing dot; 0 if there is none that can be one */

static size_t
ngx_http_waxseal_server_name(ngx_ssl_conn_t *ssl_conn, u_char *name)
{
    size_t       len;
    const char  *sent;

    sent = SSL_get_servername(ssl_conn, TLSEXT_NAMETYPE_host_name);
    if (sent == NULL) {
        return 0;
    }

    len = ngx_strlen(sent);

    if (len && sent[len - 1] == '.') {
        len--;
    }

    if (len > WXS_HOST_MAX) {
        return 0;
    }

    ngx_strlow(name, (u_char *) sent, len);

    return len;
}


#endif /* NGX_HTTP_SSL */
