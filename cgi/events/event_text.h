#ifndef WXS_EVENTS_EVENT_TEXT_H
#define WXS_EVENTS_EVENT_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "event_parts.h"

/* Texts of events, as JSON and CSV both show them. */

/* Text that a client sent as a JSON string: bytes that are not UTF-8 become
 * U+FFFD. null for NULL; NULL without memory. */
json_t *wxs_event_string(const char *text, size_t len);

#define WXS_EVENT_ADDRESS_TEXT 64

/* The address, "pseudonym:…" for the hash that stands for it, or "". */
void wxs_event_address(const wxs_event_row *row,
                       char text[WXS_EVENT_ADDRESS_TEXT]);

/* "click" and so on. */
const char *wxs_event_type(int type);

#endif
