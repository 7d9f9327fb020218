#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "domain_json.h"
#include "list_query.h"
#include "routes.h"

/* A page is made in memory. A list of everything, or one as CSV, may be long:
 * it goes out row by row. */
typedef struct {
    const wxs_context *context;
    const wxs_request *request;
    wxs_list_query query;
    sqlite3_stmt *rows;
} listing;

static const char csv_header[] =
    "id,name,status,region,created_at,open_tracking,click_tracking,"
    "tracking_subdomain,custom_return_path,tls\r\n";

static sqlite3_stmt *
walk(const wxs_context *context, const wxs_list_query *query, wxs_error *error)
{
    bool is_reverse = query->page.before[0] != '\0';

    return wxs_domain_walk(context->control, context->identity.account,
                           is_reverse ? WXS_NEWER : WXS_OLDER, &query->cursor,
                           &query->filter, wxs_page_rows(&query->page), error);
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

static void
answer_page(const wxs_context *context, const wxs_request *request,
            const wxs_list_query *query, wxs_response *response)
{
    wxs_page_list list = wxs_page_begin(&query->page);
    wxs_error error;
    sqlite3_stmt *rows = walk(context, query, &error);

    if (rows != NULL && fill(context, request, rows, &list, &error))
        wxs_page_answer(&list, response);
    else
        wxs_answer_internal(response, request, &error);
    wxs_db_done(rows);
    json_decref(list.data);
}

/* No value has a comma or a quote in it: they are labels, words and times. */
static bool
write_csv(const wxs_domain *domain, const wxs_sink *sink)
{
    char created[WXS_TIME_TEXT];
    char line[1024];

    wxs_time_text(domain->created_at, created);
    int len = snprintf(line, sizeof(line), "%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\r\n",
                       domain->id, domain->name, domain->state, domain->region,
                       created, domain->open_tracking ? "true" : "false",
                       domain->click_tracking ? "true" : "false",
                       domain->tracking, domain->return_path, domain->tls);
    return len < (int)sizeof(line) &&
           sink->write(sink->user, line, (size_t)len);
}

static bool
write_json(const listing *list, const wxs_domain *domain, bool is_first,
           const wxs_sink *sink)
{
    wxs_json_writer json = {0};
    bool ok;

    wxs_domain_write_summary(&json, domain, list->context, list->request);
    ok = wxs_json_done(&json) && (is_first || wxs_sink_text(sink, ",")) &&
         sink->write(sink->user, json.out.data, json.out.len);
    wxs_json_free(&json);
    return ok;
}

static bool
write_rows(const listing *list, const wxs_sink *sink)
{
    int64_t left = list->query.page.limit;
    bool is_first = true;
    wxs_domain domain;
    wxs_error error;
    int more = 1;

    while (left != 0 && (more = wxs_db_step(list->context->control, list->rows,
                                            &error)) == 1) {
        if (!wxs_domain_row(list->rows, &domain, &error) ||
            !(list->query.csv ? write_csv(&domain, sink)
                              : write_json(list, &domain, is_first, sink)))
            return false;
        is_first = false;
        left -= left > 0;
    }
    return more >= 0;
}

static bool
stream(void *state, const wxs_sink *sink)
{
    const listing *list = state;

    if (list->query.csv)
        return wxs_sink_text(sink, csv_header) && write_rows(list, sink);
    return wxs_sink_text(sink, "{\"object\":\"list\",\"has_more\":false,"
                               "\"data\":[") &&
           write_rows(list, sink) && wxs_sink_text(sink, "]}");
}

static void
free_listing(void *state)
{
    listing *list = state;

    wxs_db_done(list->rows);
    free(list);
}

static void
answer_all(const wxs_context *context, const wxs_request *request,
           const wxs_list_query *query, wxs_response *response)
{
    listing *list = calloc(1, sizeof(*list));
    wxs_error error = {"out of memory"};

    if (list != NULL) {
        *list = (listing){context, request, *query, NULL};
        list->rows = walk(context, &list->query, &error);
        if (list->rows != NULL) {
            wxs_answer_stream(response,
                              query->csv ? "text/csv; charset=utf-8" : NULL,
                              stream, list, free_listing);
            return;
        }
        free(list);
    }
    wxs_answer_internal(response, request, &error);
}

void
wxs_domains_list(wxs_context *context, const wxs_request *request,
                 wxs_response *response)
{
    wxs_list_query query;

    if (!wxs_list_query_parse(context, request, &query, response))
        return;
    /* what comes before a cursor is walked backwards, so it is turned round */
    if (query.page.before[0] != '\0' && query.csv)
        wxs_answer_error(response, 422, "validation_error",
                         "`before` cannot be used with `format=csv`.");
    else if (query.page.limit < 0 || query.csv)
        answer_all(context, request, &query, response);
    else
        answer_page(context, request, &query, response);
}
