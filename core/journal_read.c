#include "journal_read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_format.h"

#define VERSION_AT 7 /* the digit at the end of the magic */

static const wxs_journal_header *
header_of(const wxs_journal_segment *segment)
{
    return (const wxs_journal_header *)segment->map;
}

/* A header that fails its CRC is not needed: what makes the records readable is
 * in the name as well. */
static wxs_status
check_header(wxs_journal_segment *segment)
{
    const wxs_journal_header *header = header_of(segment);
    uint64_t size = header->segment_size;

    if (header->crc !=
        wxs_crc32c(0, header, offsetof(wxs_journal_header, crc))) {
        segment->damaged = 1;
        return WXS_OK;
    }
    if (memcmp(header->magic, WXS_JOURNAL_MAGIC, VERSION_AT) != 0)
        return WXS_BAD_FORMAT;
    if (header->magic[VERSION_AT] != WXS_JOURNAL_MAGIC[VERSION_AT] ||
        header->flags != 0)
        return WXS_BAD_VERSION;
    if (header->header_size != WXS_JOURNAL_PAGE ||
        header->page_size != WXS_JOURNAL_PAGE || size % WXS_JOURNAL_PAGE != 0 ||
        size < WXS_JOURNAL_SEGMENT_MIN)
        return WXS_BAD_FORMAT;
    if (segment->size > size)
        segment->size = size;
    segment->writer_id = header->writer_id;
    segment->segment_number = header->segment_number;
    return WXS_OK;
}

/* Maps the pages that the file has, never more than it has. */
static wxs_status
map_segment(wxs_journal_segment *segment)
{
    struct stat st;
    void *map;

    if (fstat(segment->fd, &st) == -1)
        return WXS_IO;
    if (!S_ISREG(st.st_mode) || st.st_size < WXS_JOURNAL_PAGE)
        return WXS_BAD_FORMAT;
    segment->map_size = ((size_t)st.st_size + WXS_JOURNAL_PAGE - 1) /
                        WXS_JOURNAL_PAGE * WXS_JOURNAL_PAGE;
    segment->size = segment->map_size;
    map = mmap(NULL, segment->map_size, PROT_READ, MAP_SHARED, segment->fd, 0);
    if (map == MAP_FAILED)
        return WXS_IO;
    segment->map = map;
    return WXS_OK;
}

static wxs_status
check_position(const wxs_journal_segment *segment)
{
    uint64_t position = segment->position;

    return position >= WXS_JOURNAL_PAGE && position % 8 == 0 &&
                   position <= segment->size
               ? WXS_OK
               : WXS_BAD_FORMAT;
}

wxs_status
wxs_journal_segment_open(wxs_journal_segment *segment, int dir_fd,
                         const char *name, uint64_t offset)
{
    wxs_status status;

    *segment = (wxs_journal_segment){.position = offset};
    if (offset == 0)
        segment->position = WXS_JOURNAL_PAGE;
    segment->fd =
        openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (segment->fd == -1)
        return WXS_IO;
    if (!wxs_journal_name_parse(name, &segment->writer_id,
                                &segment->segment_number))
        status = WXS_BAD_FORMAT;
    else
        status = map_segment(segment);
    if (status == WXS_OK)
        status = check_header(segment);
    if (status == WXS_OK)
        status = check_position(segment);
    segment->crc_seed =
        wxs_journal_crc_seed(segment->writer_id, segment->segment_number);
    if (status != WXS_OK)
        wxs_journal_segment_close(segment);
    return status;
}

void
wxs_journal_segment_close(wxs_journal_segment *segment)
{
    int error = errno;

    if (segment->map != NULL)
        (void)munmap((void *)segment->map, segment->map_size);
    if (segment->fd != -1)
        (void)close(segment->fd);
    segment->map = NULL;
    segment->fd = -1;
    errno = error;
}

static bool
is_sealed(const wxs_journal_segment *segment)
{
    return __atomic_load_n(&header_of(segment)->sealed_end, __ATOMIC_ACQUIRE) !=
           0;
}

uint64_t
wxs_journal_written(const wxs_journal_segment *segment)
{
    return __atomic_load_n(&header_of(segment)->written_end, __ATOMIC_ACQUIRE);
}

bool
wxs_journal_last_sequence(const wxs_journal_segment *segment,
                          uint64_t *sequence)
{
    const wxs_journal_header *header = header_of(segment);

    if (!is_sealed(segment) ||
        header->seal_crc != wxs_journal_seal_crc(segment->crc_seed,
                                                 header->sealed_end,
                                                 header->last_sequence))
        return false;
    *sequence = header->last_sequence;
    return true;
}

/* Up to here nothing changes any more. Of a segment that nobody writes that is
 * all of it, whatever its header says. */
static uint64_t
settled_end(const wxs_journal_segment *segment)
{
    uint64_t end;

    if (segment->owner_gone || is_sealed(segment))
        return segment->size;
    end = wxs_journal_written(segment) & ~(uint64_t)7;
    return end < segment->size ? end : segment->size;
}

/* The record at a position, its fixed part copied into *record. WXS_END: the
 * commit word is zero. */
static wxs_status
check_record(const wxs_journal_segment *segment, uint64_t position,
             wxs_journal_record *record)
{
    const uint8_t *at = segment->map + position;
    size_t left = WXS_JOURNAL_PAGE - position % WXS_JOURNAL_PAGE;
    uint32_t len = __atomic_load_n((const uint32_t *)at, __ATOMIC_ACQUIRE);

    if (len == 0)
        return WXS_END;
    if (len < WXS_JOURNAL_RECORD_MIN || len > left)
        return WXS_BAD_FORMAT;
    memcpy(record, at, sizeof *record);
    record->length = len;
    if (record->destination_len > WXS_URL_MAX ||
        record->agent_len > WXS_EVENT_AGENT_MAX ||
        len != wxs_journal_record_size(record->destination_len,
                                       record->agent_len) ||
        record->mode > WXS_MODE_FULL || memchr("cou", record->type, 3) == NULL)
        return WXS_BAD_FORMAT;
    return record->crc == wxs_crc32c(segment->crc_seed,
                                     at + WXS_JOURNAL_CRC_START,
                                     len - WXS_JOURNAL_CRC_START)
               ? WXS_OK
               : WXS_BAD_FORMAT;
}

static void
fill_event(const wxs_journal_record *record, const uint8_t *at,
           wxs_event *event)
{
    const char *strings = (const char *)at + sizeof *record;

    *event = (wxs_event){
        .time_ms = record->time_ms,
        .sequence = record->sequence,
        .type = (wxs_token_type)record->type,
        .mode = (wxs_mode)record->mode,
        .flags = record->flags,
        .domain = record->domain,
        .link_index = record->link_index,
        .link_id = record->link_id,
        .prefix = "",
        .rest = strings,
        .rest_len = record->destination_len,
        .agent = strings + record->destination_len,
        .agent_len = record->agent_len,
    };
    memcpy(event->message_id, record->message_id, sizeof event->message_id);
    memcpy(event->address, record->address, sizeof event->address);
}

/* Goes on behind a place where no record is: at the next record of the page,
 * or at the page's end, but not beyond what is settled. No payload can pass for
 * a record, because its CRC depends on the writer's random id. */
static void
skip(wxs_journal_segment *segment, bool is_damaged, uint64_t settled)
{
    uint64_t position = segment->position;
    uint64_t end = position + WXS_JOURNAL_PAGE - position % WXS_JOURNAL_PAGE;
    wxs_journal_record record;

    if (end > settled)
        end = settled;
    for (position += 8; position < end; position += 8)
        if (check_record(segment, position, &record) == WXS_OK)
            break;
    segment->damaged += is_damaged || position < end;
    segment->position = position < end ? position : end;
}

/* Takes the next record. WXS_END: none before what may still change. */
static wxs_status
take(wxs_journal_segment *segment, wxs_event *event)
{
    while (segment->position < segment->size) {
        /* before the commit word: what it covers is then surely there */
        uint64_t settled = settled_end(segment);
        wxs_journal_record record;
        wxs_status status = check_record(segment, segment->position, &record);

        if (status == WXS_OK) {
            fill_event(&record, segment->map + segment->position, event);
            segment->position += record.length;
            return WXS_OK;
        }
        if (segment->position >= settled)
            return WXS_END;
        skip(segment, status == WXS_BAD_FORMAT, settled);
    }
    return WXS_END;
}

/* The owner holds an exclusive lock as long as it lives. */
static bool
is_owner_gone(const wxs_journal_segment *segment)
{
    if (flock(segment->fd, LOCK_SH | LOCK_NB) == -1)
        return false;
    (void)flock(segment->fd, LOCK_UN);
    return true;
}

wxs_status
wxs_journal_next(wxs_journal_segment *segment, wxs_event *event)
{
    wxs_status status = take(segment, event);

    if (status != WXS_END || segment->owner_gone || is_sealed(segment))
        return status;
    segment->owner_gone = is_owner_gone(segment);
    /* it may have written more between the look and its death */
    return segment->owner_gone ? take(segment, event) : WXS_END;
}

uint64_t
wxs_journal_position(const wxs_journal_segment *segment)
{
    return segment->position;
}

bool
wxs_journal_finished(const wxs_journal_segment *segment)
{
    return (segment->owner_gone || is_sealed(segment)) &&
           segment->position >= segment->size;
}

wxs_status
wxs_journal_sync(const wxs_journal_segment *segment)
{
    return fdatasync(segment->fd) == 0 ? WXS_OK : WXS_IO;
}

/* Reads digits up to *end, lower-case hexadecimal or decimal. */
static bool
parse_number(const char *text, const char *end, unsigned base, uint64_t *value)
{
    *value = 0;
    for (; text < end; text++) {
        const char *digits = "0123456789abcdef";
        const char *digit = memchr(digits, *text, base);

        if (digit == NULL ||
            __builtin_mul_overflow(*value, (uint64_t)base, value) ||
            __builtin_add_overflow(*value, (uint64_t)(digit - digits), value))
            return false;
    }
    return true;
}

bool
wxs_journal_name_parse(const char *name, uint64_t *writer_id,
                       uint64_t *segment_number)
{
    static const char suffix[] = ".wxj";
    size_t len = strlen(name);
    const char *end;

    if (len < 16 + 1 + 8 + sizeof suffix - 1 || name[16] != '-')
        return false;
    end = name + len - (sizeof suffix - 1);
    /* a number over 8 digits has no leading zero */
    if (strcmp(end, suffix) != 0 || (end - name > 25 && name[17] == '0'))
        return false;
    return parse_number(name, name + 16, 16, writer_id) &&
           parse_number(name + 17, end, 10, segment_number);
}
