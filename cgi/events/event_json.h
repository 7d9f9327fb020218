#ifndef WXS_EVENTS_EVENT_JSON_H
#define WXS_EVENTS_EVENT_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "db.h"

/* The columns of a row of events that wxs_event_json() reads, in its order. */
#define WXS_EVENT_COLUMNS                                                      \
    "id, domain, message, type, at, link, link_index, address, agent, "        \
    "verdict, reason, "                                                        \
    "(SELECT name FROM message_links AS m WHERE m.message = events.message "   \
    "AND m.link_index = events.link_index), "                                  \
    "(SELECT tags FROM message_links AS m WHERE m.message = events.message "   \
    "AND m.link_index = events.link_index)"

#define WXS_EVENT_ID_TEXT 21 /* "evt_", 16 hexadecimal digits and the NUL */

void wxs_event_id_format(int64_t id, char text[WXS_EVENT_ID_TEXT]);

/* False if the text is not the id of an event. */
bool wxs_event_id_parse(const char *text, int64_t *id);

/* The API's object of the event that the statement is at. control is asked for
 * the id of its domain. The caller owns it; NULL with error filled. */
json_t *wxs_event_json(wxs_db *control, sqlite3_stmt *row, wxs_error *error);

#endif
