#ifndef WXS_SHARED_WEBHOOK_SECRET_H
#define WXS_SHARED_WEBHOOK_SECRET_H

#include "config.h"
#include "seal.h"

/* What webhooks are signed with. In control.db it is sealed under
 * DIR/webhook.key, which the API (it shows secrets to their owners) and the
 * worker (it signs) load. */

#define WXS_WEBHOOK_SECRET_SIZE 24
#define WXS_WEBHOOK_SECRET_TEXT 39 /* "whsec_", 32 characters and the NUL */
#define WXS_WEBHOOK_SEALED_SIZE (WXS_WEBHOOK_SECRET_SIZE + WXS_SEAL_OVERHEAD)

bool wxs_webhook_key_load(wxs_seal_key *key, const wxs_config *config,
                          wxs_error *error);

/* A new random secret; false with error filled. */
bool wxs_webhook_secret_new(uint8_t secret[WXS_WEBHOOK_SECRET_SIZE],
                            wxs_error *error);

/* id is the webhook's UUID: a sealed secret opens only with the right one. */
bool wxs_webhook_secret_seal(const wxs_seal_key *key, const char *id,
                             const uint8_t secret[WXS_WEBHOOK_SECRET_SIZE],
                             uint8_t sealed[WXS_WEBHOOK_SEALED_SIZE],
                             wxs_error *error);
bool wxs_webhook_secret_open(const wxs_seal_key *key, const char *id,
                             const uint8_t *sealed, size_t len,
                             uint8_t secret[WXS_WEBHOOK_SECRET_SIZE],
                             wxs_error *error);

/* "whsec_" and base64 (24 bytes need no padding), as users get it. */
void wxs_webhook_secret_text(const uint8_t secret[WXS_WEBHOOK_SECRET_SIZE],
                             char text[WXS_WEBHOOK_SECRET_TEXT]);

#endif
