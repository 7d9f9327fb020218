
#include "ngx_http_waxseal.h"


#define NGX_HTTP_WAXSEAL_SEGMENT_MAX       (1024 * 1024 * 1024)
#define NGX_HTTP_WAXSEAL_CERTIFICATES_MAX  1000000


static char *ngx_http_waxseal_set_handler(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_http_handler_pt handler);
static char *ngx_http_waxseal_set_path(ngx_conf_t *cf, ngx_str_t *path);


char *
ngx_http_waxseal_set_table(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_waxseal_main_conf_t *wmcf = conf;

    return ngx_http_waxseal_set_path(cf, &wmcf->table);
}


char *
ngx_http_waxseal_set_journal(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_waxseal_main_conf_t *wmcf = conf;

    char       *rv;
    ssize_t     size;
    ngx_str_t  *value, s;

    rv = ngx_http_waxseal_set_path(cf, &wmcf->journal);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (wmcf->journal.len >= sizeof(((wxs_journal_writer *) 0)->directory)) {
        return "has a path that is too long";
    }

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    value = cf->args->elts;

    if (ngx_strncmp(value[2].data, "segment=", 8) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    s.data = value[2].data + 8;
    s.len = value[2].len - 8;

    size = ngx_parse_size(&s);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid segment size \"%V\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    if (size < WXS_JOURNAL_SEGMENT_MIN || size > NGX_HTTP_WAXSEAL_SEGMENT_MAX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "segment size \"%V\" must be between 8k and 1024m",
                           &value[2]);
        return NGX_CONF_ERROR;
    }

    wmcf->segment = size;

    return NGX_CONF_OK;
}


char *
ngx_http_waxseal_set_certificates(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_waxseal_main_conf_t *wmcf = conf;

    char       *rv;
    ngx_int_t   n;
    ngx_str_t  *value;

    rv = ngx_http_waxseal_set_file(cf, cmd, conf);

    if (rv != NGX_CONF_OK || cf->args->nelts == 2) {
        return rv;
    }

    value = cf->args->elts;

    if (ngx_strncmp(value[2].data, "cache=", 6) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    n = ngx_atoi(value[2].data + 6, value[2].len - 6);

    if (n < 1 || n > NGX_HTTP_WAXSEAL_CERTIFICATES_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "number of certificates \"%V\" must be between 1 "
                           "and 1000000", &value[2]);
        return NGX_CONF_ERROR;
    }

    wmcf->certificates_max = n;

    return NGX_CONF_OK;
}


char *
ngx_http_waxseal_set_default_host(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_waxseal_main_conf_t *wmcf = conf;

    ngx_str_t   *value, *host;
    ngx_uint_t   i;

    if (wmcf->default_hosts) {
        return "is duplicate";
    }

    wmcf->default_hosts = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                           sizeof(ngx_str_t));
    if (wmcf->default_hosts == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        host = ngx_array_push(wmcf->default_hosts);
        if (host == NULL) {
            return NGX_CONF_ERROR;
        }

        *host = value[i];
        ngx_strlow(host->data, host->data, host->len);
    }

    return NGX_CONF_OK;
}


char *
ngx_http_waxseal_set_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_waxseal_main_conf_t *wmcf = conf;

    if (wmcf->handler.len == 0) {
        wmcf->handler = cmd->name;
    }

    return ngx_http_waxseal_set_path(cf, (ngx_str_t *)
                                         ((char *) conf + cmd->offset));
}


char *
ngx_http_waxseal_set_tracking(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_waxseal_set_handler(cf, cmd,
                                        ngx_http_waxseal_tracking_handler);
}


char *
ngx_http_waxseal_set_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_waxseal_set_handler(cf, cmd,
                                        ngx_http_waxseal_status_handler);
}


static char *
ngx_http_waxseal_set_handler(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_http_handler_pt handler)
{
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_waxseal_main_conf_t  *wmcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == handler) {
        return "is duplicate";
    }

    if (clcf->handler) {
        return "conflicts with another handler of the location";
    }

    clcf->handler = handler;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_waxseal_module);
    wmcf->handler = cmd->name;

    return NGX_CONF_OK;
}


char *
ngx_http_waxseal_check_region(ngx_conf_t *cf, void *post, void *data)
{
    ngx_str_t *region = data;

    u_char  c;
    size_t  i;

    /* it is sent in a header */

    for (i = 0; i < region->len; i++) {
        c = region->data[i];

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-') {
            break;
        }
    }

    if (region->len == 0 || region->len > 64 || i < region->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid region \"%V\", it must be 1 to 64 "
                           "lower-case letters, digits and hyphens", region);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_waxseal_set_path(ngx_conf_t *cf, ngx_str_t *path)
{
    ngx_str_t  *value;

    if (path->len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty path";
    }

    *path = value[1];

    if (ngx_conf_full_name(cf->cycle, path, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
