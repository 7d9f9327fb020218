#ifndef WXS_DELIVER_QUEUE_H
#define WXS_DELIVER_QUEUE_H

#include <stddef.h>

#include "db.h"
#include "schedule.h"

/* The queue in webhooks.db. Its one writer is the thread that delivers; each
 * function runs inside a transaction of the caller. Webhooks are given by
 * their numbers in control.db, times are in microseconds. */

#define WXS_ENDPOINT_FLIGHT 16 /* deliveries under way to one webhook */
#define WXS_FAILING_FLIGHT  4  /* the same, while it fails */

#define WXS_MESSAGE_ID_TEXT 80

/* A delivery that was taken, to be made now. */
typedef struct {
    int64_t webhook;
    int64_t message;
    char id[WXS_MESSAGE_ID_TEXT];
    char *payload; /* owned */
    size_t payload_len;
} wxs_delivery;

/* How an attempt ended. */
typedef struct {
    int64_t webhook;
    int64_t message;
    int64_t sent_at;
    int64_t ended_at;
    int64_t enabled_at; /* of the webhook when it was made */
    int http;           /* status, 0 = no answer */
    bool success;
    const char *response; /* UTF-8 */
} wxs_outcome;

/* After the start: what a killed worker was about to deliver is due again. */
bool wxs_queue_recover(wxs_db *db, wxs_error *error);

/* Up to which event all are queued; -1 if none ever was. */
bool wxs_queue_progress(wxs_db *db, int64_t *event, wxs_error *error);
bool wxs_queue_set_progress(wxs_db *db, int64_t event, wxs_error *error);

/* Adds a message; *number is 0 if there is one with this id already. */
bool wxs_queue_message(wxs_db *db, const char *id, const char *type,
                       int64_t created_at, const char *payload, int64_t *number,
                       wxs_error *error);
bool wxs_queue_delivery(wxs_db *db, int64_t webhook, int64_t message,
                        int64_t due_at, wxs_error *error);

/* Begins the schedule of a delivery again; nothing if there is none. */
bool wxs_queue_replay(wxs_db *db, int64_t webhook, const char *id,
                      int64_t due_at, wxs_error *error);

/* Webhooks with something due and room for it, the longest waiting first. */
bool wxs_queue_ready(wxs_db *db, int64_t now, int64_t *webhooks, size_t cap,
                     size_t *count, wxs_error *error);

/* When the next delivery is due to a webhook with room; INT64_MAX = never. */
bool wxs_queue_next(wxs_db *db, int64_t *at, wxs_error *error);

/* Takes at most cap due deliveries of a webhook, as many as it has room for. */
bool wxs_queue_take(wxs_db *db, int64_t webhook, int64_t now,
                    wxs_delivery *deliveries, size_t cap, size_t *count,
                    wxs_error *error);

/* Writes the attempt down and plans the next one. *failing_since is since when
 * every attempt at the webhook has failed, 0 if this one did not. */
bool wxs_queue_finish(wxs_db *db, const wxs_outcome *outcome,
                      const wxs_schedule *schedule, int64_t *failing_since,
                      wxs_error *error);

/* Ends waiting deliveries, some hundred at a time: of a webhook that is deleted
 * they go, of a disabled one they fail. */
bool wxs_queue_stop(wxs_db *db, int64_t webhook, bool deleted,
                    wxs_error *error);

/* Removes messages from before that time which no delivery waits for, with
 * their deliveries and attempts, some hundred at a time; *count how many. */
bool wxs_queue_purge(wxs_db *db, int64_t before, int *count, wxs_error *error);

#endif
