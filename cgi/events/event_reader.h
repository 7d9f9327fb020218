#ifndef WXS_EVENTS_EVENT_READER_H
#define WXS_EVENTS_EVENT_READER_H

#include "event_details.h"
#include "event_query.h"

/* Goes through the events of the account that a query asks for. */
typedef struct {
    const wxs_context *context;
    const wxs_event_query *query;
    wxs_event_scan *scan;
    int64_t final; /* up to which id verdicts are final */
    int64_t place; /* id of the last event looked at */
    bool is_over;
} wxs_event_reader;

/* The caller ends it, also after a failure; query must outlive it. */
bool wxs_event_reader_begin(wxs_event_reader *reader,
                            const wxs_context *context,
                            const wxs_event_query *query, wxs_error *error);

/* The next event: 1 with *row and *details, which the caller clears; 0 no more;
 * 2 nothing among the last many that were looked at: call again to go on; -1
 * with error filled. */
int wxs_event_reader_next(wxs_event_reader *reader, const wxs_event_row **row,
                          wxs_event_details *details, wxs_error *error);

void wxs_event_reader_end(wxs_event_reader *reader);

#endif
