#include <string.h>

#include "page.h"
#include "routes.h"
#include "webhook_json.h"
#include "webhook_lookup.h"

/* Where the list begins, "" at its end; false after answering. */
static bool
find_cursor(const wxs_context *context, const wxs_request *request,
            const wxs_page *page, char id[WXS_UUID_TEXT],
            wxs_response *response)
{
    const char *text = page->after[0] != '\0' ? page->after : page->before;
    uint8_t uuid[WXS_UUID_SIZE];
    wxs_webhook webhook;
    wxs_error error;
    int found = 0;

    id[0] = '\0';
    if (text[0] == '\0')
        return true;
    if (wxs_uuid_parse(text, strlen(text), uuid)) {
        wxs_uuid_format(uuid, id);
        found = wxs_webhook_find(context->control, context->identity.account,
                                 id, &webhook, &error);
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
    wxs_webhook webhook;

    return wxs_webhook_row(row, &webhook, error) ? wxs_webhook_summary(&webhook)
                                                 : NULL;
}

void
wxs_webhooks_list(wxs_context *context, const wxs_request *request,
                  wxs_response *response)
{
    char id[WXS_UUID_TEXT];
    wxs_page_list list;
    sqlite3_stmt *rows;
    wxs_page page;
    wxs_error error;

    if (!wxs_page_parse(request, &page, response) ||
        !find_cursor(context, request, &page, id, response))
        return;
    list = wxs_page_begin(&page);
    rows = wxs_webhook_walk(context->control, context->identity.account,
                            list.reverse ? WXS_NEWER : WXS_OLDER, id,
                            wxs_page_rows(&page), &error);
    if (rows != NULL &&
        wxs_page_fill(&list, context->control, rows, item, &error))
        wxs_page_answer(&list, response);
    else
        wxs_answer_internal(response, request, &error);
    wxs_db_done(rows);
    json_decref(list.data);
}
