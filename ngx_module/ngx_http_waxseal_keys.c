
#include "ngx_http_waxseal.h"


#define NGX_HTTP_WAXSEAL_KEY_SETS  256
#define NGX_HTTP_WAXSEAL_KEY_WAYS  4


typedef struct {
    uint64_t       secret;
    uint32_t       domain;
    uint8_t        key_id;
    wxs_link_key  *key;
} ngx_http_waxseal_key_t;


/* of one worker process; in each set the key used last is the first */

static ngx_http_waxseal_key_t
    ngx_http_waxseal_keys[NGX_HTTP_WAXSEAL_KEY_SETS]
                         [NGX_HTTP_WAXSEAL_KEY_WAYS];


wxs_link_key *
ngx_http_waxseal_key(const wxs_table_domain *domain, uint8_t key_id,
    ngx_log_t *log)
{
    uint64_t                 secret;
    ngx_uint_t               i;
    wxs_status               status;
    ngx_http_waxseal_key_t   found, *set;

    /* secrets are random: a part of one tells two generations apart */
    ngx_memcpy(&secret, domain->secret, sizeof(uint64_t));

    set = ngx_http_waxseal_keys[(secret + key_id) % NGX_HTTP_WAXSEAL_KEY_SETS];

    for (i = 0; i < NGX_HTTP_WAXSEAL_KEY_WAYS; i++) {

        if (set[i].key
            && set[i].secret == secret
            && set[i].domain == domain->number
            && set[i].key_id == key_id)
        {
            if (i == 0) {
                return set[0].key;
            }

            found = set[i];
            goto found;
        }
    }

    found.secret = secret;
    found.domain = domain->number;
    found.key_id = key_id;

    status = wxs_link_key_new(domain->secret, key_id, &found.key);

    if (status != WXS_OK) {
        ngx_log_error(NGX_LOG_ALERT, log, 0,
                      "key %ui of domain %uD cannot be derived: %s",
                      (ngx_uint_t) key_id, domain->number,
                      wxs_status_text(status));
        return NULL;
    }

    i = NGX_HTTP_WAXSEAL_KEY_WAYS - 1;

    wxs_link_key_free(set[i].key);

found:

    ngx_memmove(&set[1], &set[0], i * sizeof(ngx_http_waxseal_key_t));
    set[0] = found;

    return found.key;
}


void
ngx_http_waxseal_keys_free(void)
{
    ngx_uint_t               i, n;
    ngx_http_waxseal_key_t  *set;

    for (i = 0; i < NGX_HTTP_WAXSEAL_KEY_SETS; i++) {
        set = ngx_http_waxseal_keys[i];

        for (n = 0; n < NGX_HTTP_WAXSEAL_KEY_WAYS; n++) {
            wxs_link_key_free(set[n].key);
            set[n].key = NULL;
        }
    }
}
