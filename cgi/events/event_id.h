#ifndef WXS_EVENTS_EVENT_ID_H
#define WXS_EVENTS_EVENT_ID_H

#include <stdbool.h>
#include <stdint.h>

#define WXS_EVENT_ID_TEXT 21 /* "evt_", 16 hexadecimal digits and the NUL */

void wxs_event_id_format(int64_t id, char text[WXS_EVENT_ID_TEXT]);

/* False if the text is not the id of an event. */
bool wxs_event_id_parse(const char *text, int64_t *id);

#endif
