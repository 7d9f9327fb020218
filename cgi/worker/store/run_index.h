#ifndef WXS_STORE_RUN_INDEX_H
#define WXS_STORE_RUN_INDEX_H

#include <stddef.h>

#include "db.h"
#include "event_index.h"

/* The index of a partition, run by run (schema/parts). */

/* The events since the last run. */
typedef struct {
    int64_t part_first; /* first id of the partition */
    int64_t first;      /* first id of the run, if count > 0 */
    int64_t last;
    size_t count;
    size_t entries;
    uint64_t entry[WXS_RUN_EVENTS]; /* of the events that have a message */
    struct wxs_run_place {
        int64_t account;
        int64_t domain;
        uint16_t offset;
    } place[WXS_RUN_EVENTS];
} wxs_run;

/* Takes up what the partition has behind its last run, and writes runs of all
 * but the end of it; to be called first, inside a transaction. */
bool wxs_run_load(wxs_run *run, wxs_db *part, int64_t part_first,
                  wxs_error *error);

/* Adds an event, whose row is inserted in the same transaction. message is 16
 * bytes or NULL. A run that is full, or that the id is too far away for, is
 * written. */
bool wxs_run_add(wxs_run *run, wxs_db *part, int64_t id, int64_t account,
                 int64_t domain, const uint8_t *message, wxs_error *error);

/* Writes what there is of the run, inside a transaction, and begins anew. */
bool wxs_run_write(wxs_run *run, wxs_db *part, wxs_error *error);

/* Merges the messages of all runs into one, inside a transaction. Takes 16
 * bytes of memory for each event that has a message. */
bool wxs_runs_merge(wxs_db *part, wxs_error *error);

#endif
