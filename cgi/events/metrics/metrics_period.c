#include "metrics_period.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US 1000000
#define HOUR_S    3600

/* The midnight in the zone that begins the date. */
static GDateTime *
midnight(GTimeZone *zone, int year, int month, int day)
{
    return g_date_time_new(zone, year, month, day, 0, 0, 0);
}

/* The period that the time is in begins here. */
static int64_t
begin_of(const wxs_periods *p, int64_t seconds)
{
    GDateTime *utc = g_date_time_new_from_unix_utc(seconds);
    GDateTime *local = g_date_time_to_timezone(utc, p->zone);
    int back = p->granularity == WXS_WEEKLY
                   ? g_date_time_get_day_of_week(local) - 1
                   : 0;
    GDateTime *day = g_date_time_add_days(local, -back);
    GDateTime *begin = midnight(
        p->zone, g_date_time_get_year(day), g_date_time_get_month(day),
        p->granularity == WXS_MONTHLY ? 1 : g_date_time_get_day_of_month(day));
    int64_t result = p->granularity == WXS_HOURLY ? seconds - seconds % HOUR_S
                                                  : g_date_time_to_unix(begin);

    g_date_time_unref(utc);
    g_date_time_unref(local);
    g_date_time_unref(day);
    g_date_time_unref(begin);
    return result;
}

/* Where the period that follows the one beginning here begins. Days are added
 * to the calendar, for not all of them have 24 hours. */
static int64_t
next_of(const wxs_periods *p, int64_t begin)
{
    GDateTime *utc, *local, *later, *next;
    int64_t result;

    if (p->granularity == WXS_HOURLY)
        return begin + HOUR_S;
    utc = g_date_time_new_from_unix_utc(begin);
    local = g_date_time_to_timezone(utc, p->zone);
    later =
        p->granularity == WXS_MONTHLY
            ? g_date_time_add_months(local, 1)
            : g_date_time_add_days(local, p->granularity == WXS_WEEKLY ? 7 : 1);
    next = midnight(p->zone, g_date_time_get_year(later),
                    g_date_time_get_month(later),
                    g_date_time_get_day_of_month(later));
    result = g_date_time_to_unix(next);
    g_date_time_unref(utc);
    g_date_time_unref(local);
    g_date_time_unref(later);
    g_date_time_unref(next);
    /* where a midnight is skipped or comes twice, time still goes on */
    return result > begin ? result : begin + HOUR_S;
}

int
wxs_periods_make(const wxs_metrics_query *query, wxs_periods *periods)
{
    int64_t end = (query->end + SECOND_US - 1) / SECOND_US;
    int64_t begin;

    *periods = (wxs_periods){query->granularity, query->zone, 0, NULL};
    periods->starts = calloc(WXS_PERIODS_MAX, sizeof(*periods->starts));
    if (periods->starts == NULL)
        return -1;
    begin = begin_of(periods, query->start / SECOND_US);
    do {
        if (periods->count == WXS_PERIODS_MAX) {
            wxs_periods_clear(periods);
            return 0;
        }
        periods->starts[periods->count++] = begin;
        begin = next_of(periods, begin);
    } while (begin < end);
    return 1;
}

void
wxs_periods_clear(wxs_periods *periods)
{
    free(periods->starts);
    periods->starts = NULL;
    periods->count = 0;
}

size_t
wxs_periods_find(const wxs_periods *periods, int64_t seconds)
{
    size_t low = 0, high = periods->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (periods->starts[middle] <= seconds)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void
wxs_period_text(const wxs_periods *periods, size_t period,
                char text[WXS_PERIOD_TEXT])
{
    GDateTime *utc = g_date_time_new_from_unix_utc(periods->starts[period]);
    GDateTime *local = g_date_time_to_timezone(utc, periods->zone);
    char *made = g_date_time_format(local, periods->granularity == WXS_HOURLY
                                               ? "%Y-%m-%dT%H:%M:%S%:z"
                                               : "%Y-%m-%d");

    (void)snprintf(text, WXS_PERIOD_TEXT, "%s", made != NULL ? made : "");
    g_free(made);
    g_date_time_unref(utc);
    g_date_time_unref(local);
}
