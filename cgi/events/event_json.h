#ifndef WXS_EVENTS_EVENT_JSON_H
#define WXS_EVENTS_EVENT_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "event_parts.h"

#define WXS_EVENT_ID_TEXT 21 /* "evt_", 16 hexadecimal digits and the NUL */

void wxs_event_id_format(int64_t id, char text[WXS_EVENT_ID_TEXT]);

/* False if the text is not the id of an event. */
bool wxs_event_id_parse(const char *text, int64_t *id);

/* The API's object of the event, whose label is final or not. control is asked
 * for the id of its domain, events for names and tags of its link. The caller
 * owns it; NULL with error filled. */
json_t *wxs_event_json(wxs_db *control, wxs_db *events,
                       const wxs_event_row *event, bool is_final,
                       wxs_error *error);

#endif
