#include "clock.h"
#include "idempotency.h"
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

/* 1 there is room for one more and it is inserted, 0 there is none, -1. */
static int
insert(wxs_db *db, wxs_webhook *webhook,
       const uint8_t sealed[WXS_WEBHOOK_SEALED_SIZE], wxs_error *error)
{
    int64_t count = wxs_webhook_count(db, webhook->account, error);

    if (count < 0 || count >= WXS_WEBHOOKS_MAX)
        return count < 0 ? -1 : 0;
    return wxs_webhook_insert(db, webhook, error) &&
                   wxs_webhook_secret_add(db, webhook, sealed,
                                          webhook->created_at, 0, error)
               ? 1
               : -1;
}

static void
refuse(int inserted, const wxs_request *request, const wxs_error *error,
       wxs_response *response)
{
    if (inserted < 0)
        wxs_answer_internal(response, request, error);
    else
        wxs_answer_error(response, 422, "validation_error",
                         "There are %d webhooks already, which is as many as "
                         "an account may have: delete one first.",
                         WXS_WEBHOOKS_MAX);
}

static void
create(const wxs_context *context, const wxs_request *request,
       wxs_webhook *webhook, wxs_response *response)
{
    uint8_t sealed[WXS_WEBHOOK_SEALED_SIZE];
    uint8_t secret[WXS_WEBHOOK_SECRET_SIZE];
    wxs_db *db = NULL;
    wxs_error error;
    int inserted = -1;

    if (prepare(context->config, webhook, secret, sealed, &error))
        db = wxs_write_begin(WXS_DB_CONTROL, &error);
    if (db != NULL)
        inserted = insert(db, webhook, sealed, &error);
    if (inserted == 1) {
        wxs_answer(response, 201, wxs_webhook_reference(webhook, secret));
        (void)wxs_commit_creation(db, &context->identity, request, response);
        return;
    }
    if (db != NULL)
        wxs_write_abort(db);
    refuse(inserted, request, &error, response);
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
