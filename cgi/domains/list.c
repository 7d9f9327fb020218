#include <string.h>

#include "domain_json.h"
#include "page.h"
#include "routes.h"

/* Where the list begins; false after answering. */
static bool
find_cursor(const wxs_context *context, const wxs_request *request,
            const wxs_page *page, wxs_domain_cursor *cursor,
            wxs_response *response)
{
    const char *text = page->after[0] != '\0' ? page->after : page->before;
    uint8_t uuid[WXS_UUID_SIZE];
    char id[WXS_UUID_TEXT];
    wxs_error error;
    int found = 0;

    if (text[0] == '\0') {
        *cursor = (wxs_domain_cursor){INT64_MAX, INT64_MAX};
        return true;
    }
    if (wxs_uuid_parse(text, strlen(text), uuid)) {
        wxs_uuid_format(uuid, id);
        found = wxs_domain_locate(context->control, context->identity.account,
                                  id, cursor, &error);
    }
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_page_refuse(page, response);
    return found == 1;
}

static bool
fill(const wxs_context *context, const wxs_request *request, sqlite3_stmt *rows,
     wxs_page_list *list, wxs_error *error)
{
    wxs_domain domain;
    int more;

    while ((more = wxs_db_step(context->control, rows, error)) == 1) {
        if (!wxs_domain_row(rows, &domain, error))
            return false;
        more =
            wxs_page_add(list, wxs_domain_summary(&domain, context, request));
        if (more < 0)
            return wxs_fail(error, "out of memory");
        if (more == 0)
            return true;
    }
    return more == 0;
}

void
wxs_domains_list(wxs_context *context, const wxs_request *request,
                 wxs_response *response)
{
    wxs_page_list list;
    wxs_domain_cursor cursor;
    sqlite3_stmt *rows;
    wxs_page page;
    wxs_error error;

    if (!wxs_page_parse(request, &page, response) ||
        !find_cursor(context, request, &page, &cursor, response))
        return;
    list = wxs_page_begin(&page);
    rows = wxs_domain_walk(context->control, context->identity.account,
                           list.reverse ? WXS_NEWER : WXS_OLDER, &cursor,
                           wxs_page_rows(&page), &error);
    if (rows != NULL && fill(context, request, rows, &list, &error))
        wxs_page_answer(&list, response);
    else
        wxs_answer_internal(response, request, &error);
    wxs_db_done(rows);
    json_decref(list.data);
}
