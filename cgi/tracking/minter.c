#include "minter.h"

#include <stdio.h>
#include <string.h>

wxs_status
wxs_minter_init(wxs_minter *minter, const wxs_config *config,
                const wxs_tracking_domain *domain,
                const wxs_link_secret *secret,
                const uint8_t message_id[WXS_MESSAGE_ID_SIZE], wxs_mode mode)
{
    const char *scheme =
        wxs_tracking_domain_https(domain, config) ? "https" : "http";

    memset(minter, 0, sizeof(*minter));
    if (snprintf(minter->origin, sizeof(minter->origin), "%s://%s", scheme,
                 domain->host) >= (int)sizeof(minter->origin))
        return WXS_TOO_LONG;
    minter->origin_len = strlen(minter->origin);
    memcpy(minter->domain_id, domain->id, sizeof(minter->domain_id));
    memcpy(minter->message_id, message_id, sizeof(minter->message_id));
    minter->mode = mode;
    minter->key_id = secret->current_key;
    return wxs_link_key_new(secret->secret, secret->current_key, &minter->key);
}

void
wxs_minter_free(wxs_minter *minter)
{
    wxs_link_key_free(minter->key);
    minter->key = NULL;
}

wxs_status
wxs_mint(const wxs_minter *minter, wxs_token *token, char href[WXS_URL_MAX + 1],
         size_t *len)
{
    const char path[3] = {'/', (char)token->type, '/'};
    size_t head = minter->origin_len + sizeof(path);
    wxs_status status;

    if (head >= WXS_URL_MAX)
        return WXS_TOO_LONG;
    memcpy(href, minter->origin, minter->origin_len);
    memcpy(href + minter->origin_len, path, sizeof(path));
    token->mode = minter->mode;
    if (token->type == WXS_TOKEN_UNSUBSCRIBE &&
        token->mode < WXS_MODE_PSEUDONYMOUS)
        token->mode = WXS_MODE_PSEUDONYMOUS;
    token->key_id = minter->key_id;
    memcpy(token->message_id, minter->message_id, sizeof(token->message_id));
    status = wxs_token_mint(token, minter->domain_id, minter->key, href + head,
                            WXS_URL_MAX - head, len);
    if (status != WXS_OK)
        return status;
    *len += head;
    href[*len] = '\0';
    return WXS_OK;
}
