
#include "ngx_http_waxseal.h"


#if (NGX_HTTP_SSL)


#include <openssl/core_names.h>


#define NGX_HTTP_WAXSEAL_TICKET_IV  16


static int ngx_http_waxseal_ticket_handler(ngx_ssl_conn_t *ssl_conn,
    unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int encrypt);
static ngx_int_t ngx_http_waxseal_ticket_mac(EVP_MAC_CTX *mac,
    wxs_ticket_key *key);
static int ngx_http_waxseal_ticket_made(ngx_ssl_conn_t *ssl_conn, void *data);
static SSL_TICKET_RETURN ngx_http_waxseal_ticket_read(ngx_ssl_conn_t *ssl_conn,
    SSL_SESSION *session, const unsigned char *name, size_t len,
    SSL_TICKET_STATUS status, void *data);
static ngx_uint_t ngx_http_waxseal_ticket_is_for(ngx_ssl_conn_t *ssl_conn,
    SSL_SESSION *session);


/* of one worker process */

static wxs_ticket_keys           ngx_http_waxseal_ticket_keys;
static ngx_http_waxseal_watch_t  ngx_http_waxseal_ticket_watch;


/* a key that all workers have until there is a file */

ngx_int_t
ngx_http_waxseal_tickets_init_conf(ngx_conf_t *cf,
    ngx_http_waxseal_main_conf_t *wmcf)
{
    if (wxs_ticket_keys_add(&wmcf->ticket_keys, 1) != WXS_OK) {
        ngx_ssl_error(NGX_LOG_EMERG, cf->log, 0,
                      "no session ticket key can be made");
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_waxseal_tickets_init_ctx(ngx_conf_t *cf,
    ngx_http_waxseal_main_conf_t *wmcf, SSL_CTX *ctx)
{
    SSL_CTX_set_session_ticket_cb(ctx, ngx_http_waxseal_ticket_made,
                                  ngx_http_waxseal_ticket_read, NULL);

    if (wmcf->tickets.len == 0) {
        return NGX_OK;
    }

    if (SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx,
                                             ngx_http_waxseal_ticket_handler)
        == 0)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "nginx is linked to an OpenSSL without session tickets, "
                      "\"waxseal_ticket_keys\" cannot be used");
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_waxseal_tickets_init(ngx_http_waxseal_main_conf_t *wmcf)
{
    ngx_http_waxseal_ticket_keys = wmcf->ticket_keys;
    ngx_http_waxseal_ticket_watch.known = 0;
}


void
ngx_http_waxseal_tickets_tend(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_log_t *log)
{
    ngx_err_t   err;
    wxs_status  status;

    if (!ngx_http_waxseal_changed(&ngx_http_waxseal_ticket_watch,
                                  &wmcf->tickets))
    {
        return;
    }

    status = wxs_ticket_keys_read((char *) wmcf->tickets.data,
                                  &ngx_http_waxseal_ticket_keys);

    if (status == WXS_OK) {
        (void) ngx_atomic_fetch_add(
            &ngx_http_waxseal_counters->ticket_keys_loaded, 1);
        return;
    }

    err = (status == WXS_IO) ? ngx_errno : 0;

    (void) ngx_atomic_fetch_add(
        &ngx_http_waxseal_counters->ticket_keys_failed, 1);

    ngx_log_error(NGX_LOG_ERR, log, err,
                  "session ticket keys \"%V\" cannot be used: %s, the former "
                  "ones stay in use", &wmcf->tickets, wxs_status_text(status));
}


void
ngx_http_waxseal_tickets_free(void)
{
    ngx_explicit_memzero(&ngx_http_waxseal_ticket_keys,
                         sizeof(wxs_ticket_keys));
}


/*
 * 0 asks for a full handshake, 2 for a ticket under the newest key, too; with
 * TLS 1.3 a client uses a ticket once only, and wants another one
 */

static int
ngx_http_waxseal_ticket_handler(ngx_ssl_conn_t *ssl_conn, unsigned char *name,
    unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    size_t            i;
    wxs_ticket_key   *key;
    wxs_ticket_keys  *keys;

    keys = &ngx_http_waxseal_ticket_keys;
    key = keys->keys;

    if (encrypt) {

        if (RAND_bytes(iv, NGX_HTTP_WAXSEAL_TICKET_IV) != 1
            || EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes,
                                  iv)
               != 1
            || ngx_http_waxseal_ticket_mac(mac, key) != NGX_OK)
        {
            return -1;
        }

        ngx_memcpy(name, key->name, sizeof(key->name));

        return 1;
    }

    for (i = 0; i < keys->count; i++, key++) {
        if (ngx_memcmp(name, key->name, sizeof(key->name)) == 0) {
            break;
        }
    }

    if (i == keys->count) {
        return 0;
    }

    if (ngx_http_waxseal_ticket_mac(mac, key) != NGX_OK
        || EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes, iv)
           != 1)
    {
        return -1;
    }

    return (i || SSL_version(ssl_conn) == TLS1_3_VERSION) ? 2 : 1;
}


static ngx_int_t
ngx_http_waxseal_ticket_mac(EVP_MAC_CTX *mac, wxs_ticket_key *key)
{
    OSSL_PARAM  params[3];

    params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                                  key->hmac,
                                                  sizeof(key->hmac));
    params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 "SHA256", 0);
    params[2] = OSSL_PARAM_construct_end();

    return EVP_MAC_CTX_set_params(mac, params) == 1 ? NGX_OK : NGX_ERROR;
}


static int
ngx_http_waxseal_ticket_made(ngx_ssl_conn_t *ssl_conn, void *data)
{
    return 1;
}


/*
 * all hosts have one SSL_CTX, so OpenSSL would resume the session of one for
 * another one (RFC 6066, section 3: a server must not)
 */

static SSL_TICKET_RETURN
ngx_http_waxseal_ticket_read(ngx_ssl_conn_t *ssl_conn, SSL_SESSION *session,
    const unsigned char *name, size_t len, SSL_TICKET_STATUS status,
    void *data)
{
    switch (status) {

    case SSL_TICKET_SUCCESS:
    case SSL_TICKET_SUCCESS_RENEW:

        if (!ngx_http_waxseal_ticket_is_for(ssl_conn, session)) {
            return SSL_TICKET_RETURN_IGNORE_RENEW;
        }

        return (status == SSL_TICKET_SUCCESS) ? SSL_TICKET_RETURN_USE
                                              : SSL_TICKET_RETURN_USE_RENEW;

    default: /* SSL_TICKET_EMPTY, SSL_TICKET_NO_DECRYPT */
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
}


/* from the message itself: OpenSSL has not read its extensions yet */

static ngx_uint_t
ngx_http_waxseal_ticket_is_for(ngx_ssl_conn_t *ssl_conn, SSL_SESSION *session)
{
    size_t                len, host_len;
    const char           *host;
    const unsigned char  *extension;

    host = SSL_SESSION_get0_hostname(session);

    if (SSL_client_hello_get0_ext(ssl_conn, TLSEXT_TYPE_server_name,
                                  &extension, &len)
        != 1)
    {
        return host == NULL;
    }

    if (host == NULL) {
        return 0;
    }

    /* lengths of the list, type, length of the only name, name */

    host_len = ngx_strlen(host);

    return len == 5 + host_len
           && extension[2] == TLSEXT_NAMETYPE_host_name
           && ngx_strncasecmp((u_char *) extension + 5, (u_char *) host,
                              host_len)
              == 0;
}


#endif /* NGX_HTTP_SSL */
