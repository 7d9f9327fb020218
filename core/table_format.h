#ifndef WXS_CORE_TABLE_FORMAT_H
#define WXS_CORE_TABLE_FORMAT_H

#include <stddef.h>
#include <string.h>

#include "table_read.h"

/* The structures of table.h as they lie in the file; for the
 * table_*.c files alone. */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the table is mapped as it is, little-endian");

typedef struct {
    char magic[8];
    uint32_t header_size;
    uint32_t flags;
    uint64_t bucket_count;
    uint64_t arena_offset;
    uint64_t file_size;
    uint64_t seed[2];
    uint8_t boot_id[16];
    uint64_t built_ms;
    uint64_t generation;
    uint32_t crc;
    uint8_t unused1[36];
    /* all below are atomic */
    uint64_t arena_top;
    uint64_t live;
    uint64_t dead;
    uint64_t dead_bytes;
    uint64_t applied;
    uint8_t unused2[24];
    uint32_t superseded; /* on another cache line: read at each lookup */
    uint32_t writer_pid;
    uint64_t killed; /* read at each hit too */
    uint64_t failing_since_ms;
    uint64_t host_changes; /* read at each lookup of a host */
} wxs_table_header;

_Static_assert(offsetof(wxs_table_header, crc) == 88, "as in table.h");
_Static_assert(offsetof(wxs_table_header, arena_top) == 128, "");
_Static_assert(offsetof(wxs_table_header, superseded) == 192, "");
_Static_assert(offsetof(wxs_table_header, killed) == 200, "");
_Static_assert(offsetof(wxs_table_header, host_changes) == 216, "");

enum {
    WXS_TABLE_HOST = 1,
    WXS_TABLE_LINK = 2,
    WXS_TABLE_URL = 3,
    WXS_TABLE_KILLED = 4,
};

#define WXS_TABLE_KIND_MASK   0x0f /* of a record's first byte */
#define WXS_TABLE_FLAGS_SHIFT 4    /* a link's flags are above its kind */

typedef struct {
    uint8_t kind;
    uint8_t host_len;
    uint8_t domain_count;
    uint8_t reserved[5];
    wxs_table_domain domains[]; /* then the host */
} wxs_table_host_record;

#define WXS_TABLE_LINK_KEY 6 /* bytes of a link id */

typedef struct {
    uint8_t kind_flags;
    uint8_t link_id[WXS_TABLE_LINK_KEY];
    uint8_t url[5]; /* offset / 8 of the URL record */
    uint32_t domain;
} wxs_table_link_record;

/* Begins as a link does. */
typedef struct {
    uint8_t kind_flags;
    uint8_t link_id[WXS_TABLE_LINK_KEY];
    uint8_t reserved;
    uint32_t domain;
    uint16_t len;
    char url[];
} wxs_table_url_record;

typedef struct {
    uint8_t kind;
    uint8_t reserved[3];
    uint32_t domain;
    uint8_t message_id[WXS_MESSAGE_ID_SIZE];
} wxs_table_killed_record;

_Static_assert(sizeof(wxs_table_domain) == 96, "");
_Static_assert(sizeof(wxs_table_host_record) == 8, "");
_Static_assert(sizeof(wxs_table_link_record) == 16, "");
_Static_assert(sizeof(wxs_table_url_record) == 16, "");
_Static_assert(offsetof(wxs_table_url_record, link_id) ==
                   offsetof(wxs_table_link_record, link_id),
               "");
_Static_assert(sizeof(wxs_table_killed_record) == 24, "");

#define WXS_TABLE_SLOTS       8
#define WXS_TABLE_EMPTY       UINT64_C(0)
#define WXS_TABLE_TOMBSTONE   UINT64_MAX
#define WXS_TABLE_TAG_SHIFT   40
#define WXS_TABLE_OFFSETS     ((UINT64_C(1) << WXS_TABLE_TAG_SHIFT) - 1)
#define WXS_TABLE_SIZE_MAX    (UINT64_C(1) << 42) /* offset / 8 in 40 bits */
#define WXS_TABLE_BUCKETS_MAX (UINT64_C(1) << 32)

static inline const wxs_table_header *
wxs_table_header_of(const wxs_table *table)
{
    return (const wxs_table_header *)table->map;
}

static inline uint64_t
wxs_table_slot(uint64_t hash, uint64_t offset)
{
    return (hash & ~WXS_TABLE_OFFSETS) | offset / 8;
}

static inline uint64_t
wxs_table_slot_offset(uint64_t slot)
{
    return (slot & WXS_TABLE_OFFSETS) * 8;
}

/* Bytes of a host record before it is padded to a multiple of 8. */
static inline uint64_t
wxs_table_host_size(size_t domain_count, size_t host_len)
{
    return sizeof(wxs_table_host_record) +
           domain_count * sizeof(wxs_table_domain) + host_len;
}

/* Bytes of a URL record before it is padded to a multiple of 8. */
static inline uint64_t
wxs_table_url_size(size_t len)
{
    return offsetof(wxs_table_url_record, url) + len;
}

/* File offset of the URL record of a link. */
static inline uint64_t
wxs_table_link_url(const wxs_table_link_record *record)
{
    uint64_t units = 0;

    memcpy(&units, record->url, sizeof record->url);
    return units * 8;
}

#endif
