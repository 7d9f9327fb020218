#include "journal_mark.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_format.h"
#include "journal_read.h"

#define MAGIC     "WXMARK01"
#define CRC_START 12
#define TRIES     3 /* a mark that is just being replaced does not check */

typedef struct {
    char magic[8];
    uint32_t crc;
    uint32_t count;
    uint64_t drained_ms;
    wxs_journal_place places[WXS_JOURNAL_PLACES_MAX];
} mark_file;

_Static_assert(offsetof(mark_file, count) == CRC_START, "as in journal_mark.h");
_Static_assert(offsetof(mark_file, places) == 24, "");
_Static_assert(sizeof(wxs_journal_place) == 24, "");

static size_t
file_size(size_t count)
{
    return offsetof(mark_file, places) + count * sizeof(wxs_journal_place);
}

wxs_status
wxs_journal_mark_write(int dir_fd, const wxs_journal_mark *mark)
{
    mark_file file = {.count = (uint32_t)mark->count,
                      .drained_ms = mark->drained_ms};
    size_t size = file_size(mark->count);
    ssize_t written;
    int error, fd;

    memcpy(file.magic, MAGIC, sizeof file.magic);
    memcpy(file.places, mark->places, mark->count * sizeof mark->places[0]);
    file.crc =
        wxs_crc32c(0, (const uint8_t *)&file + CRC_START, size - CRC_START);
    fd = openat(dir_fd, WXS_JOURNAL_MARK_NAME,
                O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd == -1)
        return errno == ENOSPC ? WXS_FULL : WXS_IO;
    written = pwrite(fd, &file, size, 0);
    error = errno;
    (void)close(fd);
    errno = error;
    if (written == (ssize_t)size)
        return WXS_OK;
    return written >= 0 || error == ENOSPC ? WXS_FULL : WXS_IO;
}

static wxs_status
read_once(int fd, wxs_journal_mark *mark)
{
    mark_file file;
    ssize_t len = pread(fd, &file, sizeof file, 0);

    if (len == -1)
        return WXS_IO;
    if (len < (ssize_t)offsetof(mark_file, places) ||
        memcmp(file.magic, MAGIC, sizeof file.magic) != 0 ||
        file.count > WXS_JOURNAL_PLACES_MAX ||
        (size_t)len < file_size(file.count) ||
        file.crc != wxs_crc32c(0, (const uint8_t *)&file + CRC_START,
                               file_size(file.count) - CRC_START))
        return WXS_BAD_FORMAT;
    mark->drained_ms = file.drained_ms;
    mark->count = file.count;
    memcpy(mark->places, file.places, file.count * sizeof file.places[0]);
    return WXS_OK;
}

wxs_status
wxs_journal_mark_read(int dir_fd, wxs_journal_mark *mark)
{
    wxs_status status = WXS_BAD_FORMAT;
    int error, fd = openat(dir_fd, WXS_JOURNAL_MARK_NAME,
                           O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd == -1)
        return WXS_IO;
    for (int i = 0; i < TRIES && status == WXS_BAD_FORMAT; i++)
        status = read_once(fd, mark);
    error = errno;
    (void)close(fd);
    errno = error;
    return status;
}

/* Bytes of the segment behind the place where the collector is. */
static uint64_t
segment_lag(int dir_fd, const char *name, const wxs_journal_mark *mark)
{
    uint64_t writer, number, position = WXS_JOURNAL_PAGE, written = 0;
    struct stat st;
    int fd;

    if (!wxs_journal_name_parse(name, &writer, &number))
        return 0;
    for (size_t i = 0; i < mark->count; i++)
        if (mark->places[i].writer_id == writer &&
            mark->places[i].segment_number == number)
            position = mark->places[i].position;
    fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd == -1)
        return 0;
    if (fstat(fd, &st) == -1 ||
        pread(fd, &written, sizeof written,
              offsetof(wxs_journal_header, written_end)) != sizeof written)
        written = 0;
    else if (written > (uint64_t)st.st_size)
        written = (uint64_t)st.st_size;
    (void)close(fd);
    return written > position ? written - position : 0;
}

wxs_status
wxs_journal_lag_measure(const char *directory, uint64_t now_ms,
                        wxs_journal_lag *lag)
{
    wxs_journal_mark mark;
    wxs_status status;
    struct dirent *entry;
    DIR *dir = opendir(directory);
    int error;

    *lag = (wxs_journal_lag){0};
    if (dir == NULL)
        return WXS_IO;
    status = wxs_journal_mark_read(dirfd(dir), &mark);
    for (int i = 0; status == WXS_OK && i < WXS_JOURNAL_LAG_ENTRIES &&
                    (entry = readdir(dir)) != NULL;
         i++)
        lag->bytes += segment_lag(dirfd(dir), entry->d_name, &mark);
    if (status == WXS_OK && lag->bytes > 0 && now_ms > mark.drained_ms)
        lag->ms = now_ms - mark.drained_ms;
    error = errno;
    (void)closedir(dir);
    errno = error;
    return status;
}
