#ifndef WXS_EVENTS_METRICS_H
#define WXS_EVENTS_METRICS_H

#include "service.h"

/* GET /emails/metrics: counts of messages, opens and clicks over time, as the
 * clients made for Resend read them. */
wxs_handler wxs_metrics_get;

#endif
