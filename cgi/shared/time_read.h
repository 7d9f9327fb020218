#ifndef WXS_SHARED_TIME_READ_H
#define WXS_SHARED_TIME_READ_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a date (2026-11-25, is_date set) or a date with a time of day and a
 * zone (RFC 3339: 2026-11-25T09:00:00.5Z, +01:00), also as the API writes it
 * (2026-11-25 09:00:00.5+00) and without seconds. Where a query turned the plus
 * of a zone into a blank, that is a plus. *us is in microseconds since 1970, of
 * a date that of its midnight in UTC. Years 1970 to 9999; no leap seconds. */
bool wxs_time_read(const char *text, int64_t *us, bool *is_date);

#endif
