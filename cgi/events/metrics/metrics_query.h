#ifndef WXS_EVENTS_METRICS_QUERY_H
#define WXS_EVENTS_METRICS_QUERY_H

#include <glib.h>

#include "service.h"
#include "uuid.h"

#define WXS_METRICS_IDS_MAX 100 /* domains or messages that a request names */

typedef enum {
    WXS_HOURLY,
    WXS_DAILY,
    WXS_WEEKLY,
    WXS_MONTHLY
} wxs_granularity;

/* What GET /emails/metrics asks for. */
typedef struct {
    int64_t start, end;             /* microseconds: from on, before */
    int64_t shown_start, shown_end; /* as the answer tells them */
    GTimeZone *zone;                /* owned */
    wxs_granularity granularity;
    uint64_t metrics; /* a bit for each of wxs_metric, in its order */
    bool by_period, by_domain, by_email;
    size_t domain_count;
    int64_t domains[WXS_METRICS_IDS_MAX]; /* numbers; none: all */
    size_t message_count;
    uint8_t messages[WXS_METRICS_IDS_MAX][WXS_UUID_SIZE]; /* none: all */
} wxs_metrics_query;

/* Reads the parameters at the time now (microseconds). False after answering;
 * nothing is to be cleared then. */
bool wxs_metrics_query_read(const wxs_context *context,
                            const wxs_request *request, int64_t now,
                            wxs_metrics_query *query, wxs_response *response);

void wxs_metrics_query_clear(wxs_metrics_query *query);

const char *wxs_granularity_name(wxs_granularity granularity);

#endif
