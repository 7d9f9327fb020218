#include "account_json.h"
#include "clock.h"
#include "lookup.h"
#include "routes.h"

static void
answer_missing(int found, const wxs_request *request, const wxs_error *error,
               wxs_response *response)
{
    if (found < 0)
        wxs_answer_internal(response, request, error);
    else
        wxs_answer_error(response, 404, "not_found", "Account not found");
}

void
wxs_accounts_get(wxs_context *context, const wxs_request *request,
                 wxs_response *response)
{
    char id[WXS_UUID_TEXT];
    wxs_account account;
    wxs_error error;
    int found;

    if (!wxs_parse_id(request->param[0], id, response))
        return;
    found = wxs_account_find(context->control, id, &account, &error);
    if (found == 1)
        wxs_answer(response, 200, wxs_account_json(&account));
    else
        answer_missing(found, request, &error, response);
}

/* A change inside the transaction; false after answering or with error filled.
 */
typedef bool change(wxs_db *db, wxs_account *account, const json_t *body,
                    wxs_response *response, wxs_error *error);

/* Changes the account of the route; false after answering. */
static bool
apply(const wxs_request *request, change *to, const json_t *body,
      wxs_account *account, wxs_response *response)
{
    char id[WXS_UUID_TEXT];
    wxs_error error;
    wxs_db *db;
    int found;

    if (!wxs_parse_id(request->param[0], id, response))
        return false;
    db = wxs_write_begin(WXS_DB_CONTROL, &error);
    if (db == NULL) {
        wxs_answer_internal(response, request, &error);
        return false;
    }
    found = wxs_account_find(db, id, account, &error);
    if (found == 1 && to(db, account, body, response, &error)) {
        if (wxs_write_commit(db, &error))
            return true;
        wxs_answer_internal(response, request, &error);
        return false;
    }
    wxs_write_abort(db);
    if (response->status == 0)
        answer_missing(found == 1 ? -1 : found, request, &error, response);
    return false;
}

static bool
update(wxs_db *db, wxs_account *account, const json_t *body,
       wxs_response *response, wxs_error *error)
{
    return wxs_account_parse(body, false, account, response) &&
           wxs_account_save(db, account, error);
}

void
wxs_accounts_update(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    json_t *body = wxs_body_object(request, response);
    wxs_account account;

    (void)context;
    if (body != NULL && apply(request, update, body, &account, response))
        wxs_answer(response, 200, wxs_account_json(&account));
    json_decref(body);
}

static bool
remove_account(wxs_db *db, wxs_account *account, const json_t *body,
               wxs_response *response, wxs_error *error)
{
    (void)body;
    (void)response;
    return wxs_account_delete(db, account, wxs_now_us(), error);
}

void
wxs_accounts_delete(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    wxs_account account;

    (void)context;
    if (apply(request, remove_account, NULL, &account, response))
        wxs_answer(response, 200,
                   json_pack("{s:s, s:s, s:b}", "object", "account", "id",
                             account.id, "deleted", 1));
}
