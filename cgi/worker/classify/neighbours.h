#ifndef WXS_CLASSIFY_NEIGHBOURS_H
#define WXS_CLASSIFY_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verdict.h"

/* What follows from the events of one message that are near in time. */

#define WXS_NEIGHBOURS_MAX  32
#define WXS_NEIGHBOUR_SPAN  30000 /* ms: nothing further apart matters */
#define WXS_NEIGHBOUR_LINKS 32    /* indexes that a sweep is told by */

/* An event as its neighbours see it. */
typedef struct {
    uint64_t time_ms;
    uint64_t link;   /* tells links of a message apart; 0 on opens */
    uint64_t source; /* of the network it came from; 0 = not known */
    uint64_t agent;  /* hash */
    uint32_t link_index;
    wxs_judgement judgement;
    bool is_open;
} wxs_neighbour;

/* Looks at the newest event and the others of its message, whatever their
 * order, and changes the judgements that no longer hold. Only events that were
 * taken for human or are unknown become machines; never the other way. Returns
 * which judgements changed: a bit each, the newest is bit 0 and others[i] is
 * bit i + 1. count < WXS_NEIGHBOURS_MAX. */
uint64_t wxs_neighbours_judge(wxs_neighbour *newest,
                              wxs_neighbour *const *others, size_t count);

#endif
