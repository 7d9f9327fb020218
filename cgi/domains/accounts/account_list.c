#include <string.h>

#include "account_json.h"
#include "page.h"
#include "routes.h"

/* Where the list begins; false after answering. */
static bool
find_cursor(const wxs_context *context, const wxs_request *request,
            const wxs_page *page, int64_t *number, wxs_response *response)
{
    const char *text = page->after[0] != '\0' ? page->after : page->before;
    uint8_t uuid[WXS_UUID_SIZE];
    char id[WXS_UUID_TEXT];
    wxs_error error;
    int found = 0;

    *number = INT64_MAX;
    if (text[0] == '\0')
        return true;
    if (wxs_uuid_parse(text, strlen(text), uuid)) {
        wxs_uuid_format(uuid, id);
        found = wxs_account_locate(context->control, id, number, &error);
    }
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_page_refuse(page, response);
    return found == 1;
}

static json_t *
item(sqlite3_stmt *row, wxs_error *error)
{
    wxs_account account;

    return wxs_account_row(row, &account, error) ? wxs_account_json(&account)
                                                 : NULL;
}

void
wxs_accounts_list(wxs_context *context, const wxs_request *request,
                  wxs_response *response)
{
    wxs_page_list list;
    sqlite3_stmt *rows;
    wxs_page page;
    int64_t number;
    wxs_error error;

    if (!wxs_page_parse(request, &page, response) ||
        !find_cursor(context, request, &page, &number, response))
        return;
    list = wxs_page_begin(&page);
    rows = wxs_account_walk(context->control, list.reverse, number,
                            wxs_page_rows(&page), &error);
    if (rows != NULL &&
        wxs_page_fill(&list, context->control, rows, item, &error))
        wxs_page_answer(&list, response);
    else
        wxs_answer_internal(response, request, &error);
    wxs_db_done(rows);
    json_decref(list.data);
}
