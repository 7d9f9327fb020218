#include <stdio.h>

#include "domain_json.h"
#include "lookup.h"
#include "page.h"
#include "routes.h"
#include "sql.h"

static sqlite3_stmt *
walk(wxs_db *db, const wxs_domain *domain, bool newer, int64_t cursor,
     int64_t limit, wxs_error *error)
{
#define COLUMNS                                                                \
    "SELECT number, at, from_state, to_state, cause, evidence FROM history "
    static const char to_older[] = COLUMNS "WHERE domain = ? AND number < ? "
                                           "ORDER BY number DESC LIMIT ?";
    static const char to_newer[] = COLUMNS "WHERE domain = ? AND number > ? "
                                           "ORDER BY number LIMIT ?";
#undef COLUMNS

    return wxs_sql(db, error, newer ? to_newer : to_older, "iii",
                   domain->number, cursor, limit);
}

static json_t *
entry_json(sqlite3_stmt *row, wxs_error *error)
{
    (void)error; /* only memory can be out */
    const char *evidence = (const char *)sqlite3_column_text(row, 5);
    json_t *json = evidence != NULL ? json_loads(evidence, 0, NULL) : NULL;
    char id[24];

    (void)snprintf(id, sizeof(id), "%lld",
                   (long long)sqlite3_column_int64(row, 0));
    return json_pack("{s:s, s:o, s:s?, s:s, s:s, s:o?}", "id", id, "created_at",
                     wxs_time_json(sqlite3_column_int64(row, 1)), "from",
                     sqlite3_column_text(row, 2), "to",
                     sqlite3_column_text(row, 3), "cause",
                     sqlite3_column_text(row, 4), "evidence", json);
}

void
wxs_domains_history(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    wxs_page_list list;
    wxs_domain domain;
    sqlite3_stmt *rows;
    int64_t cursor;
    wxs_page page;
    wxs_error error;

    if (!wxs_domain_lookup(context->control, context, request, &domain,
                           response) ||
        !wxs_page_parse(request, &page, response))
        return;
    if (!wxs_page_number(&page, &cursor)) {
        wxs_page_refuse(&page, response);
        return;
    }
    list = wxs_page_begin(&page);
    rows = walk(context->control, &domain, list.reverse, cursor,
                wxs_page_rows(&page), &error);
    if (rows != NULL &&
        wxs_page_fill(&list, context->control, rows, entry_json, &error))
        wxs_page_answer(&list, response);
    else
        wxs_answer_internal(response, request, &error);
    wxs_db_done(rows);
    json_decref(list.data);
}
