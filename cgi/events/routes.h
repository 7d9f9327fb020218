#ifndef WXS_EVENTS_ROUTES_H
#define WXS_EVENTS_ROUTES_H

#include "service.h"

/* The program waxseal-events. */
extern const wxs_service wxs_events_service;

#endif
