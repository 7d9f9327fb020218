#ifndef WXS_EVENTS_EVENT_JSON_H
#define WXS_EVENTS_EVENT_JSON_H

#include "event_details.h"

/* The API's object of an event. The caller owns it; NULL without memory. */
json_t *wxs_event_json(const wxs_event_row *row,
                       const wxs_event_details *details, bool is_final);

#endif
