#include "events_export.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "event_csv.h"
#include "event_json.h"
#include "event_query.h"
#include "event_reader.h"
#include "log.h"
#include "parameter.h"

#define AT_ONCE_MAX 2 /* exports; the other threads serve what is short */
#define RETRY_S     5

static atomic_int running;

typedef struct {
    const wxs_context *context;
    const wxs_request *request;
    wxs_event_query query;
    bool as_csv;
} export;

static bool
write_json(const wxs_event_row *row, const wxs_event_details *details,
           bool is_final, const wxs_sink *sink)
{
    json_t *event = wxs_event_json(row, details, is_final);
    bool ok = wxs_sink_json(sink, event) && wxs_sink_text(sink, "\n");

    json_decref(event);
    return ok;
}

/* Writes what there is, until a write fails because the client has gone. */
static bool
write_events(const export *e, wxs_event_reader *reader, const wxs_sink *sink,
             wxs_error *error)
{
    wxs_event_details details;
    const wxs_event_row *row;
    bool ok = true;
    int step = 1;

    while (ok &&
           (step = wxs_event_reader_next(reader, &row, &details, error)) > 0) {
        bool is_final;

        if (step == 2)
            continue;
        is_final = row->id <= reader->final;
        ok = e->as_csv ? wxs_event_csv(row, &details, is_final, sink)
                       : write_json(row, &details, is_final, sink);
        wxs_event_details_clear(&details);
    }
    if (step < 0)
        wxs_log(WXS_LOG_ERROR, "an export failed", "request_id", e->request->id,
                "error", error->text, NULL);
    return ok && step == 0;
}

static bool
stream(void *state, const wxs_sink *sink)
{
    const export *e = state;
    wxs_event_reader reader;
    wxs_error error;
    bool ok = (!e->as_csv || wxs_event_csv_head(sink)) &&
              wxs_event_reader_begin(&reader, e->context, &e->query, &error);

    if (!ok)
        return false;
    ok = write_events(e, &reader, sink, &error);
    wxs_event_reader_end(&reader);
    return ok;
}

static void
free_export(void *state)
{
    (void)atomic_fetch_sub(&running, 1);
    free(state);
}

static bool
read_format(const wxs_request *request, bool *as_csv, wxs_response *response)
{
    static const char *const words[] = {"csv", "ndjson", NULL};
    int which;

    if (!wxs_parameter_word(request, "format", words, &which, response))
        return false;
    *as_csv = which <= 0;
    return true;
}

/* Takes one of the places; false after answering. */
static bool
take_place(wxs_response *response)
{
    if (atomic_fetch_add(&running, 1) < AT_ONCE_MAX)
        return true;
    (void)atomic_fetch_sub(&running, 1);
    wxs_answer_error(response, 429, "rate_limit_exceeded",
                     "Other exports are running. Please try again in a "
                     "moment.");
    response->retry_after = RETRY_S;
    return false;
}

void
wxs_events_export(wxs_context *context, const wxs_request *request,
                  wxs_response *response)
{
    export *e = calloc(1, sizeof(*e));
    const wxs_error error = {"out of memory"};

    if (e == NULL) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    *e = (export){.context = context, .request = request};
    if (read_format(request, &e->as_csv, response) &&
        wxs_event_query_read(context, request, true, &e->query, response) &&
        take_place(response))
        wxs_answer_stream(response,
                          e->as_csv ? "text/csv; charset=utf-8"
                                    : "application/x-ndjson",
                          stream, e, free_export);
    else
        free(e);
}
