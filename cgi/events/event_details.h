#ifndef WXS_EVENTS_EVENT_DETAILS_H
#define WXS_EVENTS_EVENT_DETAILS_H

#include <jansson.h>

#include "event_parts.h"
#include "service.h"
#include "uuid.h"

/* What is known of an event beside its row: it is in control.db and
 * events.db. */
typedef struct {
    char domain[WXS_UUID_TEXT]; /* id, "" if it is gone */
    json_t *tags;               /* of the message; null if there are none */
    json_t *link_name;          /* a string or null */
    json_t *link_tags;          /* an object or null */
} wxs_event_details;

/* Looks them up; the caller clears them. False with error filled. */
bool wxs_event_details_read(const wxs_context *context,
                            const wxs_event_row *row,
                            wxs_event_details *details, wxs_error *error);

void wxs_event_details_clear(wxs_event_details *details);

/* Has one of the objects the tag, with that value unless it is NULL? */
bool wxs_event_details_tagged(const wxs_event_details *details,
                              const char *name, const char *value);

#endif
