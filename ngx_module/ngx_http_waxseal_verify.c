
#include "ngx_http_waxseal.h"


static const wxs_table_domain *ngx_http_waxseal_find_signer(
    ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx,
    const wxs_table_host *host, wxs_token_parsed *parsed);


void
ngx_http_waxseal_read_token(ngx_http_waxseal_event_e event,
    const wxs_table *table, ngx_str_t *text, ngx_http_waxseal_token_t *token)
{
    wxs_token_type  type;

    switch (event) {

    case NGX_HTTP_WAXSEAL_CLICK:
        type = WXS_TOKEN_CLICK;
        break;

    case NGX_HTTP_WAXSEAL_UNSUBSCRIBE:
        type = WXS_TOKEN_UNSUBSCRIBE;
        break;

    default: /* NGX_HTTP_WAXSEAL_OPEN */
        type = WXS_TOKEN_OPEN;
    }

    token->status = wxs_token_parse(type, (char *) text->data, text->len,
                                    &token->parsed);

    if (token->status == WXS_OK && token->parsed.token.is_table) {
        token->link = wxs_table_seek_link(table, token->parsed.token.link_id);
    }
}


const wxs_table_domain *
ngx_http_waxseal_verify(ngx_http_request_t *r, ngx_http_waxseal_ctx_t *ctx,
    const wxs_table *table, const wxs_table_host *host,
    ngx_http_waxseal_token_t *token)
{
    wxs_token_parsed        *parsed;
    const wxs_table_domain  *domain;

    ctx->result = NGX_HTTP_WAXSEAL_BAD_TOKEN;

    if (token->status != WXS_OK) {
        return NULL;
    }

    parsed = &token->parsed;

    domain = ngx_http_waxseal_find_signer(r, ctx, host, parsed);
    if (domain == NULL) {
        return NULL;
    }

    ctx->domain = domain->number;
    ctx->verified = 1;

    if (domain->flags & WXS_DOMAIN_KILLED
        || wxs_table_is_killed(table, parsed->token.message_id,
                               domain->number))
    {
        ctx->result = NGX_HTTP_WAXSEAL_KILLED;
        return NULL;
    }

    if (parsed->token.expires && ngx_time() >= (time_t) parsed->token.expires)
    {
        ctx->result = NGX_HTTP_WAXSEAL_EXPIRED;
        return NULL;
    }

    ctx->result = NGX_HTTP_WAXSEAL_OK;

    return domain;
}


static const wxs_table_domain *
ngx_http_waxseal_find_signer(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, const wxs_table_host *host,
    wxs_token_parsed *parsed)
{
    size_t                   i;
    uint8_t                  key_id;
    wxs_status               status;
    wxs_link_key            *key;
    const wxs_table_domain  *domain;

    key_id = parsed->token.key_id;

    for (i = 0; i < host->count; i++) {
        domain = &host->domains[i];

        if (!(domain->valid_keys[key_id / 8] & (1 << key_id % 8))) {
            continue;
        }

        key = ngx_http_waxseal_key(domain, key_id, r->connection->log);
        if (key == NULL) {
            ctx->result = NGX_HTTP_WAXSEAL_FAILED;
            continue;
        }

        status = wxs_token_verify(parsed, domain->id, key);

        if (status == WXS_OK) {
            return domain;
        }

        if (status != WXS_BAD_MAC) {
            ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                          "link of domain %uD cannot be verified: %s",
                          domain->number, wxs_status_text(status));
            ctx->result = NGX_HTTP_WAXSEAL_FAILED;
        }
    }

    return NULL;
}
