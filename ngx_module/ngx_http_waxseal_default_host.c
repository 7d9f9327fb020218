
#include "ngx_http_waxseal.h"


ngx_uint_t
ngx_http_waxseal_is_default_host(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_str_t *server)
{
    ngx_str_t   *host;
    ngx_uint_t   i;

    if (wmcf->default_hosts == NULL) {
        return 0;
    }

    host = wmcf->default_hosts->elts;

    for (i = 0; i < wmcf->default_hosts->nelts; i++) {

        if (host[i].len == server->len
            && ngx_memcmp(host[i].data, server->data, server->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * the link of a host that does not lead here any more, as a whole behind the
 * name of the region: the host says whose key is to be tried, as ever
 */

ngx_int_t
ngx_http_waxseal_former_host(ngx_str_t *uri, ngx_str_t *host)
{
    u_char  *first, *last, *slash;

    if (uri->len == 0 || uri->data[0] != '/') {
        return NGX_DECLINED;
    }

    first = uri->data + 1;
    last = uri->data + uri->len;

    slash = ngx_strlchr(first, last, '/');

    if (slash == NULL
        || slash == first
        || slash - first > WXS_HOST_MAX)
    {
        return NGX_DECLINED;
    }

    host->len = slash - first;
    ngx_strlow(host->data, first, host->len);

    uri->data = slash;
    uri->len = last - slash;

    return NGX_OK;
}
