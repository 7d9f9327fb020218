#include "event_reader.h"

#include <string.h>

#define LOOKED_AT_MAX 200 /* rows in vain, one after another */

static wxs_event_filter
filter_of(const wxs_event_reader *reader)
{
    const wxs_event_query *q = reader->query;

    return (wxs_event_filter){
        .account = reader->context->identity.account,
        .domain = q->domain,
        .message = q->by_message ? q->message : NULL,
        .type = q->link[0] != '\0' ? 'c' : q->type,
        .verdicts = q->verdicts,
        .from_ms = q->from,
        .to_ms = q->to,
        .after = q->after,
        .up_to = q->final == WXS_FINAL_YES ? reader->final : 0,
        .ascending = q->ascending,
        .pauses = true,
    };
}

bool
wxs_event_reader_begin(wxs_event_reader *reader, const wxs_context *context,
                       const wxs_event_query *query, wxs_error *error)
{
    wxs_event_filter filter;

    *reader = (wxs_event_reader){.context = context, .query = query};
    if (!wxs_event_parts_final(context->parts, &reader->final, error))
        return false;
    filter = filter_of(reader);
    /* no event has the id 0, so nothing is final then */
    reader->is_over =
        (query->final == WXS_FINAL_YES && reader->final == 0) ||
        (query->link[0] != '\0' && query->type != 0 && query->type != 'c');
    if (query->final == WXS_FINAL_NO && query->ascending &&
        filter.after < reader->final)
        filter.after = reader->final;
    reader->place = filter.after;
    return reader->is_over ||
           wxs_event_scan_begin(context->parts, &filter, &reader->scan, error);
}

void
wxs_event_reader_end(wxs_event_reader *reader)
{
    wxs_event_scan_end(reader->scan);
    reader->scan = NULL;
}

static bool
has_link(const wxs_event_row *row, const char *link)
{
    return row->link != NULL && row->link_len == strlen(link) &&
           memcmp(row->link, link, row->link_len) == 0;
}

/* Does the row fit what the scan does not know of? 1 with its details, 0 no. */
static int
examine(const wxs_event_reader *reader, const wxs_event_row *row,
        wxs_event_details *details, wxs_error *error)
{
    const wxs_event_query *q = reader->query;

    if (q->link[0] != '\0' && !has_link(row, q->link))
        return 0;
    if (q->tag[0] != '\0' && row->message == NULL)
        return 0;
    if (!wxs_event_details_read(reader->context, row, details, error))
        return -1;
    if (q->tag[0] == '\0' ||
        wxs_event_details_tagged(details, q->tag,
                                 q->has_value ? q->value : NULL))
        return 1;
    wxs_event_details_clear(details);
    return 0;
}

int
wxs_event_reader_next(wxs_event_reader *reader, const wxs_event_row **row,
                      wxs_event_details *details, wxs_error *error)
{
    for (int i = 0; i < LOOKED_AT_MAX; i++) {
        int step =
            reader->is_over ? 0 : wxs_event_scan_next(reader->scan, row, error);
        if (step == 2)
            reader->place = wxs_event_scan_place(reader->scan);
        if (step != 1)
            return step;
        /* from the newest on, what is not final comes first */
        if (reader->query->final == WXS_FINAL_NO &&
            (*row)->id <= reader->final) {
            reader->is_over = true;
            return 0;
        }
        reader->place = (*row)->id;
        step = examine(reader, *row, details, error);
        if (step != 0)
            return step;
    }
    return 2;
}
