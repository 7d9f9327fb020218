#include <stdio.h>

#include "../routes.h"
#include "../sql.h"
#include "certificate_json.h"
#include "page.h"

#define LISTED                                                                 \
    "SELECT t.number, d.id, d.name, " WXS_CERTIFICATE_COLUMNS                  \
    "FROM tracking_hosts t JOIN domains d ON d.number = "                      \
    "t.domain " WXS_CERTIFICATE_JOIN                                           \
    "WHERE d.account = ? AND d.deleted_at IS NULL "

static sqlite3_stmt *
walk(const wxs_context *context, const wxs_page *page, bool newer,
     int64_t cursor, wxs_error *error)
{
    static const char to_older[] =
        LISTED "AND t.number < ? ORDER BY t.number DESC LIMIT ?";
    static const char to_newer[] =
        LISTED "AND t.number > ? ORDER BY t.number LIMIT ?";

    return wxs_sql(context->control, error, newer ? to_newer : to_older, "iii",
                   context->identity.account, cursor, wxs_page_rows(page));
}

static json_t *
item(sqlite3_stmt *row, const wxs_config *config)
{
    json_t *json = wxs_certificate_row(row, 3, config);
    char id[24];

    (void)snprintf(id, sizeof(id), "%lld",
                   (long long)sqlite3_column_int64(row, 0));
    if (json != NULL && json_object_set_new(json, "id", json_string(id)) == 0 &&
        json_object_set_new(
            json, "domain_id",
            json_string((const char *)sqlite3_column_text(row, 1))) == 0 &&
        json_object_set_new(
            json, "domain",
            json_string((const char *)sqlite3_column_text(row, 2))) == 0)
        return json;
    json_decref(json);
    return NULL;
}

static bool
fill(const wxs_context *context, sqlite3_stmt *rows, wxs_page_list *list,
     wxs_error *error)
{
    int more;

    while ((more = wxs_db_step(context->control, rows, error)) == 1) {
        more = wxs_page_add(list, item(rows, context->config));
        if (more < 0)
            return wxs_fail(error, "out of memory");
        if (more == 0)
            return true;
    }
    return more == 0;
}

void
wxs_certificates_list(wxs_context *context, const wxs_request *request,
                      wxs_response *response)
{
    wxs_page_list list;
    sqlite3_stmt *rows;
    int64_t cursor;
    wxs_page page;
    wxs_error error;

    if (!wxs_page_parse(request, &page, response))
        return;
    if (!wxs_page_number(&page, &cursor)) {
        wxs_page_refuse(&page, response);
        return;
    }
    if (page.limit < 0) /* a list that is made in memory */
        page.limit = 100;
    list = wxs_page_begin(&page);
    rows = walk(context, &page, list.reverse, cursor, &error);
    if (rows != NULL && fill(context, rows, &list, &error))
        wxs_page_answer(&list, response);
    else
        wxs_answer_internal(response, request, &error);
    wxs_db_done(rows);
    json_decref(list.data);
}
