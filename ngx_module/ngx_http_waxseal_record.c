
#include "ngx_http_waxseal.h"


typedef struct {
    ngx_str_t   name;
    uint16_t    flag;
} ngx_http_waxseal_signal_t;


static ngx_uint_t ngx_http_waxseal_is_wanted(ngx_http_request_t *r,
    const wxs_token *token, const wxs_table_domain *domain);
static uint16_t ngx_http_waxseal_flags(ngx_http_request_t *r);
static uint16_t ngx_http_waxseal_header_flag(ngx_table_elt_t *h);
static void ngx_http_waxseal_set_person(ngx_http_request_t *r,
    const wxs_token *token, wxs_event *event);
static void ngx_http_waxseal_set_address(struct sockaddr *sa,
    wxs_event *event);


static ngx_http_waxseal_signal_t  ngx_http_waxseal_signals[] = {
    { ngx_string("x-moz"), WXS_EVENT_PREFETCH },
    { ngx_string("purpose"), WXS_EVENT_PREFETCH },
    { ngx_string("x-purpose"), WXS_EVENT_PREFETCH },
    { ngx_string("sec-purpose"), WXS_EVENT_PREFETCH },
    { ngx_string("sec-gpc"), WXS_EVENT_GPC },
    { ngx_null_string, 0 }
};


static ngx_str_t  ngx_http_waxseal_http = ngx_string("http");
static ngx_str_t  ngx_http_waxseal_https = ngx_string("https");


void
ngx_http_waxseal_record(ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx,
    const wxs_token *token, const wxs_table_domain *domain)
{
    wxs_event    event;
    ngx_time_t  *tp;

    if (!ngx_http_waxseal_is_wanted(r, token, domain)) {
        return;
    }

    ngx_memzero(&event, sizeof(wxs_event));

    tp = ngx_timeofday();

    event.time_ms = (uint64_t) tp->sec * 1000 + tp->msec;
    event.type = token->type;
    event.mode = token->mode;
    event.flags = ngx_http_waxseal_flags(r);
    event.domain = domain->number;
    event.link_index = token->link_index;

    if (token->is_table) {
        event.flags |= WXS_EVENT_TABLE;
        event.link_id = token->link_id;

    } else if (token->type == WXS_TOKEN_CLICK) {
        event.prefix = token->prefix;
        event.prefix_len = token->prefix_len;
        event.rest = token->rest;
        event.rest_len = token->rest_len;
    }

    if (event.flags & WXS_EVENT_GPC) {
        event.mode = WXS_MODE_ANONYMOUS;
    }

    if (token->type == WXS_TOKEN_UNSUBSCRIBE
        && event.mode < WXS_MODE_PSEUDONYMOUS)
    {
        /* it is the recipient's wish to be known */

        event.mode = WXS_MODE_PSEUDONYMOUS;
    }

    if (event.mode != WXS_MODE_ANONYMOUS) {
        ngx_http_waxseal_set_person(r, token, &event);
    }

    if (ngx_http_waxseal_journal_append(&event, r->connection->log)
        != NGX_OK)
    {
        return;
    }

    ctx->verdict = (event.flags & (WXS_EVENT_HEAD|WXS_EVENT_PREFETCH))
                   ? NGX_HTTP_WAXSEAL_MACHINE : NGX_HTTP_WAXSEAL_UNKNOWN;
}


static ngx_uint_t
ngx_http_waxseal_is_wanted(ngx_http_request_t *r, const wxs_token *token,
    const wxs_table_domain *domain)
{
    if (r != r->main || r->internal || (domain->flags & WXS_DOMAIN_DELETED)) {
        return 0;
    }

    switch (token->type) {

    case WXS_TOKEN_UNSUBSCRIBE:
        return 1;

    case WXS_TOKEN_CLICK:
        return token->mode != WXS_MODE_OFF
               && (domain->flags & WXS_DOMAIN_RECORD_CLICKS);

    default: /* WXS_TOKEN_OPEN */
        return token->mode != WXS_MODE_OFF
               && (domain->flags & WXS_DOMAIN_RECORD_OPENS);
    }
}


static uint16_t
ngx_http_waxseal_flags(ngx_http_request_t *r)
{
    uint16_t          flags;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    flags = 0;

    if (r->method == NGX_HTTP_HEAD) {
        flags |= WXS_EVENT_HEAD;
    }

    if (ngx_http_waxseal_is_https(r)) {
        flags |= WXS_EVENT_TLS;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            flags |= ngx_http_waxseal_header_flag(&h[i]);
        }
    }

    return flags;
}


static uint16_t
ngx_http_waxseal_header_flag(ngx_table_elt_t *h)
{
    u_char                     *last, *value;
    ngx_http_waxseal_signal_t  *signal;

    /* the lengths of those names tell most headers from them */

    switch (h->key.len) {

    case 5:
    case 7:
    case 9:
    case 11:
        break;

    default:
        return 0;
    }

    for (signal = ngx_http_waxseal_signals; signal->flag; signal++) {

        if (h->key.len == signal->name.len
            && ngx_memcmp(h->lowcase_key, signal->name.data, h->key.len) == 0)
        {
            break;
        }
    }

    value = h->value.data;
    last = value + h->value.len;

    switch (signal->flag) {

    case WXS_EVENT_GPC:
        return (h->value.len == 1 && value[0] == '1') ? WXS_EVENT_GPC : 0;

    case WXS_EVENT_PREFETCH:

        if (ngx_strlcasestrn(value, last, (u_char *) "prefetch", 8 - 1)
            || ngx_strlcasestrn(value, last, (u_char *) "preview", 7 - 1)
            || ngx_strlcasestrn(value, last, (u_char *) "prerender", 9 - 1))
        {
            return WXS_EVENT_PREFETCH;
        }

        return 0;

    default:
        return 0;
    }
}


static void
ngx_http_waxseal_set_person(ngx_http_request_t *r, const wxs_token *token,
    wxs_event *event)
{
    ngx_table_elt_t  *agent;

    ngx_memcpy(event->message_id, token->message_id, WXS_MESSAGE_ID_SIZE);

    ngx_http_waxseal_set_address(r->connection->sockaddr, event);

    agent = r->headers_in.user_agent;

    if (agent == NULL) {
        return;
    }

    event->agent = (char *) agent->value.data;
    event->agent_len = agent->value.len;

    if (event->agent_len > WXS_EVENT_AGENT_MAX) {
        event->agent_len = WXS_EVENT_AGENT_MAX;
        event->flags |= WXS_EVENT_AGENT_CUT;
    }
}


static void
ngx_http_waxseal_set_address(struct sockaddr *sa, wxs_event *event)
{
    uint8_t             *address;
    struct sockaddr_in  *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6 *sin6;
#endif

    static const uint8_t  v4_mapped[12] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
    };

    address = event->address;

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        ngx_memcpy(address, v4_mapped, 12);
        ngx_memcpy(address + 12, &sin->sin_addr, 4);
        break;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        ngx_memcpy(address, &sin6->sin6_addr, 16);
        break;
#endif

    default: /* AF_UNIX */
        return;
    }

    if (event->mode != WXS_MODE_PSEUDONYMOUS) {
        return;
    }

    /* a network of 24 bits for IPv4, of 48 bits for IPv6 */

    if (ngx_memcmp(address, v4_mapped, 12) == 0) {
        address[15] = 0;

    } else {
        ngx_memzero(address + 6, 10);
    }
}


ngx_str_t *
ngx_http_waxseal_forwarded_protocol(ngx_http_request_t *r)
{
    ngx_str_t                     value;
    ngx_http_waxseal_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_waxseal_module);

    if (wlcf->protocol
        && ngx_http_complex_value(r, wlcf->protocol, &value) == NGX_OK)
    {
        if (value.len == 5
            && ngx_strncasecmp(value.data, (u_char *) "https", 5) == 0)
        {
            return &ngx_http_waxseal_https;
        }

        if (value.len == 4
            && ngx_strncasecmp(value.data, (u_char *) "http", 4) == 0)
        {
            return &ngx_http_waxseal_http;
        }
    }

    return NULL;
}


ngx_str_t *
ngx_http_waxseal_protocol(ngx_http_request_t *r)
{
    ngx_str_t  *forwarded;

    forwarded = ngx_http_waxseal_forwarded_protocol(r);
    if (forwarded) {
        return forwarded;
    }

#if (NGX_HTTP_SSL)

    if (r->connection->ssl) {
        return &ngx_http_waxseal_https;
    }

#endif

    return &ngx_http_waxseal_http;
}


ngx_uint_t
ngx_http_waxseal_is_https(ngx_http_request_t *r)
{
    return ngx_http_waxseal_protocol(r) == &ngx_http_waxseal_https;
}
