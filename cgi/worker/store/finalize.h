#ifndef WXS_STORE_FINALIZE_H
#define WXS_STORE_FINALIZE_H

#include "event_parts.h"

/* Counts events whose labels do not change any more: roll-ups, unique counts,
 * and the cursor that makes them final for webhooks and the API. Sums and
 * cursor are one transaction of counts.db, so each event is counted exactly
 * once, whenever the process is killed. A power loss may take the last
 * transactions with it (synchronous=NORMAL), as a whole: then those events are
 * counted again. */
typedef struct wxs_finalizer wxs_finalizer;

bool wxs_finalizer_open(wxs_finalizer **finalizer, const char *dir,
                        wxs_error *error);
void wxs_finalizer_close(wxs_finalizer *finalizer); /* accepts NULL */

/* Up to which event all are counted. */
int64_t wxs_finalizer_cursor(const wxs_finalizer *finalizer);

/* Counts a batch of the events up to up_to, which are committed and closed;
 * *more tells that others are left. */
bool wxs_finalize(wxs_finalizer *finalizer, int64_t up_to, bool *more,
                  wxs_error *error);

#endif
