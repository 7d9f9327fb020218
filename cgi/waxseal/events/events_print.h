#ifndef WXS_WAXSEAL_EVENTS_PRINT_H
#define WXS_WAXSEAL_EVENTS_PRINT_H

#include <jansson.h>
#include <stdbool.h>

#include "output.h"

/* Events as lines of a table that grows while it is printed: a column is as
 * wide as its widest cell so far. */
typedef struct {
    wxs_layout layout;
    bool as_json; /* a line of JSON each in place of it, and no heading */
    bool has_heading;
} wxs_events_table;

void wxs_events_table_begin(wxs_events_table *table, bool as_json);

/* Prints the events of the array, from its end if reverse; what is printed
 * before the call has its column widths too. False if the output failed. */
bool wxs_events_table_print(wxs_events_table *table, const json_t *events,
                            bool reverse);

#endif
