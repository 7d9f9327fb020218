#include "table_search.h"

#include "crc32c.h"
#include "siphash.h"

#define VERSION_AT 7 /* the digit at the end of the magic */
#define CACHE_LINE 64

static wxs_status
check_layout(const wxs_table_header *header, size_t size)
{
    uint64_t buckets = header->bucket_count;

    if (header->header_size != WXS_TABLE_HEADER ||
        header->file_size > WXS_TABLE_SIZE_MAX || header->file_size > size)
        return WXS_BAD_FORMAT;
    if (buckets == 0 || buckets > WXS_TABLE_BUCKETS_MAX ||
        header->arena_offset > header->file_size ||
        header->arena_offset % WXS_TABLE_HEADER != 0 ||
        header->arena_offset < WXS_TABLE_HEADER + buckets * WXS_TABLE_BUCKET)
        return WXS_BAD_FORMAT;
    return WXS_OK;
}

wxs_status
wxs_table_check(wxs_table *table)
{
    const wxs_table_header *header = wxs_table_header_of(table);
    wxs_status status;

    if (table->size < WXS_TABLE_HEADER ||
        memcmp(header->magic, WXS_TABLE_MAGIC, VERSION_AT) != 0)
        return WXS_BAD_FORMAT;
    if (header->magic[VERSION_AT] != WXS_TABLE_MAGIC[VERSION_AT])
        return WXS_BAD_VERSION;
    if (header->crc != wxs_crc32c(0, header, offsetof(wxs_table_header, crc)))
        return WXS_BAD_FORMAT;
    if (header->flags != 0)
        return WXS_BAD_VERSION;
    status = check_layout(header, table->size);
    if (status != WXS_OK)
        return status;
    table->bucket_count = header->bucket_count;
    table->arena_offset = header->arena_offset;
    table->arena_end = header->file_size;
    memcpy(table->seed, header->seed, sizeof table->seed);
    return WXS_OK;
}

/* The record at offset if it has size bytes inside the arena, else NULL. */
static const void *
record_at(const wxs_table *table, uint64_t offset, uint64_t size)
{
    if (offset < table->arena_offset || offset > table->arena_end ||
        size > table->arena_end - offset || offset % 8 != 0)
        return NULL;
    return table->map + offset;
}

static const wxs_table_url_record *
url_at(const wxs_table *table, uint64_t offset)
{
    const wxs_table_url_record *record =
        record_at(table, offset, sizeof *record);

    if (record == NULL ||
        (record->kind_flags & WXS_TABLE_KIND_MASK) != WXS_TABLE_URL)
        return NULL;
    return record_at(table, offset, wxs_table_url_size(record->len));
}

wxs_status
wxs_table_link_of(const wxs_table *table, const void *record,
                  wxs_table_link *link)
{
    const wxs_table_link_record *entry = record;
    const wxs_table_url_record *url = record;
    bool with_url = (entry->kind_flags & WXS_TABLE_KIND_MASK) == WXS_TABLE_URL;

    link->domain = with_url ? url->domain : entry->domain;
    link->flags = entry->kind_flags >> WXS_TABLE_FLAGS_SHIFT;
    url = url_at(table, with_url
                            ? (uint64_t)((const uint8_t *)record - table->map)
                            : wxs_table_link_url(entry));
    if (url == NULL || wxs_destination_check(url->url, url->len) != WXS_OK)
        return WXS_BAD_FORMAT;
    link->url = url->url;
    link->url_len = url->len;
    return WXS_OK;
}

static const wxs_table_host_record *
host_at(const wxs_table *table, uint64_t offset)
{
    const wxs_table_host_record *record =
        record_at(table, offset, sizeof *record);

    if (record == NULL || record->domain_count == 0 ||
        record->domain_count > WXS_HOST_DOMAINS_MAX)
        return NULL;
    return record_at(
        table, offset,
        wxs_table_host_size(record->domain_count, record->host_len));
}

typedef enum {
    IS_IT,
    IS_ANOTHER,
    IS_DAMAGED,
} comparison;

static comparison
compare_host(const wxs_table *table, uint64_t offset, const void *key,
             size_t len)
{
    const wxs_table_host_record *record = host_at(table, offset);

    if (record == NULL)
        return IS_DAMAGED;
    return record->host_len == len &&
                   memcmp(record->domains + record->domain_count, key, len) == 0
               ? IS_IT
               : IS_ANOTHER;
}

static comparison
compare_link(const wxs_table *table, uint64_t offset, const void *key,
             size_t len)
{
    const wxs_table_link_record *record =
        record_at(table, offset, sizeof *record);

    if (record == NULL || len != sizeof record->link_id)
        return IS_DAMAGED;
    return memcmp(record->link_id, key, len) == 0 ? IS_IT : IS_ANOTHER;
}

static comparison
compare_url(const wxs_table *table, uint64_t offset, const void *key,
            size_t len)
{
    const wxs_table_url_record *record = url_at(table, offset);

    if (record == NULL)
        return IS_DAMAGED;
    return record->len == len && memcmp(record->url, key, len) == 0
               ? IS_IT
               : IS_ANOTHER;
}

static comparison
compare_killed(const wxs_table *table, uint64_t offset, const void *key,
               size_t len)
{
    const wxs_table_killed_record *record =
        record_at(table, offset, sizeof *record);

    if (record == NULL || len != sizeof record->message_id)
        return IS_DAMAGED;
    return memcmp(record->message_id, key, len) == 0 ? IS_IT : IS_ANOTHER;
}

/* The record of a URL is that of a link too. */
static bool
is_of_kind(uint8_t first, int kind)
{
    int own = first & WXS_TABLE_KIND_MASK;

    return own == kind || (own == WXS_TABLE_URL && kind == WXS_TABLE_LINK);
}

static comparison
compare(const wxs_table *table, uint64_t offset, int kind, const void *key,
        size_t len)
{
    const uint8_t *record = record_at(table, offset, 1);

    if (record == NULL)
        return IS_DAMAGED;
    /* few records end in the cache line they begin in */
    __builtin_prefetch(record + CACHE_LINE);
    if (!is_of_kind(*record, kind))
        return IS_ANOTHER;
    switch (kind) {
    case WXS_TABLE_HOST:
        return compare_host(table, offset, key, len);
    case WXS_TABLE_LINK:
        return compare_link(table, offset, key, len);
    case WXS_TABLE_KILLED:
        return compare_killed(table, offset, key, len);
    default:
        return compare_url(table, offset, key, len);
    }
}

/* Looks through one bucket. WXS_END: not here, the next one may have it. */
static wxs_status
search_bucket(const wxs_table *table, const uint64_t *slots, int kind,
              const void *key, size_t len, wxs_table_search *search)
{
    wxs_status none = WXS_END, damage = WXS_OK;

    for (int i = 0; i < WXS_TABLE_SLOTS; i++) {
        uint64_t slot = __atomic_load_n(&slots[i], __ATOMIC_ACQUIRE);

        if (slot == WXS_TABLE_EMPTY || slot == WXS_TABLE_TOMBSTONE) {
            if (search->vacant == NULL)
                search->vacant = &slots[i];
            if (slot == WXS_TABLE_EMPTY)
                none = WXS_NOT_FOUND;
            continue;
        }
        if (slot >> WXS_TABLE_TAG_SHIFT != search->hash >> WXS_TABLE_TAG_SHIFT)
            continue;
        switch (compare(table, wxs_table_slot_offset(slot), kind, key, len)) {
        case IS_IT:
            search->slot = &slots[i];
            search->record = table->map + wxs_table_slot_offset(slot);
            return WXS_OK;
        case IS_DAMAGED:
            damage = WXS_BAD_FORMAT;
            break;
        case IS_ANOTHER:
            break;
        }
    }
    return damage != WXS_OK ? damage : none;
}

static uint64_t
hash_of(const wxs_table *table, int kind, const void *key, size_t len)
{
    /* the kind goes into the hash key, so that kinds do not share chains */
    uint64_t seed[2] = {table->seed[0], table->seed[1] ^ (uint64_t)kind};

    return wxs_siphash(seed, key, len);
}

static const uint64_t *
bucket_at(const wxs_table *table, uint64_t bucket)
{
    return (const uint64_t *)(table->map + WXS_TABLE_HEADER +
                              bucket * WXS_TABLE_BUCKET);
}

/* The bucket and the next, where one search in ten goes on, are called for. */
wxs_table_seek
wxs_table_seek_key(const wxs_table *table, int kind, const void *key,
                   size_t len)
{
    uint64_t hash = hash_of(table, kind, key, len);
    uint64_t bucket = (hash & UINT32_MAX) * table->bucket_count >> 32;

    __builtin_prefetch(bucket_at(table, bucket));
    __builtin_prefetch(bucket_at(table, bucket + 1));
    return (wxs_table_seek){.hash = hash, .bucket = bucket};
}

void
wxs_table_seek_record(const wxs_table *table, wxs_table_seek seek)
{
    const uint64_t *slots = bucket_at(table, seek.bucket);

    for (int i = 0; i < WXS_TABLE_SLOTS; i++) {
        uint64_t slot = __atomic_load_n(&slots[i], __ATOMIC_RELAXED);

        if (slot >> WXS_TABLE_TAG_SHIFT == seek.hash >> WXS_TABLE_TAG_SHIFT) {
            /* a wrong address is no harm: nothing is read */
            const uint8_t *record = table->map + wxs_table_slot_offset(slot);

            __builtin_prefetch(record);
            __builtin_prefetch(record + CACHE_LINE);
        }
    }
}

wxs_status
wxs_table_search_at(const wxs_table *table, wxs_table_seek seek, int kind,
                    const void *key, size_t len, wxs_table_search *search)
{
    uint64_t bucket = seek.bucket;

    *search = (wxs_table_search){.hash = seek.hash};
    for (int i = 0; i < WXS_TABLE_PROBES; i++) {
        wxs_status status = search_bucket(table, bucket_at(table, bucket), kind,
                                          key, len, search);

        if (status != WXS_END)
            return status;
        if (++bucket == table->bucket_count)
            bucket = 0;
    }
    return WXS_NOT_FOUND;
}

wxs_status
wxs_table_search_key(const wxs_table *table, int kind, const void *key,
                     size_t len, wxs_table_search *search)
{
    return wxs_table_search_at(table, wxs_table_seek_key(table, kind, key, len),
                               kind, key, len, search);
}
