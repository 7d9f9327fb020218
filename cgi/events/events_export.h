#ifndef WXS_EVENTS_EVENTS_EXPORT_H
#define WXS_EVENTS_EVENTS_EXPORT_H

#include "service.h"

/* GET /events/export: all events that the filters let through, the oldest
 * first, as CSV or NDJSON, in constant memory. */
wxs_handler wxs_events_export;

#endif
