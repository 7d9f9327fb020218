/* A mark of the collector of arbitrary content; the first byte says whether
 * its CRC is made right, so that the fuzzer gets behind it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "journal_mark.h"

#define CRC_AT    8
#define CRC_START 12
#define FILE_MAX  8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[] = "/tmp/wxs-fuzz-XXXXXX";
static int dir_fd = -1, file_fd = -1;

static void
remove_file(void)
{
    (void)unlinkat(dir_fd, WXS_JOURNAL_MARK_NAME, 0);
    (void)rmdir(directory);
}

static void
make_file(void)
{
    if (mkdtemp(directory) == NULL || atexit(remove_file) != 0)
        abort();
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY);
    file_fd = openat(dir_fd, WXS_JOURNAL_MARK_NAME, O_RDWR | O_CREAT, 0600);
    if (dir_fd == -1 || file_fd == -1)
        abort();
}

static void
make_crc_right(uint8_t *file, size_t size)
{
    uint64_t covered;
    uint32_t count, crc;

    if (size < CRC_START + sizeof count)
        return;
    memcpy(file, "WXMARK01", 8);
    memcpy(&count, file + CRC_START, sizeof count);
    covered = 24 + (uint64_t)count * sizeof(wxs_journal_place);
    if (covered > size)
        return;
    crc = wxs_crc32c(0, file + CRC_START, covered - CRC_START);
    memcpy(file + CRC_AT, &crc, sizeof crc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[FILE_MAX];
    wxs_journal_mark mark;
    wxs_journal_lag lag;

    if (size < 1 || size > FILE_MAX)
        return 0;
    if (file_fd == -1)
        make_file();
    memcpy(file, data + 1, size - 1);
    if ((data[0] & 1) != 0)
        make_crc_right(file, size - 1);
    if (ftruncate(file_fd, 0) == -1 ||
        pwrite(file_fd, file, size - 1, 0) != (ssize_t)(size - 1))
        abort();
    if (wxs_journal_mark_read(dir_fd, &mark) == WXS_OK &&
        mark.count > WXS_JOURNAL_PLACES_MAX)
        abort();
    (void)wxs_journal_lag_measure(directory, 1, &lag);
    return 0;
}
