#ifndef WXS_CORE_TABLE_SEARCH_H
#define WXS_CORE_TABLE_SEARCH_H

#include "table_format.h"

/* Buckets that a search visits at most. At a load of 70 % chains are far
 * shorter, and the writer makes none that is longer. */
#define WXS_TABLE_PROBES 64

typedef struct {
    uint64_t hash;
    const uint64_t *slot;   /* of the entry found */
    const void *record;     /* of the entry found, wholly inside the arena */
    const uint64_t *vacant; /* not found: a slot it can go to; NULL = none */
} wxs_table_search;

/* Checks the header of a mapping of table->size bytes and fills the rest of
 * *table. WXS_BAD_FORMAT, WXS_BAD_VERSION. */
wxs_status wxs_table_check(wxs_table *table);

/* Where a search for the entry of a kind (WXS_TABLE_HOST, ...) with this key
 * begins; the processor is told to fetch it. The keys are the host, the 6 bytes
 * of the link id, the URL, the message id. */
wxs_table_seek wxs_table_seek_key(const wxs_table *table, int kind,
                                  const void *key, size_t len);

/* Looks for the entry. WXS_NOT_FOUND; WXS_BAD_FORMAT if a record that may have
 * been the one reaches out of the arena. */
wxs_status wxs_table_search_at(const wxs_table *table, wxs_table_seek seek,
                               int kind, const void *key, size_t len,
                               wxs_table_search *search);

/* Both at once. */
wxs_status wxs_table_search_key(const wxs_table *table, int kind,
                                const void *key, size_t len,
                                wxs_table_search *search);

/* What the record of a link that was found says. WXS_BAD_FORMAT if it leads to
 * no URL. */
wxs_status wxs_table_link_of(const wxs_table *table, const void *record,
                             wxs_table_link *link);

#endif
