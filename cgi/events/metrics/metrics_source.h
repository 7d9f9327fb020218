#ifndef WXS_EVENTS_METRICS_SOURCE_H
#define WXS_EVENTS_METRICS_SOURCE_H

#include "metrics_period.h"
#include "metrics_query.h"
#include "metrics_table.h"

/* Where the counts of GET /emails/metrics come from. */

typedef enum {
    WXS_METRICS_FAILED,
    WXS_METRICS_DONE,
    WXS_METRICS_TOO_MANY /* more than WXS_CELLS_MAX rows */
} wxs_metrics_result;

typedef struct {
    const wxs_context *context;
    const wxs_metrics_query *query;
    const wxs_periods *periods; /* if the query is by period */
    wxs_metrics_table *table;
} wxs_metrics_source;

/* The counts of the source's table for what is to be counted at a time
 * (seconds); NULL with *result and error filled. */
wxs_counts *wxs_metrics_at(const wxs_metrics_source *source, int64_t seconds,
                           int64_t domain, size_t message,
                           wxs_metrics_result *result, wxs_error *error);

/* Fills the table from the hourly sums of all domains asked for. Hours that the
 * span has in part count as a whole. */
wxs_metrics_result wxs_metrics_from_hours(const wxs_metrics_source *source,
                                          wxs_error *error);

/* Fills the table from the final events of the messages asked for. */
wxs_metrics_result wxs_metrics_from_messages(const wxs_metrics_source *source,
                                             wxs_error *error);

#endif
