#include "workshop.h"

#include <openssl/crypto.h>

bool
wxs_workshop_minter(const wxs_workshop *workshop,
                    const wxs_tracking_domain *domain,
                    const uint8_t message_id[WXS_MESSAGE_ID_SIZE],
                    wxs_mode mode, wxs_minter *minter, wxs_error *error)
{
    wxs_link_secret secret;
    wxs_status status;

    if (!wxs_tracking_domain_secret(workshop->control, workshop->link_key,
                                    domain, &secret, error))
        return false;
    status = wxs_minter_init(minter, workshop->config, domain, &secret,
                             message_id, mode);
    OPENSSL_cleanse(&secret, sizeof(secret));
    return status == WXS_OK || wxs_fail(error, "cannot derive a link key: %s",
                                        wxs_status_text(status));
}
