#ifndef WXS_EVENTS_METRIC_H
#define WXS_EVENTS_METRIC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is counted. The first ones are those that the clients made for Resend
 * know; the others are there when they are asked for by name. */
typedef enum {
    WXS_METRIC_RECEIVED,
    WXS_METRIC_DELIVERED,
    WXS_METRIC_COMPLAINED,
    WXS_METRIC_SUPPRESSED,
    WXS_METRIC_BOUNCED,
    WXS_METRIC_BOUNCED_TRANSIENT,
    WXS_METRIC_BOUNCED_PERMANENT,
    WXS_METRIC_BOUNCED_UNDETERMINED,
    WXS_METRIC_OPENED,
    WXS_METRIC_CLICKED,
    WXS_METRIC_UNSUBSCRIBED,
    WXS_METRIC_DELIVERY_DELAYED,
    WXS_METRIC_FAILED,
    WXS_METRIC_SENT,
    WXS_METRIC_UNIQUE_OPENED,
    WXS_METRIC_UNIQUE_CLICKED,
    WXS_METRIC_DELIVERY_RATE,
    WXS_METRIC_OPEN_RATE,
    WXS_METRIC_CLICK_RATE,
    WXS_METRIC_BOUNCE_RATE,
    WXS_METRIC_COMPLAINT_RATE,
    WXS_METRIC_UNSUBSCRIBE_RATE,
    WXS_METRIC_DEFAULT, /* how many are given if none is named */
    WXS_METRIC_HUMAN_OPENED = WXS_METRIC_DEFAULT,
    WXS_METRIC_HUMAN_CLICKED,
    WXS_METRIC_PROXY_OPENED,
    WXS_METRIC_MACHINE_OPENED,
    WXS_METRIC_MACHINE_CLICKED,
    WXS_METRIC_UNIQUE_HUMAN_OPENED,
    WXS_METRIC_UNIQUE_HUMAN_CLICKED,
    WXS_METRIC_HUMAN_OPEN_RATE,
    WXS_METRIC_HUMAN_CLICK_RATE,
    WXS_METRIC_COUNT
} wxs_metric;

/* What the metrics are made of. */
typedef struct {
    int64_t messages;
    int64_t opened, clicked, unsubscribed;
    int64_t human_opened, human_clicked;
    int64_t proxy_opened;
    int64_t machine_opened, machine_clicked;
    int64_t unique_opened, unique_clicked;
    int64_t unique_human_opened, unique_human_clicked;
} wxs_counts;

/* The metric of this name; WXS_METRIC_COUNT if there is none. */
wxs_metric wxs_metric_find(const char *name, size_t len);

/* Counts so many events of a type ('c', 'o', 'u') and verdict. */
void wxs_counts_add_events(wxs_counts *counts, int type, const char *verdict,
                           int64_t events);

void wxs_counts_add(wxs_counts *sum, const wxs_counts *counts);

/* Sets the fields of the metrics, which have a bit each, in the object. False
 * without memory. Rates are percentages of the messages, with one decimal; 0
 * where there are none. */
bool wxs_metrics_set(json_t *object, uint64_t metrics,
                     const wxs_counts *counts);

/* The names as an array; NULL without memory. */
json_t *wxs_metric_names(uint64_t metrics);

#endif
