#include "account_json.h"
#include "clock.h"
#include "idempotency.h"
#include "routes.h"

static bool
insert(wxs_db *db, wxs_account *account, wxs_error *error)
{
    uint8_t uuid[WXS_UUID_SIZE];

    if (!wxs_uuid_new(uuid))
        return wxs_fail(error, "the system has no random bytes");
    wxs_uuid_format(uuid, account->id);
    account->created_at = wxs_now_us();
    return wxs_account_insert(db, account, error);
}

static void
create(const wxs_context *context, const wxs_request *request,
       wxs_account *account, wxs_response *response)
{
    wxs_error error;
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, &error);

    if (db != NULL && insert(db, account, &error)) {
        wxs_answer(response, 201, wxs_account_json(account));
        (void)wxs_commit_creation(db, &context->identity, request, response);
        return;
    }
    if (db != NULL)
        wxs_write_abort(db);
    wxs_answer_internal(response, request, &error);
}

void
wxs_accounts_create(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    wxs_account account = {.max_domains = -1, .rate_limit = -1};
    json_t *body = wxs_body_object(request, response);

    if (body == NULL)
        return;
    if (wxs_account_parse(body, true, &account, response))
        create(context, request, &account, response);
    json_decref(body);
}
