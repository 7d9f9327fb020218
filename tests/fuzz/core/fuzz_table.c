/* A table file whose slots and arena are arbitrary: lookups must stay inside
 * the file. The first byte says whether the header is made right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crc32c.h"
#include "siphash.h"
#include "table_format.h"

#define BUCKETS  2
#define ARENA    (2 * WXS_TABLE_HEADER)
#define FILE_MAX (ARENA + 4096)
#define HOST     "links.example.com"

static const uint8_t message[WXS_MESSAGE_ID_SIZE] = {1};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(8) uint8_t file[FILE_MAX];
static char path[32];
static int fd = -1;

static void
make_file(void)
{
    fd = memfd_create("table", 0);
    if (fd == -1)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
}

static void
make_header_right(void)
{
    wxs_table_header *header = (wxs_table_header *)file;

    memcpy(header->magic, WXS_TABLE_MAGIC, sizeof header->magic);
    header->header_size = WXS_TABLE_HEADER;
    header->bucket_count = BUCKETS;
    header->arena_offset = ARENA;
    header->file_size = FILE_MAX;
    header->killed = 1;
    header->crc = wxs_crc32c(0, header, offsetof(wxs_table_header, crc));
}

/* Slots of the input with the tags that the lookups below look for. */
static void
make_tags_right(void)
{
    static const uint64_t host_seed[2] = {0, WXS_TABLE_HOST};
    static const uint64_t link_seed[2] = {0, WXS_TABLE_LINK};
    static const uint64_t killed_seed[2] = {0, WXS_TABLE_KILLED};
    static const uint64_t id = 1;
    uint64_t *slots = (uint64_t *)(file + WXS_TABLE_HEADER);

    for (int i = 0; i < BUCKETS * WXS_TABLE_SLOTS; i++) {
        uint64_t offset = ARENA + slots[i] % 520 * 8;
        uint64_t hash =
            i % 3 == 0   ? wxs_siphash(host_seed, HOST, sizeof HOST - 1)
            : i % 3 == 1 ? wxs_siphash(link_seed, &id, 6)
                         : wxs_siphash(killed_seed, message, sizeof message);

        slots[i] = wxs_table_slot(hash, offset);
    }
}

static void
look_up(void)
{
    volatile uint32_t sum = 0;
    wxs_table_host host;
    wxs_table_link link;
    wxs_table table;

    if (wxs_table_open(&table, path) != WXS_OK)
        return;
    if (wxs_table_find_host(&table, HOST, sizeof HOST - 1, &host) == WXS_OK)
        sum = wxs_crc32c(sum, host.domains, host.count * sizeof *host.domains);
    for (uint64_t id = 0; id < 3; id++) {
        if (wxs_table_find_link(&table, id, &link) != WXS_OK)
            continue;
        if (wxs_destination_check(link.url, link.url_len) != WXS_OK)
            abort();
        sum = wxs_crc32c(sum, link.url, link.url_len);
    }
    sum += wxs_table_is_killed(&table, message, 1);
    wxs_table_close(&table);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = size;

    if (size < 1)
        return 0;
    if (fd == -1)
        make_file();
    memset(file, 0, sizeof file);
    if ((data[0] & 1) == 0) {
        len = size - 1 < FILE_MAX ? size - 1 : FILE_MAX;
        memcpy(file, data + 1, len);
    } else { /* the first bytes are slots, the rest is arena */
        size_t slots = size - 1 < BUCKETS * WXS_TABLE_BUCKET
                           ? size - 1
                           : BUCKETS * WXS_TABLE_BUCKET;
        size_t arena = size - 1 - slots;

        memcpy(file + WXS_TABLE_HEADER, data + 1, slots);
        memcpy(file + ARENA, data + 1 + slots,
               arena < FILE_MAX - ARENA ? arena : FILE_MAX - ARENA);
        make_header_right();
        if ((data[0] & 2) != 0)
            make_tags_right();
        len = FILE_MAX;
    }
    if (ftruncate(fd, (off_t)len) == -1 ||
        pwrite(fd, file, len, 0) != (ssize_t)len)
        abort();
    look_up();
    return 0;
}
