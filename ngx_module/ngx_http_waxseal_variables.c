
#include "ngx_http_waxseal.h"


static ngx_int_t ngx_http_waxseal_event_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_waxseal_domain_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_waxseal_result_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_waxseal_verdict_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_str_t  ngx_http_waxseal_event_names[] = {
    ngx_string("other"),
    ngx_string("click"),
    ngx_string("open"),
    ngx_string("favicon"),
    ngx_string("unsubscribe")
};


static ngx_str_t  ngx_http_waxseal_result_names[] = {
    ngx_string("ok"),
    ngx_string("bad_token"),
    ngx_string("unknown_host"),
    ngx_string("not_found"),
    ngx_string("expired"),
    ngx_string("killed"),
    ngx_string("bad_method"),
    ngx_string("failed"),
    ngx_string("to_https")
};


static ngx_str_t  ngx_http_waxseal_verdict_names[] = {
    ngx_null_string,
    ngx_string("unknown"),
    ngx_string("machine")
};


static ngx_http_variable_t  ngx_http_waxseal_variables[] = {

    { ngx_string("waxseal_event"), NULL,
      ngx_http_waxseal_event_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("waxseal_domain"), NULL,
      ngx_http_waxseal_domain_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("waxseal_result"), NULL,
      ngx_http_waxseal_result_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("waxseal_verdict"), NULL,
      ngx_http_waxseal_verdict_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_waxseal_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_waxseal_variables; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


ngx_str_t *
ngx_http_waxseal_event_name(ngx_http_waxseal_event_e event)
{
    return &ngx_http_waxseal_event_names[event];
}


ngx_str_t *
ngx_http_waxseal_result_name(ngx_http_waxseal_result_e result)
{
    return &ngx_http_waxseal_result_names[result];
}


static void
ngx_http_waxseal_set_variable(ngx_http_variable_value_t *v, ngx_str_t *value)
{
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = value->len;
    v->data = value->data;
}


static ngx_int_t
ngx_http_waxseal_event_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_waxseal_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_waxseal_module);

    if (ctx == NULL || ctx->event == NGX_HTTP_WAXSEAL_OTHER) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_waxseal_set_variable(v, ngx_http_waxseal_event_name(ctx->event));

    return NGX_OK;
}


static ngx_int_t
ngx_http_waxseal_domain_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                value;
    ngx_http_waxseal_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_waxseal_module);

    if (ctx == NULL || !ctx->verified) {
        v->not_found = 1;
        return NGX_OK;
    }

    value.data = ngx_pnalloc(r->pool, NGX_INT32_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%uD", ctx->domain) - value.data;

    ngx_http_waxseal_set_variable(v, &value);

    return NGX_OK;
}


static ngx_int_t
ngx_http_waxseal_result_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_waxseal_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_waxseal_module);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_waxseal_set_variable(v,
                                  ngx_http_waxseal_result_name(ctx->result));

    return NGX_OK;
}


static ngx_int_t
ngx_http_waxseal_verdict_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_waxseal_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_waxseal_module);

    if (ctx == NULL || ctx->verdict == NGX_HTTP_WAXSEAL_UNRECORDED) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_waxseal_set_variable(v,
                            &ngx_http_waxseal_verdict_names[ctx->verdict]);

    return NGX_OK;
}
