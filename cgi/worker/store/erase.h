#ifndef WXS_STORE_ERASE_H
#define WXS_STORE_ERASE_H

#include <stddef.h>
#include <stdint.h>

#include "event_parts.h"

/* Forgets what is kept of persons: table erasures of events.db. Everything is
 * overwritten (secure_delete) and the logs of the databases are emptied, so
 * that nothing is left in any file but in a backup. What stays: sums in which
 * nobody can be told, and 31 bits of a hash of each message id in the index of
 * a partition. */

typedef struct {
    uint8_t id[16];
} wxs_message_id;

/* An event that is to go, and the sum that its link is in. */
typedef struct {
    int64_t id;
    int64_t account;
    int64_t domain;
    int64_t day;
    int64_t item; /* of its link, 0 = none */
} wxs_erased_event;

typedef struct {
    wxs_erased_event *event;
    size_t count;
    size_t room;
} wxs_erased_events;

/* Does the oldest erasure that is due, or a part of it; *more tells that there
 * is more to do. After an error it is due as before; nothing is done twice that
 * matters. */
bool wxs_erase(const char *dir, bool *more, wxs_error *error);

/* ---- its parts ---- */

/* Empties the log of the database. Fails if somebody reads for too long. */
bool wxs_erase_settle(wxs_db *db, wxs_error *error);

/* Deletes the account's events of the messages from all partitions, with texts
 * that no other event has; adds them to erased, whose memory is the caller's.
 */
bool wxs_erase_events(const char *dir, int64_t account,
                      const wxs_message_id *message, size_t count,
                      wxs_erased_events *erased, wxs_error *error);

/* Deletes the counts of the messages, and folds links that nobody else has
 * clicked on that day into the sum of others. */
bool wxs_erase_counts(const char *dir, int64_t account,
                      const wxs_message_id *message, size_t count,
                      wxs_erased_events *erased, wxs_error *error);

/* Deletes the deliveries to the account's webhooks that tell of one of the
 * messages; *waiting tells that some are just being made and stay. */
bool wxs_erase_deliveries(const char *dir, int64_t account,
                          const wxs_message_id *message, size_t count,
                          int64_t *deleted, bool *waiting, wxs_error *error);

/* Deletes requests of the account from the log of requests that have the word,
 * in any case. */
bool wxs_erase_requests(const char *dir, int64_t account, const char *word,
                        wxs_error *error);

#endif
