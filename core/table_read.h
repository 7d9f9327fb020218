#ifndef WXS_CORE_TABLE_READ_H
#define WXS_CORE_TABLE_READ_H

#include <stdbool.h>

#include "table.h"

/* A table file mapped for reading; pointers that lookups return are valid
 * until it is closed. Safe for any number of threads and processes. */
typedef struct {
    const uint8_t *map;
    size_t size;
    uint64_t bucket_count;
    uint64_t arena_offset;
    uint64_t arena_end;
    uint64_t seed[2];
} wxs_table;

/* Maps and checks a file. WXS_IO, WXS_BAD_FORMAT (also truncated files),
 * WXS_BAD_VERSION. Never populates the mapping. */
wxs_status wxs_table_open(wxs_table *table, const char *path);

void wxs_table_close(wxs_table *table);

/* True when the writer has put a newer file under the path: open it again. */
bool wxs_table_superseded(const wxs_table *table);

/* Counts changes of hosts: what was found for one is right as long as this is
 * the same as before the search, in the same table. Odd while a change is being
 * made: then nothing found may be kept. */
uint64_t wxs_table_host_changes(const wxs_table *table);

/* host: lower case, no port, no trailing dot, any bytes. WXS_NOT_FOUND;
 * WXS_BAD_FORMAT when the entry is damaged. */
wxs_status wxs_table_find_host(const wxs_table *table, const char *host,
                               size_t len, wxs_table_host *found);

/* The URL found has passed wxs_destination_check() again on the way out.
 * WXS_NOT_FOUND, WXS_BAD_FORMAT. */
wxs_status wxs_table_find_link(const wxs_table *table, uint64_t link_id,
                               wxs_table_link *found);

/* The same in steps, for those who have other work to do while memory answers:
 * seek hashes the key and has the processor fetch the bucket, seek_record (it
 * waits for the bucket, and may be left out) has it fetch the record that is
 * named there, find_at reads them. A seek is good for that table and key. */
typedef struct {
    uint64_t hash;
    uint64_t bucket;
} wxs_table_seek;

wxs_table_seek wxs_table_seek_host(const wxs_table *table, const char *host,
                                   size_t len);
wxs_table_seek wxs_table_seek_link(const wxs_table *table, uint64_t link_id);
void wxs_table_seek_record(const wxs_table *table, wxs_table_seek seek);
wxs_status wxs_table_find_host_at(const wxs_table *table, wxs_table_seek seek,
                                  const char *host, size_t len,
                                  wxs_table_host *found);
wxs_status wxs_table_find_link_at(const wxs_table *table, wxs_table_seek seek,
                                  uint64_t link_id, wxs_table_link *found);

/* Are the links of this message of this domain withdrawn? Costs next to nothing
 * while the table has no killed message at all. A damaged entry says no. */
bool wxs_table_is_killed(const wxs_table *table,
                         const uint8_t message_id[WXS_MESSAGE_ID_SIZE],
                         uint32_t domain);

typedef struct {
    uint64_t generation;
    uint64_t built_ms;
    uint64_t applied;
    uint64_t failing_since_ms; /* changes fail to get in, 0 = they do */
    uint64_t live;   /* hosts, links, distinct URLs and killed messages */
    uint64_t killed; /* killed messages, at least so many */
    uint64_t dead;   /* slots lost until the next rebuild */
    uint64_t dead_bytes;
    uint64_t bytes_used; /* of the file, header and buckets included */
    uint64_t bytes_size;
} wxs_table_info;

void wxs_table_get_info(const wxs_table *table, wxs_table_info *info);

#endif
