#ifndef WXS_EVENTS_EVENTS_LIST_H
#define WXS_EVENTS_EVENTS_LIST_H

#include "service.h"

/* GET /events: events of the caller's account, a page at a time. */
wxs_handler wxs_events_list;

#endif
