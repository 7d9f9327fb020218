#include "webhook_json.h"

#include "domain_json.h"

json_t *
wxs_webhook_summary(const wxs_webhook *webhook)
{
    const char *reason = webhook->disabled_reason;

    return json_pack("{s:s, s:o, s:s, s:s, s:o, s:s?, s:o}", "id", webhook->id,
                     "created_at", wxs_time_json(webhook->created_at), "status",
                     webhook->status, "endpoint", webhook->endpoint, "events",
                     json_loads(webhook->events, 0, NULL), "disabled_reason",
                     reason[0] != '\0' ? reason : NULL, "disabled_at",
                     wxs_time_json(webhook->disabled_at));
}

json_t *
wxs_webhook_reference(const wxs_webhook *webhook,
                      const uint8_t secret[WXS_WEBHOOK_SECRET_SIZE])
{
    char text[WXS_WEBHOOK_SECRET_TEXT];

    if (secret == NULL)
        return json_pack("{s:s, s:s}", "object", "webhook", "id", webhook->id);
    wxs_webhook_secret_text(secret, text);
    return json_pack("{s:s, s:s, s:s}", "object", "webhook", "id", webhook->id,
                     "signing_secret", text);
}
