#ifndef WXS_EVENTS_USAGE_H
#define WXS_EVENTS_USAGE_H

#include "service.h"

/* GET /usage: what the account has used of its quotas. */
wxs_handler wxs_usage_get;

#endif
