#include "table_write.h"

#include "table_search.h"
#include "table_writer.h"

#define RECORD_MAX                                                             \
    (sizeof(wxs_table_url_record) + WXS_DESTINATION_MAX + sizeof(uint64_t))
#define LINK_FLAGS_MAX 0x0f

_Static_assert(RECORD_MAX >=
                   sizeof(wxs_table_host_record) +
                       WXS_HOST_DOMAINS_MAX * sizeof(wxs_table_domain) +
                       WXS_HOST_MAX,
               "room for a host too");

/* A record being made. */
typedef struct {
    _Alignas(8) uint8_t bytes[RECORD_MAX];
    size_t size;
} draft;

static void
add(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static void
subtract(uint64_t *counter, uint64_t n)
{
    /* a writer killed in between may have left a counter behind */
    __atomic_store_n(counter, *counter < n ? 0 : *counter - n,
                     __ATOMIC_RELAXED);
}

static size_t
padded(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

static size_t
record_size(const void *record)
{
    const wxs_table_host_record *host = record;
    const wxs_table_url_record *url = record;

    switch (host->kind & WXS_TABLE_KIND_MASK) {
    case WXS_TABLE_HOST:
        return wxs_table_host_size(host->domain_count, host->host_len);
    case WXS_TABLE_LINK:
        return sizeof(wxs_table_link_record);
    case WXS_TABLE_KILLED:
        return sizeof(wxs_table_killed_record);
    default:
        return wxs_table_url_size(url->len);
    }
}

/* Bytes that are lost when an entry leaves its record. A URL stays in use. */
static size_t
dead_size(const void *record)
{
    const wxs_table_link_record *link = record;

    return (link->kind_flags & WXS_TABLE_KIND_MASK) == WXS_TABLE_URL
               ? 0
               : padded(record_size(record));
}

/* Is there a slot for one more entry? A reused tombstone adds no load. */
static bool
has_slot(const wxs_table_writer *writer, const wxs_table_header *header,
         const wxs_table_search *search)
{
    uint64_t slots = writer->view.bucket_count * WXS_TABLE_SLOTS;

    if (search->vacant == NULL)
        return false;
    return *search->vacant == WXS_TABLE_TOMBSTONE ||
           header->live + header->dead < slots / 10 * 8;
}

/* Copies the record into the arena; its file offset into *offset. */
static wxs_status
put_record(wxs_table_writer *writer, const draft *record, uint64_t *offset)
{
    wxs_table_header *header = wxs_table_writer_header(writer);
    uint64_t top = header->arena_top;
    size_t size = padded(record->size);
    uint8_t *at = (uint8_t *)header + top;

    if (size > writer->view.arena_end - top)
        return WXS_FULL;
    __atomic_store_n(&header->arena_top, top + size, __ATOMIC_RELAXED);
    memcpy(at, record->bytes, record->size);
    memset(at + record->size, 0, size - record->size);
    *offset = top;
    return WXS_OK;
}

/* Leads the entry that was searched for to a record, in place of the one that
 * was found if any. Counters move before the slot does, upwards only: whoever
 * is killed in between leaves the load rather over- than understated. */
static wxs_status
set_slot(wxs_table_writer *writer, const wxs_table_search *search,
         uint64_t offset)
{
    wxs_table_header *header = wxs_table_writer_header(writer);
    uint64_t *slot =
        (uint64_t *)(search->slot != NULL ? search->slot : search->vacant);
    bool reuse;

    if (search->slot == NULL && !has_slot(writer, header, search))
        return WXS_FULL;
    if (search->slot == NULL)
        add(&header->live, 1);
    else
        add(&header->dead_bytes, dead_size(search->record));
    reuse = *slot == WXS_TABLE_TOMBSTONE;
    __atomic_store_n(slot, wxs_table_slot(search->hash, offset),
                     __ATOMIC_RELEASE);
    if (reuse)
        subtract(&header->dead, 1);
    return WXS_OK;
}

static wxs_status
store(wxs_table_writer *writer, const wxs_table_search *search,
      const draft *record)
{
    uint64_t offset;
    wxs_status status;

    if (search->slot == NULL &&
        !has_slot(writer, wxs_table_writer_header(writer), search))
        return WXS_FULL;
    status = put_record(writer, record, &offset);
    return status == WXS_OK ? set_slot(writer, search, offset) : status;
}

static bool
is_same(const wxs_table_search *search, const draft *record)
{
    return search->slot != NULL &&
           record_size(search->record) == record->size &&
           memcmp(search->record, record->bytes, record->size) == 0;
}

/* Like wxs_table_search_key(), for writing: absent is as good as found. */
static wxs_status
search_place(const wxs_table_writer *writer, int kind, const void *key,
             size_t len, wxs_table_search *search)
{
    wxs_status status =
        wxs_table_search_key(&writer->view, kind, key, len, search);

    return status == WXS_NOT_FOUND ? WXS_OK : status;
}

static wxs_status
put(wxs_table_writer *writer, int kind, const void *key, size_t len,
    const draft *record)
{
    wxs_table_search search;
    wxs_status status = search_place(writer, kind, key, len, &search);

    if (status != WXS_OK)
        return status;
    if (is_same(&search, record))
        return WXS_OK;
    return store(writer, &search, record);
}

/* Around each change of a host. A writer killed in between leaves the count
 * odd, and the readers keep nothing until the next one has changed a host too.
 */
static void
begin_host_change(wxs_table_writer *writer)
{
    uint64_t *changes = &wxs_table_writer_header(writer)->host_changes;

    __atomic_store_n(changes, *changes | 1, __ATOMIC_RELAXED);
}

static void
end_host_change(wxs_table_writer *writer)
{
    uint64_t *changes = &wxs_table_writer_header(writer)->host_changes;

    __atomic_store_n(changes, *changes + 1, __ATOMIC_RELEASE);
}

wxs_status
wxs_table_put_host(wxs_table_writer *writer, const char *host, size_t len,
                   const wxs_table_domain *domains, size_t count)
{
    draft record;
    wxs_table_host_record *made = (wxs_table_host_record *)record.bytes;
    wxs_status status;

    if (len > WXS_HOST_MAX)
        return WXS_TOO_LONG;
    if (len == 0 || count == 0 || count > WXS_HOST_DOMAINS_MAX)
        return WXS_BAD_FORMAT;
    memset(made, 0, sizeof *made);
    made->kind = WXS_TABLE_HOST;
    made->host_len = (uint8_t)len;
    made->domain_count = (uint8_t)count;
    memcpy(made->domains, domains, count * sizeof *domains);
    memcpy(made->domains + count, host, len);
    record.size = wxs_table_host_size(count, len);
    begin_host_change(writer);
    status = put(writer, WXS_TABLE_HOST, host, len, &record);
    end_host_change(writer);
    return status;
}

static bool
is_same_link(const wxs_table *table, const wxs_table_search *search,
             const wxs_table_link *link)
{
    wxs_table_link found;

    return search->slot != NULL &&
           wxs_table_link_of(table, search->record, &found) == WXS_OK &&
           found.domain == link->domain && found.flags == link->flags &&
           found.url_len == link->url_len &&
           memcmp(found.url, link->url, link->url_len) == 0;
}

/* A link to a URL that the table has. */
static wxs_status
put_reference(wxs_table_writer *writer, const wxs_table_search *place,
              uint64_t link_id, const wxs_table_link *link, uint64_t url)
{
    draft record;
    wxs_table_link_record *made = (wxs_table_link_record *)record.bytes;
    uint64_t units = url / 8;

    record.size = sizeof *made;
    made->kind_flags =
        (uint8_t)(link->flags << WXS_TABLE_FLAGS_SHIFT | WXS_TABLE_LINK);
    memcpy(made->link_id, &link_id, sizeof made->link_id);
    memcpy(made->url, &units, sizeof made->url);
    made->domain = link->domain;
    return store(writer, place, &record);
}

/* A link together with its URL. The URL's slot comes first: a writer killed
 * between the two leaves a URL that the next attempt finds. */
static wxs_status
put_with_url(wxs_table_writer *writer, const wxs_table_search *url_place,
             uint64_t link_id, const wxs_table_link *link)
{
    draft record;
    wxs_table_url_record *made = (wxs_table_url_record *)record.bytes;
    wxs_table_search search;
    wxs_status status;

    memset(made, 0, sizeof *made);
    made->kind_flags =
        (uint8_t)(link->flags << WXS_TABLE_FLAGS_SHIFT | WXS_TABLE_URL);
    memcpy(made->link_id, &link_id, sizeof made->link_id);
    made->domain = link->domain;
    made->len = (uint16_t)link->url_len;
    memcpy(made->url, link->url, link->url_len);
    record.size = wxs_table_url_size(link->url_len);
    status = store(writer, url_place, &record);
    /* only now: the URL may have taken the vacant slot */
    if (status == WXS_OK)
        status = search_place(writer, WXS_TABLE_LINK, &link_id,
                              WXS_TABLE_LINK_KEY, &search);
    if (status == WXS_OK)
        status = set_slot(writer, &search,
                          wxs_table_writer_header(writer)->arena_top -
                              padded(record.size));
    return status;
}

wxs_status
wxs_table_put_link(wxs_table_writer *writer, uint64_t link_id, uint32_t domain,
                   uint8_t flags, const char *url, size_t url_len)
{
    wxs_table_link link = {domain, flags, url, url_len};
    wxs_table_search place, url_place;
    wxs_status status = wxs_destination_check(url, url_len);

    if (status != WXS_OK)
        return status;
    if (link_id > WXS_LINK_ID_MAX || flags > LINK_FLAGS_MAX)
        return WXS_BAD_FORMAT;
    status = search_place(writer, WXS_TABLE_LINK, &link_id, WXS_TABLE_LINK_KEY,
                          &place);
    if (status != WXS_OK || is_same_link(&writer->view, &place, &link))
        return status;
    status = search_place(writer, WXS_TABLE_URL, url, url_len, &url_place);
    if (status != WXS_OK)
        return status;
    if (url_place.slot == NULL)
        return put_with_url(writer, &url_place, link_id, &link);
    return put_reference(writer, &place, link_id, &link,
                         wxs_table_slot_offset(*url_place.slot));
}

/* The count moves before the slot appears and after it is gone, so that no
 * reader takes a table with killed messages for one without. */
wxs_status
wxs_table_put_killed(wxs_table_writer *writer,
                     const uint8_t message_id[WXS_MESSAGE_ID_SIZE],
                     uint32_t domain)
{
    static const uint8_t none[WXS_MESSAGE_ID_SIZE];
    draft record = {.size = sizeof(wxs_table_killed_record)};
    wxs_table_killed_record *made = (wxs_table_killed_record *)record.bytes;
    wxs_table_search search;
    wxs_status status;

    if (memcmp(message_id, none, sizeof none) == 0)
        return WXS_BAD_FORMAT;
    status = search_place(writer, WXS_TABLE_KILLED, message_id,
                          WXS_MESSAGE_ID_SIZE, &search);
    if (status != WXS_OK)
        return status;
    made->kind = WXS_TABLE_KILLED;
    made->domain = domain;
    memcpy(made->message_id, message_id, sizeof made->message_id);
    if (is_same(&search, &record))
        return WXS_OK;
    if (search.slot == NULL)
        add(&wxs_table_writer_header(writer)->killed, 1);
    return store(writer, &search, &record);
}

/* What a removed entry leaves in its slot. A bucket that has an empty slot was
 * never full (a full one only gets tombstones), so no search ever went on from
 * it, and it may have one more empty slot. */
static uint64_t
removed_mark(const wxs_table_writer *writer, const uint64_t *slot)
{
    const uint64_t *slots =
        (const uint64_t *)(writer->view.map + WXS_TABLE_HEADER);
    const uint64_t *bucket = slot - (slot - slots) % WXS_TABLE_SLOTS;

    for (int i = 0; i < WXS_TABLE_SLOTS; i++)
        if (bucket[i] == WXS_TABLE_EMPTY)
            return WXS_TABLE_EMPTY;
    return WXS_TABLE_TOMBSTONE;
}

static wxs_status
remove_key(wxs_table_writer *writer, int kind, const void *key, size_t len)
{
    wxs_table_header *header = wxs_table_writer_header(writer);
    wxs_table_search search;
    wxs_status status =
        wxs_table_search_key(&writer->view, kind, key, len, &search);
    uint64_t mark;

    if (status != WXS_OK)
        return status;
    mark = removed_mark(writer, search.slot);
    if (mark == WXS_TABLE_TOMBSTONE)
        add(&header->dead, 1);
    add(&header->dead_bytes, dead_size(search.record));
    __atomic_store_n((uint64_t *)search.slot, mark, __ATOMIC_RELEASE);
    subtract(&header->live, 1);
    return WXS_OK;
}

wxs_status
wxs_table_remove_host(wxs_table_writer *writer, const char *host, size_t len)
{
    wxs_status status;

    begin_host_change(writer);
    status = remove_key(writer, WXS_TABLE_HOST, host, len);
    end_host_change(writer);
    return status;
}

wxs_status
wxs_table_remove_link(wxs_table_writer *writer, uint64_t link_id)
{
    if (link_id > WXS_LINK_ID_MAX)
        return WXS_NOT_FOUND;
    return remove_key(writer, WXS_TABLE_LINK, &link_id, WXS_TABLE_LINK_KEY);
}

wxs_status
wxs_table_remove_killed(wxs_table_writer *writer,
                        const uint8_t message_id[WXS_MESSAGE_ID_SIZE])
{
    wxs_status status =
        remove_key(writer, WXS_TABLE_KILLED, message_id, WXS_MESSAGE_ID_SIZE);

    if (status == WXS_OK)
        subtract(&wxs_table_writer_header(writer)->killed, 1);
    return status;
}

void
wxs_table_set_applied(wxs_table_writer *writer, uint64_t sequence)
{
    __atomic_store_n(&wxs_table_writer_header(writer)->applied, sequence,
                     __ATOMIC_RELEASE);
}

void
wxs_table_set_failing(wxs_table_writer *writer, uint64_t since_ms)
{
    __atomic_store_n(&wxs_table_writer_header(writer)->failing_since_ms,
                     since_ms, __ATOMIC_RELAXED);
}

const wxs_table *
wxs_table_writer_view(const wxs_table_writer *writer)
{
    return &writer->view;
}
