#ifndef WXS_EVENTS_METRICS_PERIOD_H
#define WXS_EVENTS_METRICS_PERIOD_H

#include "metrics_query.h"

#define WXS_PERIODS_MAX 10000

/* The periods that a span of time has in a time zone: hours, days, weeks from
 * Monday on, or months. The first and the last may lie in it in part. */
typedef struct {
    wxs_granularity granularity;
    GTimeZone *zone; /* of the query */
    size_t count;
    int64_t *starts; /* owned; seconds since 1970, ascending */
} wxs_periods;

/* The periods of the query. 1, 0 if there are more than WXS_PERIODS_MAX, -1
 * without memory. The caller clears them if it is 1. */
int wxs_periods_make(const wxs_metrics_query *query, wxs_periods *periods);
void wxs_periods_clear(wxs_periods *periods);

/* Which period the time (seconds) is in; the first one if it is before it. */
size_t wxs_periods_find(const wxs_periods *periods, int64_t seconds);

#define WXS_PERIOD_TEXT 32

/* "2026-11-25" for a day, and as the first day of a week or month; of an hour
 * "2026-11-25T09:00:00+01:00". */
void wxs_period_text(const wxs_periods *periods, size_t period,
                     char text[WXS_PERIOD_TEXT]);

#endif
