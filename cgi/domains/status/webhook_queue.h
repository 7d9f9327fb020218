#ifndef WXS_DOMAINS_WEBHOOK_QUEUE_H
#define WXS_DOMAINS_WEBHOOK_QUEUE_H

#include "db.h"

/* How the delivery of webhooks is doing. Times in microseconds, 0 = none. */
typedef struct {
    int64_t waiting;       /* deliveries that will be attempted */
    int64_t in_flight;     /* of which are under way */
    int64_t oldest_due_at; /* the least time at which one was, or is, due */
    int64_t attempts;      /* ever made */
    int64_t recent;        /* of the last ones, at most WXS_QUEUE_RECENT, */
    int64_t recent_failed; /* which failed */
    int64_t recent_since;  /* and when the first of them was */
    int64_t failing;       /* webhooks without a success since a failure */
    int64_t disabled;      /* webhooks that were disabled by that */
} wxs_webhook_queue;

#define WXS_QUEUE_RECENT 1000

/* Reads them from webhooks.db and control.db; false with error filled. */
bool wxs_webhook_queue_read(wxs_db *webhooks, wxs_db *control,
                            wxs_webhook_queue *queue, wxs_error *error);

#endif
