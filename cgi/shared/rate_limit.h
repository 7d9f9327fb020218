#ifndef WXS_SHARED_RATE_LIMIT_H
#define WXS_SHARED_RATE_LIMIT_H

#include <stdint.h>

#include "error.h"

/* How many requests a caller may make in a second. The counts are in a file
 * that all programs map, so that a limit holds for the whole API. Nothing is
 * lost with it. */

/* What is left of a limit, as the headers of an answer tell it. */
typedef struct {
    int limit;     /* requests a second, 0 = not limited */
    int remaining; /* in this second */
    int reset;     /* seconds until there is all of it again */
} wxs_rate;

/* Maps DIR/run/limits, which is made if it is not there. Without it nothing is
 * limited, as in unit tests. */
bool wxs_rate_open(const char *dir, wxs_error *error);
void wxs_rate_close(void);

/* Counts a request of the caller, a text such as the id of an API key; false
 * if it is over the limit. Safe from any thread. */
bool wxs_rate_take(const char *caller, int limit, wxs_rate *rate);

#endif
