#include "webhook_lookup.h"

#include <string.h>

bool
wxs_webhook_lookup(wxs_db *db, const wxs_context *context,
                   const wxs_request *request, wxs_webhook *webhook,
                   wxs_response *response)
{
    const char *text = request->param[0];
    uint8_t uuid[WXS_UUID_SIZE];
    char id[WXS_UUID_TEXT];
    wxs_error error;
    int found;

    if (!wxs_uuid_parse(text, strlen(text), uuid)) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `id` must be a valid UUID.");
        return false;
    }
    wxs_uuid_format(uuid, id);
    found =
        wxs_webhook_find(db, context->identity.account, id, webhook, &error);
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_answer_error(response, 404, "not_found",
                         "Webhook endpoint not found");
    return found == 1;
}

bool
wxs_webhook_apply(const wxs_context *context, const wxs_request *request,
                  wxs_webhook_change *change, void *arg, wxs_webhook *webhook,
                  wxs_response *response)
{
    wxs_error error;
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, &error);

    if (db == NULL) {
        wxs_answer_internal(response, request, &error);
        return false;
    }
    if (!wxs_webhook_lookup(db, context, request, webhook, response)) {
        wxs_write_abort(db);
        return false;
    }
    if (!change(db, webhook, arg, response, &error)) {
        wxs_write_abort(db);
        if (response->status == 0)
            wxs_answer_internal(response, request, &error);
        return false;
    }
    if (!wxs_write_commit(db, &error)) {
        wxs_answer_internal(response, request, &error);
        return false;
    }
    return true;
}
