#include "messages.h"

#include "call.h"
#include "idempotency.h"
#include "message_json.h"
#include "message_store.h"

/* One request on its way to the answer. */
struct call {
    wxs_context *context;
    const wxs_request *request;
    wxs_response *response;
    wxs_message_request wanted;
    wxs_tracking_domain domain;
    wxs_message message;
};

static bool
make(struct call *call)
{
    const wxs_workshop workshop = wxs_call_workshop(call->context);
    wxs_error error;

    switch (wxs_message_make(&workshop, &call->domain, &call->wanted,
                             &call->message, &error)) {
    case WXS_OK:
        return true;
    case WXS_BAD_FORMAT:
        wxs_answer_error(call->response, 422, "validation_error",
                         "The `mime` field cannot be read: %s.", error.text);
        return false;
    case WXS_BUSY:
        wxs_answer_error(call->response, 503, "application_error",
                         "The links are not in service yet. Please try again.");
        call->response->retry_after = 1;
        return false;
    default:
        wxs_answer_internal(call->response, call->request, &error);
        return false;
    }
}

/* Stores the message together with the answer. */
static void
store(const struct call *call)
{
    const wxs_identity *identity = &call->context->identity;
    wxs_json_writer json = {0};
    wxs_error error;
    wxs_db *db;

    wxs_message_json(&json, &call->message);
    wxs_answer_text(call->response, 201, &json);
    if (call->response->status != 201)
        return;
    db = wxs_write_begin(WXS_DB_EVENTS, &error);
    if (db != NULL &&
        wxs_message_insert(db, &call->message, identity->account, &error)) {
        (void)wxs_commit_creation(db, identity, call->request, call->response);
        return;
    }
    if (db != NULL)
        wxs_write_abort(db);
    wxs_answer_internal(call->response, call->request, &error);
}

void
wxs_messages_create(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    struct call call = {
        .context = context,
        .request = request,
        .response = response,
    };

    if (wxs_message_request_read(request, &call.wanted, response) &&
        wxs_call_domain(context, request, call.wanted.domain, &call.domain,
                        response) &&
        make(&call))
        store(&call);
    wxs_message_free(&call.message);
    wxs_tracking_domain_free(&call.domain);
    wxs_message_request_free(&call.wanted);
}
