#include "webhook_secret.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define CONTEXT_MAX 64

bool
wxs_webhook_key_load(wxs_seal_key *key, const wxs_config *config,
                     wxs_error *error)
{
    char path[512];

    if (!wxs_config_path(config, "webhook.key", path, sizeof(path)))
        return wxs_fail(error, "the path of %s is too long", config->dir);
    return wxs_seal_key_load(key, path, error);
}

bool
wxs_webhook_secret_new(uint8_t secret[WXS_WEBHOOK_SECRET_SIZE],
                       wxs_error *error)
{
    if (getrandom(secret, WXS_WEBHOOK_SECRET_SIZE, 0) !=
        WXS_WEBHOOK_SECRET_SIZE)
        return wxs_fail(error, "the system has no random bytes");
    return true;
}

static void
make_context(const char *id, char context[CONTEXT_MAX])
{
    (void)snprintf(context, CONTEXT_MAX, "waxseal-webhook-v1|%s", id);
}

bool
wxs_webhook_secret_seal(const wxs_seal_key *key, const char *id,
                        const uint8_t secret[WXS_WEBHOOK_SECRET_SIZE],
                        uint8_t sealed[WXS_WEBHOOK_SEALED_SIZE],
                        wxs_error *error)
{
    char context[CONTEXT_MAX];

    make_context(id, context);
    return wxs_seal(key, context, secret, WXS_WEBHOOK_SECRET_SIZE, sealed,
                    error);
}

bool
wxs_webhook_secret_open(const wxs_seal_key *key, const char *id,
                        const uint8_t *sealed, size_t len,
                        uint8_t secret[WXS_WEBHOOK_SECRET_SIZE],
                        wxs_error *error)
{
    char context[CONTEXT_MAX];

    if (sealed == NULL || len != WXS_WEBHOOK_SEALED_SIZE)
        return wxs_fail(error, "webhook %s: its secret is damaged", id);
    make_context(id, context);
    return wxs_unseal(key, context, sealed, len, secret, error);
}

void
wxs_webhook_secret_text(const uint8_t secret[WXS_WEBHOOK_SECRET_SIZE],
                        char text[WXS_WEBHOOK_SECRET_TEXT])
{
    memcpy(text, "whsec_", 6);
    (void)EVP_EncodeBlock((unsigned char *)text + 6, secret,
                          WXS_WEBHOOK_SECRET_SIZE);
}
