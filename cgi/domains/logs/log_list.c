#include <string.h>

#include "domain_json.h"
#include "lookup.h"
#include "page.h"
#include "routes.h"
#include "sql.h"

/* GET /logs and GET /logs/{id}: what the account's keys asked of the API. */

#define LIMIT_DEFAULT 20

#define COLUMNS                                                                \
    "SELECT id, created_at, endpoint, method, status, user_agent, key_id"

static json_t *
entry_json(sqlite3_stmt *row, wxs_error *error)
{
    (void)error; /* only memory can be out */
    return json_pack(
        "{s:s, s:o, s:s, s:s, s:i, s:s?, s:s}", "id",
        sqlite3_column_text(row, 0), "created_at",
        wxs_time_json(sqlite3_column_int64(row, 1)), "endpoint",
        sqlite3_column_text(row, 2), "method", sqlite3_column_text(row, 3),
        "response_status", sqlite3_column_int(row, 4), "user_agent",
        sqlite3_column_text(row, 5), "api_key_id", sqlite3_column_text(row, 6));
}

/* Where the list begins; false after answering. */
static bool
find_cursor(const wxs_context *context, const wxs_request *request,
            const wxs_page *page, int64_t *number, wxs_response *response)
{
    const char *text = page->after[0] != '\0' ? page->after : page->before;
    sqlite3_stmt *row;
    wxs_error error;
    int found;

    *number = INT64_MAX;
    if (text[0] == '\0')
        return true;
    row = wxs_sql(context->requests, &error,
                  "SELECT number FROM log WHERE id = ? AND account = ?", "ti",
                  text, context->identity.account);
    found = row == NULL ? -1 : wxs_db_step(context->requests, row, &error);
    if (found == 1)
        *number = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_page_refuse(page, response);
    return found == 1;
}

static sqlite3_stmt *
walk(const wxs_context *context, bool newer, int64_t number, int64_t limit,
     wxs_error *error)
{
    static const char to_older[] =
        COLUMNS " FROM log WHERE account = ? AND number < ? "
                "ORDER BY number DESC LIMIT ?";
    static const char to_newer[] =
        COLUMNS " FROM log WHERE account = ? AND number > ? "
                "ORDER BY number LIMIT ?";

    return wxs_sql(context->requests, error, newer ? to_newer : to_older, "iii",
                   context->identity.account, number, limit);
}

void
wxs_logs_list(wxs_context *context, const wxs_request *request,
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
    if (page.limit < 0)
        page.limit = LIMIT_DEFAULT;
    list = wxs_page_begin(&page);
    rows = walk(context, list.reverse, number, wxs_page_rows(&page), &error);
    if (rows != NULL &&
        wxs_page_fill(&list, context->requests, rows, entry_json, &error))
        wxs_page_answer(&list, response);
    else
        wxs_answer_internal(response, request, &error);
    wxs_db_done(rows);
    json_decref(list.data);
}

/* A body that was kept, null if it was not. */
static bool
set_body(json_t *json, const char *name, sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    json_t *body =
        text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);

    return json_object_set_new(json, name, body != NULL ? body : json_null()) ==
           0;
}

static void
answer_entry(sqlite3_stmt *row, wxs_response *response)
{
    json_t *json = entry_json(row, NULL);

    if (json != NULL &&
        (json_object_set_new(json, "object", json_string("log")) != 0 ||
         !set_body(json, "request_body", row, 7) ||
         !set_body(json, "response_body", row, 8))) {
        json_decref(json);
        json = NULL;
    }
    wxs_answer(response, 200, json);
}

void
wxs_logs_get(wxs_context *context, const wxs_request *request,
             wxs_response *response)
{
    char id[WXS_UUID_TEXT];
    sqlite3_stmt *row;
    wxs_error error;
    int found;

    if (!wxs_parse_id(request->param[0], id, response))
        return;
    row = wxs_sql(context->requests, &error,
                  COLUMNS ", request_body, response_body FROM log "
                          "WHERE id = ? AND account = ?",
                  "ti", id, context->identity.account);
    found = row == NULL ? -1 : wxs_db_step(context->requests, row, &error);
    if (found == 1)
        answer_entry(row, response);
    else if (found == 0)
        wxs_answer_error(response, 404, "not_found", "Log not found");
    else
        wxs_answer_internal(response, request, &error);
    wxs_db_done(row);
}
