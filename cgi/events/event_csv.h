#ifndef WXS_EVENTS_EVENT_CSV_H
#define WXS_EVENTS_EVENT_CSV_H

#include "event_details.h"

/* CSV by RFC 4180: lines end in CRLF, fields with a quote, comma, CR or LF are
 * quoted. A field that a client or a template could have made, and that begins
 * as a formula does in a spreadsheet (= + - @, tab, CR), gets an apostrophe
 * before it. */

/* Writes the line of the columns' names. */
bool wxs_event_csv_head(const wxs_sink *sink);

/* Writes the line of an event; false if that failed. */
bool wxs_event_csv(const wxs_event_row *row, const wxs_event_details *details,
                   bool is_final, const wxs_sink *sink);

#endif
