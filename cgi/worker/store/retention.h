#ifndef WXS_STORE_RETENTION_H
#define WXS_STORE_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Removes partitions all of whose events are from before that time, ms since
 * 1970, and counted; never the newest one. *dropped tells how many. Readers
 * that have one open read it to its end. */
bool wxs_retention_drop(const char *dir, int64_t before_ms, size_t *dropped,
                        wxs_error *error);

/* Deletes counts of messages that had no event since that time, a bounded
 * number of rows in one transaction, with pauses for others to write. */
bool wxs_retention_forget_messages(const char *dir, int64_t before_ms,
                                   wxs_error *error);

/* Deletes roll-ups of hours and days that ended before that time, and URLs that
 * none is left for; a domain in one transaction. */
bool wxs_retention_forget_rollups(const char *dir, int64_t before_ms,
                                  wxs_error *error);

#endif
