#include <string.h>

#include "clock.h"
#include "routes.h"
#include "webhook_fields.h"
#include "webhook_json.h"
#include "webhook_lookup.h"

#define OVERLAP_US  (INT64_C(24) * 3600 * 1000000) /* both secrets sign */
#define SECRETS_MAX 8 /* that sign at the same time */

typedef struct {
    const json_t *body;
    const wxs_config *config;
} patch;

typedef struct {
    const wxs_config *config;
    uint8_t secret[WXS_WEBHOOK_SECRET_SIZE];
} rotation;

static bool
update(wxs_db *db, wxs_webhook *webhook, void *arg, wxs_response *response,
       wxs_error *error)
{
    const patch *p = arg;
    bool was_enabled = strcmp(webhook->status, "enabled") == 0;

    if (!wxs_webhook_parse(p->body, false, &p->config->webhook.allow_networks,
                           webhook, response))
        return false;
    if (!was_enabled && strcmp(webhook->status, "enabled") == 0) {
        webhook->enabled_at = wxs_now_us();
        webhook->disabled_reason[0] = '\0';
        webhook->disabled_at = 0;
    }
    return wxs_webhook_save(db, webhook, error);
}

void
wxs_webhooks_update(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    json_t *body = wxs_body_object(request, response);
    patch p = {body, context->config};
    wxs_webhook webhook;

    if (body == NULL)
        return;
    if (wxs_webhook_apply(context, request, update, &p, &webhook, response))
        wxs_answer(response, 200, wxs_webhook_reference(&webhook, NULL));
    json_decref(body);
}

static bool
delete_webhook(wxs_db *db, wxs_webhook *webhook, void *arg,
               wxs_response *response, wxs_error *error)
{
    (void)arg;
    (void)response;
    return wxs_webhook_delete(db, webhook, error);
}

void
wxs_webhooks_delete(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    wxs_webhook webhook;

    if (wxs_webhook_apply(context, request, delete_webhook, NULL, &webhook,
                          response))
        wxs_answer(response, 200,
                   json_pack("{s:s, s:s, s:b}", "object", "webhook", "id",
                             webhook.id, "deleted", 1));
}

static bool
rotate(wxs_db *db, wxs_webhook *webhook, void *arg, wxs_response *response,
       wxs_error *error)
{
    rotation *r = arg;
    uint8_t sealed[WXS_WEBHOOK_SEALED_SIZE];
    int64_t now = wxs_now_us();
    int64_t valid;
    wxs_seal_key key;
    bool ok;

    valid = wxs_webhook_secret_count(db, webhook, now, error);
    if (valid < 0)
        return false;
    if (valid >= SECRETS_MAX) {
        wxs_answer_error(response, 422, "validation_error",
                         "The secret was rotated too often: %d secrets of the "
                         "last 24 hours still sign.",
                         SECRETS_MAX);
        return false;
    }
    if (!wxs_webhook_secret_new(r->secret, error) ||
        !wxs_webhook_key_load(&key, r->config, error))
        return false;
    ok = wxs_webhook_secret_seal(&key, webhook->id, r->secret, sealed, error) &&
         wxs_webhook_secret_add(db, webhook, sealed, now, now + OVERLAP_US,
                                error);
    wxs_seal_key_clear(&key);
    return ok;
}

void
wxs_webhooks_rotate(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    rotation r = {.config = context->config};
    wxs_webhook webhook;

    if (wxs_webhook_apply(context, request, rotate, &r, &webhook, response))
        wxs_answer(response, 200, wxs_webhook_reference(&webhook, r.secret));
}
