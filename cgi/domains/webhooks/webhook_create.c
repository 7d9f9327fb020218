#include "clock.h"
#include "routes.h"
#include "webhook_fields.h"
#include "webhook_json.h"

/* An id, and a secret that is sealed for it. */
static bool
prepare(const wxs_config *config, wxs_webhook *webhook,
        uint8_t secret[WXS_WEBHOOK_SECRET_SIZE],
        uint8_t sealed[WXS_WEBHOOK_SEALED_SIZE], wxs_error *error)
{
    uint8_t uuid[WXS_UUID_SIZE];
    wxs_seal_key key;
    bool ok;

    if (!wxs_uuid_new(uuid))
        return wxs_fail(error, "the system has no random bytes");
    wxs_uuid_format(uuid, webhook->id);
    webhook->created_at = webhook->enabled_at = wxs_now_us();
    if (!wxs_webhook_secret_new(secret, error) ||
        !wxs_webhook_key_load(&key, config, error))
        return false;
    ok = wxs_webhook_secret_seal(&key, webhook->id, secret, sealed, error);
    wxs_seal_key_clear(&key);
    return ok;
}

/* 1 stored, 0 the account has too many, -1. */
static int
store(wxs_webhook *webhook, const uint8_t sealed[WXS_WEBHOOK_SEALED_SIZE],
      wxs_error *error)
{
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, error);
    int64_t count;

    if (db == NULL)
        return -1;
    count = wxs_webhook_count(db, webhook->account, error);
    if (count >= 0 && count < WXS_WEBHOOKS_MAX &&
        wxs_webhook_insert(db, webhook, error) &&
        wxs_webhook_secret_add(db, webhook, sealed, webhook->created_at, 0,
                               error))
        return wxs_write_commit(db, error) ? 1 : -1;
    wxs_write_abort(db);
    return count >= WXS_WEBHOOKS_MAX ? 0 : -1;
}

static void
create(const wxs_context *context, const wxs_request *request,
       wxs_webhook *webhook, wxs_response *response)
{
    uint8_t sealed[WXS_WEBHOOK_SEALED_SIZE];
    uint8_t secret[WXS_WEBHOOK_SECRET_SIZE];
    wxs_error error;
    int stored = prepare(context->config, webhook, secret, sealed, &error)
                     ? store(webhook, sealed, &error)
                     : -1;

    if (stored == 1)
        wxs_answer(response, 201, wxs_webhook_reference(webhook, secret));
    else if (stored == 0)
        wxs_answer_error(response, 422, "validation_error",
                         "There are %d webhooks already, which is as many as "
                         "an account may have: delete one first.",
                         WXS_WEBHOOKS_MAX);
    else
        wxs_answer_internal(response, request, &error);
}

void
wxs_webhooks_create(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    wxs_webhook webhook = {.account = context->identity.account,
                           .status = "enabled"};
    json_t *body = wxs_body_object(request, response);

    if (body == NULL)
        return;
    if (wxs_webhook_parse(body, true, &context->config->webhook.allow_networks,
                          &webhook, response))
        create(context, request, &webhook, response);
    json_decref(body);
}
