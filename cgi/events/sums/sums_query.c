#include "sums_query.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "domain_number.h"
#include "parameter.h"

#define DAY_US        INT64_C(86400000000)
#define SPAN_DAYS     30
#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000
#define WORD_MAX      64

static bool
read_domain(const wxs_context *context, const wxs_request *request,
            wxs_sums_query *query, wxs_response *response)
{
    char value[WORD_MAX];

    wxs_parameter_read(request, "domain_id", value, sizeof(value));
    if (value[0] == '\0') {
        wxs_answer_error(response, 422, "missing_required_field",
                         "The `domain_id` parameter is missing.");
        return false;
    }
    query->domain = wxs_domain_number_ask(context, request, value, response);
    return query->domain > 0;
}

/* A day; a time counts as the day that it is in, at the end as that day too. */
static bool
read_day(const wxs_request *request, const char *name, bool is_end,
         int64_t *day, wxs_response *response)
{
    int64_t us = INT64_MIN;

    if (!wxs_parameter_time(request, name, &us, response))
        return false;
    if (us == INT64_MIN)
        return true;
    *day = is_end ? (us + DAY_US - 1) / DAY_US : us / DAY_US;
    return true;
}

bool
wxs_sums_query_read(const wxs_context *context, const wxs_request *request,
                    int64_t now, wxs_sums_query *query, wxs_response *response)
{
    static const char *const words[] = {"total", "day", NULL};
    int which;

    *query =
        (wxs_sums_query){.after = now / DAY_US + 1, .limit = LIMIT_DEFAULT};
    if (!read_day(request, "to", true, &query->after, response))
        return false;
    query->first = query->after - SPAN_DAYS;
    if (!read_day(request, "from", false, &query->first, response) ||
        !wxs_parameter_word(request, "by", words, &which, response) ||
        !wxs_parameter_limit(request, LIMIT_MAX, &query->limit, response))
        return false;
    query->by_day = which == 1;
    return read_domain(context, request, query, response);
}

void
wxs_day_text(int64_t day, char text[WXS_DAY_TEXT])
{
    char time[WXS_TIME_TEXT];

    wxs_time_iso(day * DAY_US, time);
    (void)snprintf(text, WXS_DAY_TEXT, "%.10s", time);
}

void
wxs_sums_bind(const wxs_context *context, const wxs_sums_query *query,
              sqlite3_stmt *row)
{
    sqlite3_bind_int64(row, 1, context->identity.account);
    sqlite3_bind_int64(row, 2, query->domain);
    sqlite3_bind_int64(row, 3, query->first);
    sqlite3_bind_int64(row, 4, query->after);
    sqlite3_bind_int(row, 5, query->limit + 1);
}

/* Fills the list; 1 it is full, 0 it has all, -1 error filled. */
static int
fill(const wxs_context *context, const wxs_sums_query *query, sqlite3_stmt *row,
     json_t *(*item)(const wxs_sums_query *query, sqlite3_stmt *row),
     json_t *data, wxs_error *error)
{
    int step;

    while ((step = wxs_db_step(context->counts, row, error)) == 1) {
        json_t *object;
        if (json_array_size(data) == (size_t)query->limit)
            return 1;
        object = item(query, row);
        if (object == NULL || json_array_append_new(data, object) != 0) {
            (void)wxs_fail(error, "out of memory");
            return -1;
        }
    }
    return step;
}

void
wxs_sums_answer(const wxs_context *context, const wxs_request *request,
                const wxs_sums_query *query, sqlite3_stmt *row,
                json_t *(*item)(const wxs_sums_query *query, sqlite3_stmt *row),
                wxs_error *error, wxs_response *response)
{
    json_t *data = json_array();
    int more = -1;

    if (row != NULL && data != NULL)
        more = fill(context, query, row, item, data, error);
    wxs_db_done(row);
    if (more < 0) {
        json_decref(data);
        wxs_answer_internal(response, request, error);
        return;
    }
    wxs_answer(response, 200,
               json_pack("{s:s, s:b, s:o}", "object", "list", "has_more",
                         more == 1, "data", data));
}
