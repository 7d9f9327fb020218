#ifndef WXS_STORE_FORMER_EVENTS_H
#define WXS_STORE_FORMER_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* Moves the events that versions before partitions kept in events.db into
 * partitions of at most so many ids each, positions included, and drops the
 * tables. Killed at any instant, it goes on where it was. Nothing to do is
 * quickly found out. To be called before the first event is collected. */
bool wxs_former_events_move(const char *dir, int64_t events, wxs_error *error);

#endif
