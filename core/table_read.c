#include "table_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table_search.h"

static wxs_status
map_file(int fd, wxs_table *table)
{
    struct stat st;
    void *map;

    if (fstat(fd, &st) == -1)
        return WXS_IO;
    if (!S_ISREG(st.st_mode) || st.st_size < WXS_TABLE_HEADER)
        return WXS_BAD_FORMAT;
    table->size = (size_t)st.st_size;
    map = mmap(NULL, table->size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return WXS_IO;
    (void)madvise(map, table->size, MADV_HUGEPAGE); /* where files have them */
    table->map = map;
    return WXS_OK;
}

wxs_status
wxs_table_open(wxs_table *table, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;
    wxs_status status;

    *table = (wxs_table){0};
    if (fd == -1)
        return WXS_IO;
    status = map_file(fd, table);
    error = errno;
    (void)close(fd);
    errno = error;
    if (status != WXS_OK)
        return status;
    status = wxs_table_check(table);
    if (status != WXS_OK)
        wxs_table_close(table);
    return status;
}

void
wxs_table_close(wxs_table *table)
{
    if (table->map != NULL)
        (void)munmap((void *)table->map, table->size);
    table->map = NULL;
}

bool
wxs_table_superseded(const wxs_table *table)
{
    return __atomic_load_n(&wxs_table_header_of(table)->superseded,
                           __ATOMIC_ACQUIRE) != 0;
}

uint64_t
wxs_table_host_changes(const wxs_table *table)
{
    return __atomic_load_n(&wxs_table_header_of(table)->host_changes,
                           __ATOMIC_ACQUIRE);
}

wxs_table_seek
wxs_table_seek_host(const wxs_table *table, const char *host, size_t len)
{
    /* a longer name is not found whatever its hash */
    return wxs_table_seek_key(table, WXS_TABLE_HOST, host,
                              len < WXS_HOST_MAX ? len : WXS_HOST_MAX);
}

wxs_table_seek
wxs_table_seek_link(const wxs_table *table, uint64_t link_id)
{
    return wxs_table_seek_key(table, WXS_TABLE_LINK, &link_id,
                              WXS_TABLE_LINK_KEY);
}

wxs_status
wxs_table_find_host_at(const wxs_table *table, wxs_table_seek seek,
                       const char *host, size_t len, wxs_table_host *found)
{
    const wxs_table_host_record *record;
    wxs_table_search search;
    wxs_status status;

    if (len > WXS_HOST_MAX)
        return WXS_NOT_FOUND;
    status =
        wxs_table_search_at(table, seek, WXS_TABLE_HOST, host, len, &search);
    if (status != WXS_OK)
        return status;
    record = search.record;
    found->domains = record->domains;
    found->count = record->domain_count;
    return WXS_OK;
}

wxs_status
wxs_table_find_host(const wxs_table *table, const char *host, size_t len,
                    wxs_table_host *found)
{
    return wxs_table_find_host_at(table, wxs_table_seek_host(table, host, len),
                                  host, len, found);
}

wxs_status
wxs_table_find_link_at(const wxs_table *table, wxs_table_seek seek,
                       uint64_t link_id, wxs_table_link *found)
{
    wxs_table_search search;
    wxs_status status;

    if (link_id > WXS_LINK_ID_MAX)
        return WXS_NOT_FOUND;
    status = wxs_table_search_at(table, seek, WXS_TABLE_LINK, &link_id,
                                 WXS_TABLE_LINK_KEY, &search);
    return status == WXS_OK ? wxs_table_link_of(table, search.record, found)
                            : status;
}

wxs_status
wxs_table_find_link(const wxs_table *table, uint64_t link_id,
                    wxs_table_link *found)
{
    return wxs_table_find_link_at(table, wxs_table_seek_link(table, link_id),
                                  link_id, found);
}

bool
wxs_table_is_killed(const wxs_table *table,
                    const uint8_t message_id[WXS_MESSAGE_ID_SIZE],
                    uint32_t domain)
{
    const wxs_table_killed_record *record;
    wxs_table_search search;

    if (__atomic_load_n(&wxs_table_header_of(table)->killed,
                        __ATOMIC_ACQUIRE) == 0)
        return false;
    if (wxs_table_search_key(table, WXS_TABLE_KILLED, message_id,
                             WXS_MESSAGE_ID_SIZE, &search) != WXS_OK)
        return false;
    record = search.record;
    return record->domain == 0 || record->domain == domain;
}

void
wxs_table_get_info(const wxs_table *table, wxs_table_info *info)
{
    const wxs_table_header *header = wxs_table_header_of(table);

    info->generation = header->generation;
    info->built_ms = header->built_ms;
    info->applied = __atomic_load_n(&header->applied, __ATOMIC_ACQUIRE);
    info->failing_since_ms =
        __atomic_load_n(&header->failing_since_ms, __ATOMIC_RELAXED);
    info->live = __atomic_load_n(&header->live, __ATOMIC_RELAXED);
    info->killed = __atomic_load_n(&header->killed, __ATOMIC_RELAXED);
    info->dead = __atomic_load_n(&header->dead, __ATOMIC_RELAXED);
    info->dead_bytes = __atomic_load_n(&header->dead_bytes, __ATOMIC_RELAXED);
    info->bytes_used = __atomic_load_n(&header->arena_top, __ATOMIC_RELAXED);
    info->bytes_size = header->file_size;
}
