#include <string.h>

#include "key_fields.h"
#include "key_store.h"
#include "lookup.h"
#include "routes.h"

/* Renames the key of the route, or deletes it where name is NULL. False after
 * answering. */
static bool
change(const wxs_context *context, const wxs_request *request, const char *name,
       char id[WXS_UUID_TEXT], wxs_response *response)
{
    int64_t account = context->identity.account;
    wxs_error error;
    wxs_db *db;
    int done;

    if (!wxs_parse_id(request->param[0], id, response))
        return false;
    db = wxs_write_begin(WXS_DB_CONTROL, &error);
    if (db == NULL) {
        wxs_answer_internal(response, request, &error);
        return false;
    }
    done = name != NULL ? wxs_api_key_rename(db, account, id, name, &error)
                        : wxs_api_key_delete(db, account, id, &error);
    if (done == 1) {
        if (wxs_write_commit(db, &error))
            return true;
        done = -1;
    } else {
        wxs_write_abort(db);
    }
    if (done < 0)
        wxs_answer_internal(response, request, &error);
    else
        wxs_answer_error(response, 404, "not_found", "API key not found");
    return false;
}

void
wxs_api_keys_rename(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    json_t *body = wxs_body_object(request, response);
    char name[WXS_KEY_NAME_TEXT];
    char id[WXS_UUID_TEXT];

    if (body == NULL)
        return;
    if (wxs_parse_key_name(body, name, response) &&
        change(context, request, name, id, response))
        wxs_answer(response, 200,
                   json_pack("{s:s, s:s}", "object", "api_key", "id", id));
    json_decref(body);
}

/* From the next request on the key is unknown. */
void
wxs_api_keys_delete(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    char id[WXS_UUID_TEXT];

    if (change(context, request, NULL, id, response))
        wxs_answer(response, 200,
                   json_pack("{s:s, s:s, s:b}", "object", "api_key", "id", id,
                             "deleted", 1));
}
