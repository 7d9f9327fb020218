
#include "ngx_http_waxseal.h"


#define NGX_HTTP_WAXSEAL_HOST_SETS  256
#define NGX_HTTP_WAXSEAL_HOST_WAYS  2
#define NGX_HTTP_WAXSEAL_HOST_NAME  87


/* three cache lines; longer names and shared hosts are looked up each time */

typedef struct {
    uint64_t          changes;
    u_char            len;      /* 0 = empty */
    u_char            name[NGX_HTTP_WAXSEAL_HOST_NAME];
    wxs_table_domain  domain;
} ngx_http_waxseal_host_t;


/*
 * of one worker process: most requests are for few hosts, and each lookup in
 * a large table waits for memory twice; in each set the host found last is
 * the first
 */

static ngx_http_waxseal_host_t
    ngx_http_waxseal_hosts[NGX_HTTP_WAXSEAL_HOST_SETS]
                          [NGX_HTTP_WAXSEAL_HOST_WAYS];


static ngx_http_waxseal_host_t *
ngx_http_waxseal_host_set(ngx_str_t *name)
{
    uint32_t  hash;

    hash = ngx_murmur_hash2(name->data, name->len);

    return ngx_http_waxseal_hosts[hash % NGX_HTTP_WAXSEAL_HOST_SETS];
}


void
ngx_http_waxseal_seek_host(const wxs_table *table, ngx_str_t *name,
    ngx_http_waxseal_seek_t *seek)
{
    ngx_uint_t                i;
    ngx_http_waxseal_host_t  *set;

    /* before the lookup: what changes meanwhile is looked up again */

    seek->changes = wxs_table_host_changes(table);

    set = ngx_http_waxseal_host_set(name);

    for (i = 0; i < NGX_HTTP_WAXSEAL_HOST_WAYS; i++) {

        if (set[i].len == name->len
            && set[i].changes == seek->changes
            && ngx_memcmp(set[i].name, name->data, name->len) == 0)
        {
            seek->host.domains = &set[i].domain;
            seek->host.count = 1;
            return;
        }
    }

    seek->host.count = 0;
    seek->place = wxs_table_seek_host(table, (char *) name->data, name->len);
}


wxs_status
ngx_http_waxseal_find_host(const wxs_table *table, ngx_str_t *name,
    ngx_http_waxseal_seek_t *seek, wxs_table_host *host)
{
    wxs_status                status;
    ngx_http_waxseal_host_t  *set;

    if (seek->host.count) {
        *host = seek->host;
        return WXS_OK;
    }

    status = wxs_table_find_host_at(table, seek->place, (char *) name->data,
                                    name->len, host);

    if (status != WXS_OK
        || host->count != 1
        || name->len > NGX_HTTP_WAXSEAL_HOST_NAME
        || seek->changes % 2 != 0)
    {
        return status;
    }

    set = ngx_http_waxseal_host_set(name);

    ngx_memmove(&set[1], &set[0],
                (NGX_HTTP_WAXSEAL_HOST_WAYS - 1)
                * sizeof(ngx_http_waxseal_host_t));

    set[0].changes = seek->changes;
    set[0].len = (u_char) name->len;
    ngx_memcpy(set[0].name, name->data, name->len);
    set[0].domain = host->domains[0];

    return WXS_OK;
}


void
ngx_http_waxseal_hosts_forget(void)
{
    ngx_explicit_memzero(ngx_http_waxseal_hosts,
                         sizeof(ngx_http_waxseal_hosts));
}
