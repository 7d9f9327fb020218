#ifndef WXS_TRACKING_SETTINGS_H
#define WXS_TRACKING_SETTINGS_H

#include "service.h"

/* How a domain's messages are tracked: GET and PATCH /domains/{id}/tracking. */
wxs_handler wxs_settings_get, wxs_settings_update;

#endif
