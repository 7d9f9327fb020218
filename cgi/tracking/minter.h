#ifndef WXS_TRACKING_MINTER_H
#define WXS_TRACKING_MINTER_H

#include "../../core/token.h"
#include "config.h"
#include "tracking_domain.h"

/* What all links of a message have in common. */
typedef struct {
    char origin[8 + WXS_HOST_MAX + 1]; /* "http://links.example.com" */
    size_t origin_len;
    uint8_t domain_id[WXS_DOMAIN_ID_SIZE];
    uint8_t message_id[WXS_MESSAGE_ID_SIZE];
    wxs_mode mode;
    uint8_t key_id;
    wxs_link_key *key;
} wxs_minter;

/* Gets ready to mint for a domain with a tracking host; free it whatever this
 * returns. WXS_CRYPTO, WXS_NO_MEMORY, WXS_TOO_LONG (host). */
wxs_status wxs_minter_init(wxs_minter *minter, const wxs_config *config,
                           const wxs_tracking_domain *domain,
                           const wxs_link_secret *secret,
                           const uint8_t message_id[WXS_MESSAGE_ID_SIZE],
                           wxs_mode mode);

void wxs_minter_free(wxs_minter *minter);

/* Mints a link of the message from a token that has its type and, for a click,
 * its index and destination or link id, and maybe its expiry. The rest is
 * filled in; an unsubscribe link keeps the message id in every mode, since it
 * is there for the recipient to be known. href is NUL-terminated, its length in
 * *len. WXS_TOO_LONG: over WXS_URL_MAX; and what wxs_token_mint() returns. */
wxs_status wxs_mint(const wxs_minter *minter, wxs_token *token,
                    char href[WXS_URL_MAX + 1], size_t *len);

#endif
