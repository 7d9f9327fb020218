#include "metrics.h"

#include <stdlib.h>

#include "clock.h"
#include "metrics_source.h"

/* Sets domain_id and domain_name. */
static bool
set_domain(const wxs_context *context, int64_t number, json_t *object,
           wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_db_prepare(context->control,
                       "SELECT id, name FROM domains WHERE number = ?", error);
    int step;
    bool ok;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, number);
    step = wxs_db_step(context->control, row, error);
    ok = step == 1;
    if (ok)
        ok = json_object_set_new(
                 object, "domain_id",
                 json_string((const char *)sqlite3_column_text(row, 0))) == 0 &&
             json_object_set_new(
                 object, "domain_name",
                 json_string((const char *)sqlite3_column_text(row, 1))) == 0;
    else if (step == 0)
        (void)wxs_fail(error, "a domain is missing");
    wxs_db_done(row);
    return ok;
}

static bool
set_text(json_t *object, const char *name, const char *text)
{
    return json_object_set_new(object, name, json_string(text)) == 0;
}

/* A row of the answer; NULL with error filled. */
static json_t *
row_json(const wxs_metrics_source *source, const wxs_cell *cell,
         wxs_error *error)
{
    const wxs_metrics_query *query = source->query;
    char period[WXS_PERIOD_TEXT], message[WXS_UUID_TEXT];
    json_t *object = json_object();
    bool ok = object != NULL || wxs_fail(error, "out of memory");

    if (ok && query->by_period) {
        wxs_period_text(source->periods, cell->key.period, period);
        ok = set_text(object, "period", period);
    }
    if (ok && query->by_domain)
        ok = set_domain(source->context, cell->key.domain, object, error);
    if (ok && query->by_email) {
        wxs_uuid_format(query->messages[cell->key.message], message);
        ok = set_text(object, "email_id", message);
    }
    if (ok && wxs_metrics_set(object, query->metrics, &cell->counts))
        return object;
    json_decref(object);
    return NULL;
}

static json_t *
data_json(const wxs_metrics_source *source, wxs_error *error)
{
    json_t *data = json_array();

    for (size_t i = 0; data != NULL && i < source->table->count; i++) {
        json_t *row = row_json(source, &source->table->cells[i], error);
        if (row == NULL || json_array_append_new(data, row) != 0) {
            json_decref(data);
            return NULL;
        }
    }
    return data;
}

static json_t *
totals_json(const wxs_metrics_source *source)
{
    json_t *totals = json_object();
    wxs_counts sum = {0};

    for (size_t i = 0; i < source->table->count; i++)
        wxs_counts_add(&sum, &source->table->cells[i].counts);
    if (totals == NULL || wxs_metrics_set(totals, source->query->metrics, &sum))
        return totals;
    json_decref(totals);
    return NULL;
}

static json_t *
dimensions_json(const wxs_metrics_query *query)
{
    const char *names[3];
    json_t *list = json_array();
    size_t count = 0;

    if (query->by_period)
        names[count++] = "period";
    if (query->by_domain)
        names[count++] = "domain";
    if (query->by_email)
        names[count++] = "email";
    for (size_t i = 0; list != NULL && i < count; i++) {
        if (json_array_append_new(list, json_string(names[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static void
answer(const wxs_metrics_source *source, const wxs_request *request,
       wxs_response *response)
{
    const wxs_metrics_query *query = source->query;
    bool has_data = query->by_period || query->by_domain || query->by_email;
    wxs_error error = {"out of memory"};
    char start[WXS_TIME_TEXT], end[WXS_TIME_TEXT];
    json_t *data = NULL;

    wxs_metrics_table_sort(source->table);
    if (has_data && (data = data_json(source, &error)) == NULL) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    wxs_time_iso(query->shown_start, start);
    wxs_time_iso(query->shown_end, end);
    wxs_answer(response, 200,
               json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o*}", "object",
                         "metrics", "start_date", start, "end_date", end,
                         "metrics", wxs_metric_names(query->metrics),
                         "dimensions", dimensions_json(query), "granularity",
                         wxs_granularity_name(query->granularity), "totals",
                         totals_json(source), "data", data));
}

/* A series has its periods without events too, where they are told apart by
 * nothing else. */
static wxs_metrics_result
fill_periods(const wxs_metrics_source *source, wxs_error *error)
{
    wxs_metrics_result result = WXS_METRICS_DONE;
    const wxs_metrics_query *query = source->query;

    if (!query->by_period || query->by_domain || query->by_email)
        return result;
    for (size_t i = 0; i < source->periods->count; i++) {
        if (wxs_metrics_at(source, source->periods->starts[i], 0, 0, &result,
                           error) == NULL)
            return result;
    }
    return result;
}

static void
count(const wxs_metrics_source *source, const wxs_request *request,
      wxs_response *response)
{
    wxs_error error;
    wxs_metrics_result result = fill_periods(source, &error);

    if (result == WXS_METRICS_DONE)
        result = source->query->message_count > 0
                     ? wxs_metrics_from_messages(source, &error)
                     : wxs_metrics_from_hours(source, &error);
    if (result == WXS_METRICS_DONE)
        answer(source, request, response);
    else if (result == WXS_METRICS_FAILED)
        wxs_answer_internal(response, request, &error);
    else
        wxs_answer_error(response, 422, "validation_error",
                         "That would be more than %d rows: ask for a shorter "
                         "span, a coarser granularity or fewer domains.",
                         WXS_CELLS_MAX);
}

void
wxs_metrics_get(wxs_context *context, const wxs_request *request,
                wxs_response *response)
{
    const wxs_error no_memory = {"out of memory"};
    wxs_metrics_table table = {0};
    wxs_periods periods = {0};
    wxs_metrics_query query;
    int made = 1;

    if (!wxs_metrics_query_read(context, request, wxs_now_us(), &query,
                                response))
        return;
    if (query.by_period)
        made = wxs_periods_make(&query, &periods);
    if (made < 0)
        wxs_answer_internal(response, request, &no_memory);
    else if (made == 0)
        wxs_answer_error(response, 422, "validation_error",
                         "The time between `start_date` and `end_date` has "
                         "more than %d periods: ask for a coarser "
                         "`granularity`.",
                         WXS_PERIODS_MAX);
    else
        count(&(wxs_metrics_source){context, &query, &periods, &table}, request,
              response);
    wxs_metrics_table_clear(&table);
    wxs_periods_clear(&periods);
    wxs_metrics_query_clear(&query);
}
