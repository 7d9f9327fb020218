#include "account_json.h"
#include "clock.h"
#include "routes.h"

static bool
store(wxs_account *account, wxs_error *error)
{
    uint8_t uuid[WXS_UUID_SIZE];
    wxs_db *db;

    if (!wxs_uuid_new(uuid))
        return wxs_fail(error, "the system has no random bytes");
    wxs_uuid_format(uuid, account->id);
    account->created_at = wxs_now_us();
    db = wxs_write_begin(WXS_DB_CONTROL, error);
    if (db == NULL)
        return false;
    if (wxs_account_insert(db, account, error))
        return wxs_write_commit(db, error);
    wxs_write_abort(db);
    return false;
}

void
wxs_accounts_create(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    wxs_account account = {.max_domains = -1, .rate_limit = -1};
    json_t *body = wxs_body_object(request, response);
    wxs_error error;

    (void)context;
    if (body == NULL)
        return;
    if (wxs_account_parse(body, true, &account, response)) {
        if (store(&account, &error))
            wxs_answer(response, 201, wxs_account_json(&account));
        else
            wxs_answer_internal(response, request, &error);
    }
    json_decref(body);
}
