#include <string.h>

#include "domain_json.h"
#include "key_store.h"
#include "routes.h"

typedef struct {
    int64_t created_at;
    char id[WXS_UUID_TEXT];
} cursor;

/* Where the list begins; false after answering. */
static bool
find_cursor(const wxs_context *context, const wxs_request *request,
            const wxs_page *page, cursor *from, wxs_response *response)
{
    const char *text = page->after[0] != '\0' ? page->after : page->before;
    uint8_t uuid[WXS_UUID_SIZE];
    wxs_error error;
    int found = 0;

    *from = (cursor){.created_at = INT64_MAX};
    if (text[0] == '\0')
        return true;
    if (wxs_uuid_parse(text, strlen(text), uuid)) {
        wxs_uuid_format(uuid, from->id);
        found = wxs_api_key_locate(context->control, context->identity.account,
                                   from->id, &from->created_at, &error);
    }
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_page_refuse(page, response);
    return found == 1;
}

static json_t *
key_json(const wxs_api_key *key)
{
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:s, s:s?}", "id", key->id, "name", key->name,
        "created_at", wxs_time_json(key->created_at), "last_used_at",
        wxs_time_json(key->last_used_at), "permission",
        key->full_access ? "full_access" : "sending_access", "domain_id",
        key->domain_id[0] != '\0' ? key->domain_id : NULL);
}

static json_t *
item(sqlite3_stmt *row, wxs_error *error)
{
    wxs_api_key key;

    if (wxs_api_key_row(row, &key))
        return key_json(&key);
    wxs_fail(error, "an API key of control.db is damaged");
    return NULL;
}

void
wxs_api_keys_list(wxs_context *context, const wxs_request *request,
                  wxs_response *response)
{
    wxs_page_list list;
    sqlite3_stmt *rows;
    wxs_page page;
    cursor from;
    wxs_error error;

    if (!wxs_page_parse(request, &page, response) ||
        !find_cursor(context, request, &page, &from, response))
        return;
    list = wxs_page_begin(&page);
    rows = wxs_api_key_walk(context->control, context->identity.account,
                            list.reverse, from.created_at, from.id,
                            wxs_page_rows(&page), &error);
    if (rows != NULL &&
        wxs_page_fill(&list, context->control, rows, item, &error))
        wxs_page_answer(&list, response);
    else
        wxs_answer_internal(response, request, &error);
    wxs_db_done(rows);
    json_decref(list.data);
}
