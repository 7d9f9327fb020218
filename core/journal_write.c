#include "journal_write.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "allocate.h"
#include "boot_id.h"
#include "journal_format.h"

#define RETRY_MS  1000
#define READY     (64u << 10)
#define NAME_SIZE 40 /* "/", 16 hex, "-", 8 digits (20 at most), NUL */
#define PATH_SIZE (sizeof((wxs_journal_writer *)0)->directory + NAME_SIZE)

wxs_status
wxs_journal_writer_init(wxs_journal_writer *writer, const char *directory,
                        size_t segment_size)
{
    size_t len = strlen(directory);

    memset(writer, 0, sizeof *writer);
    writer->fd = writer->next_fd = -1;
    if (len >= sizeof writer->directory)
        return WXS_TOO_LONG;
    memcpy(writer->directory, directory, len + 1);
    if (segment_size < WXS_JOURNAL_SEGMENT_MIN)
        segment_size = WXS_JOURNAL_SEGMENT_MIN;
    writer->segment_size = (segment_size + WXS_JOURNAL_PAGE - 1) /
                           WXS_JOURNAL_PAGE * WXS_JOURNAL_PAGE;
    if (getrandom(&writer->writer_id, sizeof writer->writer_id, 0) !=
        (ssize_t)sizeof writer->writer_id)
        return WXS_IO;
    return WXS_OK;
}

static void
write_header(const wxs_journal_writer *writer, uint64_t number, uint8_t *map,
             uint64_t time_ms)
{
    wxs_journal_header *header = (wxs_journal_header *)map;

    memcpy(header->magic, WXS_JOURNAL_MAGIC, sizeof header->magic);
    header->header_size = WXS_JOURNAL_PAGE;
    header->page_size = WXS_JOURNAL_PAGE;
    header->segment_size = writer->segment_size;
    header->writer_id = writer->writer_id;
    header->segment_number = number;
    header->created_ms = time_ms;
    wxs_boot_id(header->boot_id);
    header->pid = (uint32_t)getpid();
    header->crc = wxs_crc32c(0, header, offsetof(wxs_journal_header, crc));
    header->written_end = WXS_JOURNAL_PAGE;
}

/* Has the page cache hold the part of a segment from start on, zeros, in one
 * piece: a page fault then maps all of it, where each page that is first
 * touched through the mapping costs a fault and a look-up of its place on the
 * disk. Returns where that part ends. Nothing depends on it, so that errors are
 * left to those who write the page. */
static size_t
make_ready(const wxs_journal_writer *writer, int fd, size_t start)
{
    static const uint8_t zeros[WXS_JOURNAL_PAGE];
    struct iovec pages[READY / sizeof zeros];
    size_t end = start, count = 0;

    for (; count < READY / sizeof zeros && end < writer->segment_size;
         count++) {
        pages[count] = (struct iovec){(void *)zeros, sizeof zeros};
        end += sizeof zeros;
    }
    (void)!pwritev(fd, pages, (int)count, (off_t)start);
    return end;
}

static void
make_path(const wxs_journal_writer *writer, uint64_t number,
          char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/%016" PRIx64 "-%08" PRIu64 ".wxj",
                   writer->directory, writer->writer_id, number);
}

/* Fills a new file and gives it its name. */
static wxs_status
fill_segment(const wxs_journal_writer *writer, uint64_t number,
             uint64_t time_ms, const char *new_path, int fd, uint8_t **map)
{
    char path[PATH_SIZE];
    wxs_status status;

    if (flock(fd, LOCK_EX | LOCK_NB) == -1)
        return WXS_IO;
    status = wxs_allocate(fd, writer->segment_size);
    if (status != WXS_OK)
        return status;
    (void)make_ready(writer, fd, 0);
    *map = mmap(NULL, writer->segment_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                fd, 0);
    if (*map == MAP_FAILED)
        return WXS_IO;
    write_header(writer, number, *map, time_ms);
    make_path(writer, number, path);
    return rename(new_path, path) == 0 ? WXS_OK : WXS_IO;
}

/* Makes the file complete under its temporary name, then renames it: what a
 * reader finds has a header and an owner. */
static wxs_status
make_segment(const wxs_journal_writer *writer, uint64_t number,
             uint64_t time_ms, int *made_fd, uint8_t **made_map)
{
    char path[PATH_SIZE], new_path[PATH_SIZE + 4];
    uint8_t *map = MAP_FAILED;
    wxs_status status;
    int error, fd;

    make_path(writer, number, path);
    (void)snprintf(new_path, sizeof new_path, "%s.new", path);
    fd = open(new_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd == -1)
        return errno == ENOSPC ? WXS_FULL : WXS_IO;
    status = fill_segment(writer, number, time_ms, new_path, fd, &map);
    if (status == WXS_OK) {
        *made_fd = fd;
        *made_map = map;
        return WXS_OK;
    }
    error = errno;
    if (map != MAP_FAILED)
        (void)munmap(map, writer->segment_size);
    (void)unlink(new_path);
    (void)close(fd);
    errno = error;
    return status;
}

/* Goes on in the segment that was prepared, or makes one. */
static wxs_status
next_segment(wxs_journal_writer *writer, uint64_t time_ms)
{
    uint64_t number = writer->segment_number + 1;
    wxs_status status;

    if (writer->next_fd != -1) {
        writer->fd = writer->next_fd;
        writer->map = writer->next_map;
        writer->next_fd = -1;
    } else {
        /* a clock that was set back does not prolong the wait */
        if (time_ms < writer->retry_ms &&
            writer->retry_ms - time_ms <= RETRY_MS)
            return WXS_IO;
        status =
            make_segment(writer, number, time_ms, &writer->fd, &writer->map);
        if (status != WXS_OK) {
            writer->retry_ms = time_ms + RETRY_MS;
            return status;
        }
    }
    writer->segment_number = number;
    writer->end = WXS_JOURNAL_PAGE;
    writer->ready_end =
        writer->segment_size < READY ? writer->segment_size : READY;
    writer->crc_seed = wxs_journal_crc_seed(writer->writer_id, number);
    return WXS_OK;
}

/* Gives up the open segment; last is the sequence number of the last event
 * before that. */
static void
seal(wxs_journal_writer *writer, uint64_t last)
{
    wxs_journal_header *header = (wxs_journal_header *)writer->map;

    header->last_sequence = last;
    header->seal_crc =
        wxs_journal_seal_crc(writer->crc_seed, writer->end, last);
    __atomic_store_n(&header->sealed_end, writer->end, __ATOMIC_RELEASE);
    (void)munmap(writer->map, writer->segment_size);
    (void)close(writer->fd);
    writer->map = NULL;
    writer->fd = -1;
}

/* Makes room for a record of len bytes that crosses no page. */
static wxs_status
reserve(wxs_journal_writer *writer, size_t len, uint64_t time_ms)
{
    if (writer->fd != -1) {
        size_t left = WXS_JOURNAL_PAGE - writer->end % WXS_JOURNAL_PAGE;
        size_t start = len <= left ? writer->end : writer->end + left;

        if (start < writer->segment_size) {
            writer->end = start;
            if (start + len > writer->ready_end)
                writer->ready_end =
                    make_ready(writer, writer->fd, writer->ready_end);
            return WXS_OK;
        }
        seal(writer, writer->sequence - 1);
    }
    return next_segment(writer, time_ms);
}

/* Writes a record of len bytes at the end, all but its commit word. It is made
 * elsewhere, since a checksum over fresh memory would wait for that memory. */
static void
put_record(wxs_journal_writer *writer, const wxs_event *event, size_t len)
{
    wxs_journal_record *record = (wxs_journal_record *)writer->draft;
    uint8_t *at = writer->draft;

    memset(at + len - 8, 0, 8);
    *record = (wxs_journal_record){
        .time_ms = event->time_ms,
        .sequence = writer->sequence,
        .type = (uint8_t)event->type,
        .mode = (uint8_t)event->mode,
        .flags = event->flags,
        .domain = event->domain,
        .link_index = event->link_index,
        .destination_len = (uint16_t)(event->prefix_len + event->rest_len),
        .agent_len = (uint16_t)event->agent_len,
        .link_id = event->link_id,
    };

    memcpy(record->message_id, event->message_id, sizeof record->message_id);
    memcpy(record->address, event->address, sizeof record->address);
    at += sizeof *record;
    if (event->prefix_len > 0)
        memcpy(at, event->prefix, event->prefix_len);
    at += event->prefix_len;
    if (event->rest_len > 0)
        memcpy(at, event->rest, event->rest_len);
    at += event->rest_len;
    if (event->agent_len > 0)
        memcpy(at, event->agent, event->agent_len);
    record->crc =
        wxs_crc32c(writer->crc_seed, writer->draft + WXS_JOURNAL_CRC_START,
                   len - WXS_JOURNAL_CRC_START);
    memcpy(writer->map + writer->end + sizeof record->length,
           writer->draft + sizeof record->length, len - sizeof record->length);
}

static wxs_status
append(wxs_journal_writer *writer, const wxs_event *event)
{
    wxs_journal_record *record;
    wxs_status status;
    size_t len;

    if (event->prefix_len > WXS_URL_MAX ||
        event->rest_len > WXS_URL_MAX - event->prefix_len ||
        event->agent_len > WXS_EVENT_AGENT_MAX)
        return WXS_TOO_LONG;
    len = wxs_journal_record_size(event->prefix_len + event->rest_len,
                                  event->agent_len);
    status = reserve(writer, len, event->time_ms);
    if (status != WXS_OK)
        return status;
    put_record(writer, event, len);
    record = (wxs_journal_record *)(writer->map + writer->end);
    __atomic_store_n(&record->length, (uint32_t)len, __ATOMIC_RELEASE);
    writer->end += len;
    writer->bytes += len;
    __atomic_store_n(&((wxs_journal_header *)writer->map)->written_end,
                     writer->end, __ATOMIC_RELEASE);
    return WXS_OK;
}

wxs_status
wxs_journal_append(wxs_journal_writer *writer, const wxs_event *event)
{
    wxs_status status;

    writer->sequence++;
    status = append(writer, event);
    if (status != WXS_OK)
        writer->dropped++;
    return status;
}

/* Gives up the segment that was prepared, without a trace. */
static void
drop_next(wxs_journal_writer *writer)
{
    char path[PATH_SIZE];

    if (writer->next_fd == -1)
        return;
    make_path(writer, writer->segment_number + 1, path);
    (void)unlink(path);
    (void)munmap(writer->next_map, writer->segment_size);
    (void)close(writer->next_fd);
    writer->next_fd = -1;
}

/* Is the segment still where its reader looks for it? Somebody may have removed
 * or replaced the directory. */
static bool
is_in_place(const wxs_journal_writer *writer, uint64_t number, int fd)
{
    char path[PATH_SIZE];
    struct stat here, there;

    make_path(writer, number, path);
    if (stat(path, &here) == -1)
        return errno != ENOENT && errno != ENOTDIR;
    return fstat(fd, &there) == 0 && here.st_ino == there.st_ino &&
           here.st_dev == there.st_dev;
}

wxs_status
wxs_journal_writer_tend(wxs_journal_writer *writer, uint64_t time_ms)
{
    if (writer->fd == -1)
        return WXS_OK;
    if (writer->next_fd != -1 &&
        !is_in_place(writer, writer->segment_number + 1, writer->next_fd))
        drop_next(writer);
    if (!is_in_place(writer, writer->segment_number, writer->fd)) {
        drop_next(writer);
        seal(writer, writer->sequence);
        return WXS_OK;
    }
    if (writer->ready_end < writer->segment_size &&
        writer->ready_end - writer->end < READY / 2)
        writer->ready_end = make_ready(writer, writer->fd, writer->ready_end);
    if (writer->next_fd != -1 || writer->end < writer->segment_size / 2)
        return WXS_OK;
    return make_segment(writer, writer->segment_number + 1, time_ms,
                        &writer->next_fd, &writer->next_map);
}

void
wxs_journal_writer_close(wxs_journal_writer *writer)
{
    drop_next(writer);
    if (writer->fd != -1)
        seal(writer, writer->sequence);
}
