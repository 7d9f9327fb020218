#ifndef WXS_SHARED_EVENT_SPAN_H
#define WXS_SHARED_EVENT_SPAN_H

#include "event_index.h"
#include "event_part_files.h"

/* The next piece of a partition that a scan has to look at: ids from low to
 * high, none if low is above high; all of them or those that the index names.
 */
typedef struct {
    int64_t low;
    int64_t high;
    bool indexed;
    int64_t id[WXS_RUN_IDS_MAX]; /* if indexed: ascending */
    size_t count;
} wxs_event_span;

/* Finds the piece at bound, the first id in the order of the scan that is not
 * done with, within [bottom, top]; inside a read transaction on the partition,
 * which is open. */
bool wxs_event_span_find(const wxs_event_part *part,
                         const wxs_event_filter *filter, int64_t bound,
                         int64_t bottom, int64_t top, wxs_event_span *span,
                         wxs_error *error);

#endif
