
#include "ngx_http_waxseal.h"


/* characters of a table link's token, at most */
#define NGX_HTTP_WAXSEAL_TABLE_TOKEN  WXS_BASE64URL_LENGTH(WXS_TOKEN_TABLE_MAX)


/*
 * Memory takes longer to answer for one link of many millions than all phases
 * between this one and the content handler take. It is asked now, and again,
 * at no great cost, by the handler: what is learnt here needs no room then,
 * and may be forgotten where another handler answers.
 */

ngx_int_t
ngx_http_waxseal_prefetch(ngx_http_request_t *r)
{
    ngx_str_t                      text;
    const wxs_table               *table;
    ngx_http_waxseal_token_t       token;
    ngx_http_waxseal_main_conf_t  *wmcf;

    if (r->uri.len < 3
        || r->uri.len > 3 + NGX_HTTP_WAXSEAL_TABLE_TOKEN
        || ngx_memcmp(r->uri.data, "/c/", 3) != 0)
    {
        return NGX_DECLINED;
    }

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_waxseal_module);

    table = ngx_http_waxseal_table(wmcf, r->connection->log);

    if (table) {
        text.data = r->uri.data + 3;
        text.len = r->uri.len - 3;

        ngx_http_waxseal_read_token(NGX_HTTP_WAXSEAL_CLICK, table, &text,
                                    &token);
    }

    return NGX_DECLINED;
}
