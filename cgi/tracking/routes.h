#ifndef WXS_TRACKING_ROUTES_H
#define WXS_TRACKING_ROUTES_H

#include "service.h"

/* The program waxseal-tracking. Its state is the key (wxs_seal_key) of
 * DIR/link.key. */
extern const wxs_service wxs_tracking_service;

#endif
