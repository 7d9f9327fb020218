#include "routes.h"

#include "erasures.h"
#include "events_export.h"
#include "events_list.h"
#include "message_get.h"
#include "metrics/metrics.h"
#include "sums/sums.h"
#include "usage.h"

#define BODY_MAX 65536

static const wxs_route routes[] = {
    {"GET", "/events", WXS_FULL_ACCESS, wxs_events_list},
    {"GET", "/events/export", WXS_FULL_ACCESS, wxs_events_export},
    {"GET", "/events/links", WXS_FULL_ACCESS, wxs_link_sums},
    {"GET", "/events/tags", WXS_FULL_ACCESS, wxs_tag_sums},
    {"GET", "/emails/metrics", WXS_FULL_ACCESS, wxs_metrics_get},
    {"GET", "/messages/{id}", WXS_FULL_ACCESS, wxs_message_get},
    {"POST", "/erasures", WXS_FULL_ACCESS, wxs_erasures_create},
    {"GET", "/erasures/{id}", WXS_FULL_ACCESS, wxs_erasures_get},
    {"GET", "/usage", WXS_FULL_ACCESS, wxs_usage_get},
    {NULL, NULL, WXS_FULL_ACCESS, NULL},
};

const wxs_service wxs_events_service = {
    .name = "waxseal-events",
    .routes = routes,
    .uses_events = true,
    .body_max = BODY_MAX,
};
