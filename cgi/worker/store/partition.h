#ifndef WXS_STORE_PARTITION_H
#define WXS_STORE_PARTITION_H

#include "db.h"
#include "run_index.h"

/* The newest partition, the one that events are added to. The collector's
 * thread alone has it. */
typedef struct {
    char dir[400]; /* the state directory */
    wxs_db *db;    /* NULL = not open */
    int64_t first_id;
    int64_t next_id;    /* of the next event */
    int64_t created_at; /* ms since 1970 */
    wxs_run run;
} wxs_partition;

/* Opens the newest partition, which is made if there is none, and completes
 * what a former collector did not: partitions before it that are not sealed.
 * Also the way to begin anew after an error. */
bool wxs_partition_open(wxs_partition *partition, const char *dir,
                        wxs_error *error);
void wxs_partition_close(wxs_partition *partition);

/* Makes what was committed survive a power loss. Commits by themselves survive
 * the death of the process only (synchronous=NORMAL): to sync each of them
 * would take most of the time. */
bool wxs_partition_sync(wxs_partition *partition, wxs_error *error);

/* Goes over to a new partition if this one has events, and so many of them or
 * for so many milliseconds; outside a transaction. */
bool wxs_partition_switch(wxs_partition *partition, int64_t events, int64_t ms,
                          wxs_error *error);

/* Makes a partition that begins with this id. sql is run in the transaction
 * that makes it, with the database of the path former, NULL = none, attached as
 * "former". The partition is there as a whole or not at all, and survives a
 * power loss once this has returned true. */
bool wxs_partition_create(const char *dir, int64_t first_id, const char *former,
                          const char *sql, wxs_error *error);

/* Indexes what is not, and notes what the partition holds. */
bool wxs_partition_seal(const char *dir, int64_t first_id, wxs_error *error);

#endif
