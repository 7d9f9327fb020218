#include "routes.h"
#include "webhook_json.h"
#include "webhook_lookup.h"

static bool
read_secret(const wxs_context *context, const wxs_webhook *webhook,
            uint8_t secret[WXS_WEBHOOK_SECRET_SIZE], wxs_error *error)
{
    wxs_seal_key key;
    bool ok;

    if (!wxs_webhook_key_load(&key, context->config, error))
        return false;
    ok = wxs_webhook_secret_get(context->control, &key, webhook, secret, error);
    wxs_seal_key_clear(&key);
    return ok;
}

void
wxs_webhooks_get(wxs_context *context, const wxs_request *request,
                 wxs_response *response)
{
    uint8_t secret[WXS_WEBHOOK_SECRET_SIZE];
    wxs_webhook webhook;
    wxs_error error;
    json_t *json, *rest;

    if (!wxs_webhook_lookup(context->control, context, request, &webhook,
                            response))
        return;
    if (!read_secret(context, &webhook, secret, &error)) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    json = wxs_webhook_reference(&webhook, secret);
    rest = wxs_webhook_summary(&webhook);
    if (json_object_update(json, rest) != 0) {
        json_decref(json);
        json = NULL;
    }
    json_decref(rest);
    wxs_answer(response, 200, json);
}
