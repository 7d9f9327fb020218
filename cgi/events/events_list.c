#include "events_list.h"

#include "event_id.h"
#include "event_json.h"
#include "event_query.h"
#include "event_reader.h"

#define PAUSES_MAX 25 /* of the reader, then a page ends */

/* A page being filled. */
typedef struct {
    json_t *data;
    bool has_more;
    int64_t last; /* number of the last event listed or looked at */
} page;

/* 1 go on, 0 the page is full, -1 error filled. Takes over the details. */
static int
add(page *p, int limit, const wxs_event_row *row, wxs_event_details *details,
    int64_t final, wxs_error *error)
{
    json_t *event = NULL;

    p->has_more = json_array_size(p->data) == (size_t)limit;
    if (!p->has_more)
        event = wxs_event_json(row, details, row->id <= final);
    wxs_event_details_clear(details);
    if (p->has_more)
        return 0;
    p->last = row->id;
    if (event != NULL && json_array_append_new(p->data, event) == 0)
        return 1;
    (void)wxs_fail(error, "out of memory");
    return -1;
}

/* A page ends early where much was looked at in vain: the client asks again. */
static bool
fill(const wxs_context *context, const wxs_event_query *query, page *p,
     wxs_error *error)
{
    wxs_event_reader reader;
    wxs_event_details details;
    const wxs_event_row *row;
    int step = 1, pauses = 0;

    if (wxs_event_reader_begin(&reader, context, query, error)) {
        do {
            step = wxs_event_reader_next(&reader, &row, &details, error);
            if (step == 1)
                step = add(p, query->limit, row, &details, reader.final, error);
        } while (step == 1 || (step == 2 && ++pauses < PAUSES_MAX));
        if (step == 2) {
            p->has_more = true;
            p->last = reader.place;
        }
    } else {
        step = -1;
    }
    wxs_event_reader_end(&reader);
    return step >= 0;
}

static json_t *
next_json(const page *p)
{
    char id[WXS_EVENT_ID_TEXT];

    if (!p->has_more)
        return json_null();
    wxs_event_id_format(p->last, id);
    return json_string(id);
}

void
wxs_events_list(wxs_context *context, const wxs_request *request,
                wxs_response *response)
{
    wxs_event_query query = {0};
    wxs_error error = {"out of memory"};
    page p = {0};

    if (!wxs_event_query_read(context, request, false, &query, response))
        return;
    p.data = json_array();
    if (p.data == NULL || !fill(context, &query, &p, &error)) {
        json_decref(p.data);
        wxs_answer_internal(response, request, &error);
        return;
    }
    wxs_answer(response, 200,
               json_pack("{s:s, s:b, s:o, s:o}", "object", "list", "has_more",
                         p.has_more, "next", next_json(&p), "data", p.data));
}
