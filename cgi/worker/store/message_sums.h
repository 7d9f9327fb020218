#ifndef WXS_STORE_MESSAGE_SUMS_H
#define WXS_STORE_MESSAGE_SUMS_H

#include "rollups.h"

/* An event of a message, as it is counted. */
typedef struct {
    uint8_t message[16];
    int64_t at; /* ms */
    uint32_t order;
    uint32_t hour; /* index in hours */
    uint32_t link; /* index in links, if it has an item */
    int64_t item;  /* of its link, 0 = none */
    uint8_t type;
    uint8_t verdict;
} wxs_seen;

/* What one batch comes to. */
typedef struct {
    wxs_tallies hours;
    wxs_tallies links;
    wxs_tallies tags;
    wxs_tag_sets sets;
    wxs_seen *seen;
    size_t count;
} wxs_sums;

/* Counts the events of the batch by message, and by tag: finds out which are
 * the first of their message, adds those to the sums, and brings message_counts
 * up to date; inside a transaction of counts.db. Puts seen into another order.
 */
bool wxs_message_sums(wxs_sums *sums, wxs_db *counts, wxs_db *events,
                      wxs_error *error);

#endif
