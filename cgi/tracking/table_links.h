#ifndef WXS_TRACKING_TABLE_LINKS_H
#define WXS_TRACKING_TABLE_LINKS_H

#include "../../core/status.h"
#include "config.h"

/* A link of a message whose destination is to be kept. */
typedef struct {
    const char *url;
    size_t url_len;
    uint32_t index; /* of the link in the message */
    uint64_t id;    /* filled in */
} wxs_table_entry;

/* Stores the destinations as table links of the domain in control.db, in one
 * transaction, and fills in their ids: links of the domain that lead to the
 * same place share a row, whatever message they are in, unless it was killed.
 * Sorts the entries. */
bool wxs_table_links_store(int64_t domain, wxs_table_entry *entries,
                           size_t count, wxs_error *error);

/* Waits until the lookup table has them all, 3 s at most: a link must work when
 * it is handed out. False if it does not come to it. */
bool wxs_table_links_wait(const wxs_config *config, int64_t domain,
                          const wxs_table_entry *entries, size_t count);

#endif
