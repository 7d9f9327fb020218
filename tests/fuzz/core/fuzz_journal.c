/* A segment file of arbitrary content. The first byte says how much of the
 * frame is made right before it is read, so that the fuzzer gets deep. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal_format.h"
#include "journal_read.h"

#define FILE_MAX (4 * WXS_JOURNAL_PAGE)
#define NAME     "0000000000000001-00000001.wxj"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(8) uint8_t file[FILE_MAX];
static char directory[] = "/tmp/wxs-fuzz-XXXXXX";
static int dir_fd = -1, file_fd = -1;

static void
make_header_right(uint64_t size)
{
    wxs_journal_header *header = (wxs_journal_header *)file;

    memcpy(header->magic, WXS_JOURNAL_MAGIC, sizeof header->magic);
    header->header_size = WXS_JOURNAL_PAGE;
    header->page_size = WXS_JOURNAL_PAGE;
    header->segment_size = size;
    header->flags = 0;
    header->crc = wxs_crc32c(0, header, offsetof(wxs_journal_header, crc));
}

/* Gives each record that has a possible length a right CRC. */
static void
make_crcs_right(size_t size)
{
    const wxs_journal_header *header = (const wxs_journal_header *)file;
    uint32_t seed =
        wxs_journal_crc_seed(header->writer_id, header->segment_number);

    for (size_t page = WXS_JOURNAL_PAGE; page < size; page += WXS_JOURNAL_PAGE)
        for (size_t at = page; at < page + WXS_JOURNAL_PAGE;) {
            wxs_journal_record *record = (wxs_journal_record *)(file + at);

            if (record->length < WXS_JOURNAL_RECORD_MIN ||
                record->length > page + WXS_JOURNAL_PAGE - at ||
                record->length % 8 != 0)
                break;
            record->crc = wxs_crc32c(seed, file + at + WXS_JOURNAL_CRC_START,
                                     record->length - WXS_JOURNAL_CRC_START);
            at += record->length;
        }
}

static void
read_all(void)
{
    wxs_journal_segment segment;
    wxs_event event;
    volatile uint32_t sum = 0;

    if (wxs_journal_segment_open(&segment, dir_fd, NAME, 0) != WXS_OK)
        return;
    while (wxs_journal_next(&segment, &event) == WXS_OK) {
        if (event.rest_len > WXS_URL_MAX ||
            event.agent_len > WXS_EVENT_AGENT_MAX)
            abort();
        sum = wxs_crc32c(sum, event.rest, event.rest_len);
        sum = wxs_crc32c(sum, event.agent, event.agent_len);
    }
    if (!wxs_journal_finished(&segment)) /* it has no owner */
        abort();
    wxs_journal_segment_close(&segment);
}

static void
remove_file(void)
{
    (void)unlinkat(dir_fd, NAME, 0);
    (void)rmdir(directory);
}

static void
make_file(void)
{
    if (mkdtemp(directory) == NULL || atexit(remove_file) != 0)
        abort();
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY);
    file_fd = openat(dir_fd, NAME, O_RDWR | O_CREAT, 0600);
    if (dir_fd == -1 || file_fd == -1)
        abort();
}

/* The input is a file as it is, or what follows a right header page. */
static size_t
make_content(const uint8_t *data, size_t size)
{
    uint8_t mode = data[0];
    size_t whole = (2 + mode / 4 % 3) * (size_t)WXS_JOURNAL_PAGE;

    memset(file, 0, sizeof file);
    data++;
    size--;
    if ((mode & 1) == 0) {
        size = size < FILE_MAX ? size : FILE_MAX;
        memcpy(file, data, size);
        return size;
    }
    if (size > whole - WXS_JOURNAL_PAGE)
        size = whole - WXS_JOURNAL_PAGE;
    memcpy(file + WXS_JOURNAL_PAGE, data, size);
    make_header_right(whole);
    if ((mode & 2) != 0)
        make_crcs_right(whole);
    return whole;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    if (file_fd == -1)
        make_file();
    size = make_content(data, size);
    if (ftruncate(file_fd, (off_t)size) == -1 ||
        pwrite(file_fd, file, size, 0) != (ssize_t)size)
        abort();
    read_all();
    return 0;
}
