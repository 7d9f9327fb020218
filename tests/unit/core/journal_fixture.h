#ifndef JOURNAL_FIXTURE_H
#define JOURNAL_FIXTURE_H

/* A journal directory, and events that their sequence numbers determine. */

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal_read.h"
#include "journal_write.h"

#define NAMES_MAX 4096

static char directory[64];
static int dir_fd;

static inline void
setup(void)
{
    strcpy(directory, "/tmp/wxs-journal-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ne(dir_fd, -1);
}

static inline void
teardown(void)
{
    DIR *dir = fdopendir(dir_fd);
    struct dirent *entry;

    rewinddir(dir);
    while ((entry = readdir(dir)) != NULL)
        (void)unlinkat(dir_fd, entry->d_name, 0);
    (void)closedir(dir);
    (void)rmdir(directory);
}

static inline int
by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The segments there are, in order. */
static inline size_t
list(char names[NAMES_MAX][40])
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    size_t n = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL) {
        uint64_t id, number;

        if (!wxs_journal_name_parse(entry->d_name, &id, &number))
            continue;
        ck_assert_uint_lt(n, NAMES_MAX);
        ck_assert_uint_lt(strlen(entry->d_name), 40);
        strcpy(names[n++], entry->d_name);
    }
    (void)closedir(dir);
    qsort(names, n, 40, by_name);
    return n;
}

static char filler[WXS_URL_MAX];

/* An event that its sequence number determines. */
static inline wxs_event
event_of(uint64_t sequence)
{
    wxs_event event = {
        .time_ms = 1000000 + sequence,
        .type = (wxs_token_type) "cou"[sequence % 3],
        .mode = (wxs_mode)(sequence % 4),
        .flags = (uint16_t)(sequence * 5 % 64),
        .domain = (uint32_t)(sequence * 77),
        .link_index = (uint32_t)sequence,
        .link_id = sequence * 1000003,
        .prefix = "https://www.",
        .prefix_len = sequence % 2 == 0 ? 12 : 0,
        .rest = filler + sequence % 26,
        .rest_len = sequence * 31 % 700,
        .agent = filler + sequence % 11,
        .agent_len = sequence * 17 % (WXS_EVENT_AGENT_MAX + 1),
    };

    for (size_t i = 0; filler[1] == 0 && i < sizeof filler; i++)
        filler[i] = (char)('a' + i % 26);
    memset(event.message_id, (int)(sequence % 251), sizeof event.message_id);
    memset(event.address, (int)(sequence % 241), sizeof event.address);
    return event;
}

/* One assertion an event: check keeps a record of each. */
static inline void
check_event(const wxs_event *got)
{
    wxs_event expected = event_of(got->sequence);

    if (got->time_ms != expected.time_ms || got->type != expected.type ||
        got->mode != expected.mode || got->flags != expected.flags ||
        got->domain != expected.domain ||
        memcmp(got->message_id, expected.message_id, 16) != 0 ||
        memcmp(got->address, expected.address, 16) != 0 ||
        got->link_index != expected.link_index ||
        got->link_id != expected.link_id || got->prefix_len != 0 ||
        got->rest_len != expected.prefix_len + expected.rest_len ||
        memcmp(got->rest, expected.prefix, expected.prefix_len) != 0 ||
        memcmp(got->rest + expected.prefix_len, expected.rest,
               expected.rest_len) != 0 ||
        got->agent_len != expected.agent_len ||
        memcmp(got->agent, expected.agent, expected.agent_len) != 0)
        ck_abort_msg("event %" PRIu64 " is not what was written",
                     got->sequence);
}

static inline void
append(wxs_journal_writer *writer)
{
    wxs_event event = event_of(writer->sequence + 1);

    ck_assert_int_eq(wxs_journal_append(writer, &event), WXS_OK);
}

static inline void
open_writer(wxs_journal_writer *writer, size_t segment_size)
{
    (void)event_of(0); /* fills the filler */
    ck_assert_int_eq(wxs_journal_writer_init(writer, directory, segment_size),
                     WXS_OK);
}

static inline void
empty_directory(void)
{
    static char names[NAMES_MAX][40];
    size_t n = list(names);

    for (size_t i = 0; i < n; i++)
        (void)unlinkat(dir_fd, names[i], 0);
}

#endif
