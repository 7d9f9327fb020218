/* The journal: what a worker committed is read, whatever kills it when, and
 * nothing else ever is. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "journal_read.h"
#include "journal_write.h"

#define NAMES_MAX 4096

static char directory[64];
static int dir_fd;

static void
setup(void)
{
    strcpy(directory, "/tmp/wxs-journal-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ne(dir_fd, -1);
}

static void
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

static int
by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The segments there are, in order. */
static size_t
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
static wxs_event
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
static void
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

static void
append(wxs_journal_writer *writer)
{
    wxs_event event = event_of(writer->sequence + 1);

    ck_assert_int_eq(wxs_journal_append(writer, &event), WXS_OK);
}

static void
open_writer(wxs_journal_writer *writer, size_t segment_size)
{
    (void)event_of(0); /* fills the filler */
    ck_assert_int_eq(wxs_journal_writer_init(writer, directory, segment_size),
                     WXS_OK);
}

/* Opens the only segment. */
static void
open_segment(wxs_journal_segment *segment)
{
    static char names[NAMES_MAX][40];

    ck_assert_uint_eq(list(names), 1);
    ck_assert_int_eq(wxs_journal_segment_open(segment, dir_fd, names[0], 0),
                     WXS_OK);
}

/* ---- a reader as the collector is one ---- */

typedef struct {
    char names[NAMES_MAX][40];
    uint64_t positions[NAMES_MAX];
    size_t count;
    size_t first;  /* not finished yet */
    uint64_t last; /* sequence number */
    bool gaps_allowed;
    uint64_t seen;
    uint64_t damaged;
} collector;

/* A directory read while the writer makes segments may show a later one and
 * lack an earlier one: only what comes before such a hole is of use. */
static size_t
list_without_holes(char names[NAMES_MAX][40])
{
    size_t n = list(names), whole = 0;
    uint64_t id, number;

    while (whole < n && wxs_journal_name_parse(names[whole], &id, &number) &&
           number == whole + 1)
        whole++;
    return whole;
}

/* Reads what there is, opening each segment where it was left. */
static void
collect(collector *c)
{
    c->count = list_without_holes(c->names);
    while (c->first < c->count) {
        wxs_journal_segment segment;
        wxs_event event;
        bool finished;

        ck_assert_int_eq(wxs_journal_segment_open(&segment, dir_fd,
                                                  c->names[c->first],
                                                  c->positions[c->first]),
                         WXS_OK);
        while (wxs_journal_next(&segment, &event) == WXS_OK) {
            if (c->gaps_allowed ? event.sequence <= c->last
                                : event.sequence != c->last + 1)
                ck_abort_msg("event %" PRIu64 " after %" PRIu64, event.sequence,
                             c->last);
            c->last = event.sequence;
            c->seen++;
            check_event(&event);
        }
        finished = wxs_journal_finished(&segment);
        c->positions[c->first] = wxs_journal_position(&segment);
        c->damaged += segment.damaged;
        wxs_journal_segment_close(&segment);
        if (!finished)
            return;
        c->first++;
    }
}

static collector *
new_collector(void)
{
    collector *made = calloc(1, sizeof *made);

    ck_assert_ptr_nonnull(made);
    return made;
}

/* ---- tests ---- */

START_TEST(every_field_comes_back_over_many_segments)
{
    collector *c = new_collector();
    wxs_journal_writer writer;

    open_writer(&writer, 3 * WXS_JOURNAL_PAGE - 1);
    ck_assert_uint_eq(writer.segment_size, 3 * WXS_JOURNAL_PAGE);
    collect(c);
    ck_assert_uint_eq(c->count, 0);
    for (int i = 0; i < 2000; i++)
        append(&writer);
    ck_assert_uint_eq(writer.dropped, 0);
    wxs_journal_writer_close(&writer);
    collect(c);
    ck_assert_uint_eq(c->last, 2000);
    ck_assert_uint_eq(c->first, c->count);
    ck_assert_uint_eq(c->count, writer.segment_number);
    ck_assert_uint_eq(c->damaged, 0);
    free(c);
}
END_TEST

START_TEST(a_segment_is_followed_while_it_is_written)
{
    wxs_journal_segment segment;
    wxs_journal_writer writer;
    wxs_event event;

    open_writer(&writer, 1 << 20);
    append(&writer);
    open_segment(&segment);
    ck_assert_uint_eq(segment.writer_id, writer.writer_id);
    ck_assert_uint_eq(segment.segment_number, 1);
    for (uint64_t i = 1; i < 300; i++) {
        ck_assert_int_eq(wxs_journal_next(&segment, &event), WXS_OK);
        ck_assert_uint_eq(event.sequence, i);
        check_event(&event);
        ck_assert_int_eq(wxs_journal_next(&segment, &event), WXS_END);
        ck_assert(!wxs_journal_finished(&segment));
        append(&writer);
    }
    ck_assert_int_eq(wxs_journal_sync(&segment), WXS_OK);
    wxs_journal_writer_close(&writer);
    ck_assert(!wxs_journal_finished(&segment));
    ck_assert_int_eq(wxs_journal_next(&segment, &event), WXS_OK);
    ck_assert_int_eq(wxs_journal_next(&segment, &event), WXS_END);
    ck_assert(wxs_journal_finished(&segment));
    ck_assert_uint_eq(segment.damaged, 0);
    wxs_journal_segment_close(&segment);
}
END_TEST

START_TEST(an_event_that_fits_nowhere_is_dropped_and_counted)
{
    wxs_journal_writer writer;
    wxs_event event;

    open_writer(&writer, 0);
    ck_assert_uint_eq(writer.segment_size, WXS_JOURNAL_SEGMENT_MIN);
    event = event_of(1);
    event.rest_len = WXS_URL_MAX - event.prefix_len + 1;
    ck_assert_int_eq(wxs_journal_append(&writer, &event), WXS_TOO_LONG);
    event.rest_len = SIZE_MAX;
    ck_assert_int_eq(wxs_journal_append(&writer, &event), WXS_TOO_LONG);
    event = event_of(1);
    event.agent_len = WXS_EVENT_AGENT_MAX + 1;
    ck_assert_int_eq(wxs_journal_append(&writer, &event), WXS_TOO_LONG);
    ck_assert_uint_eq(writer.dropped, 3);
    ck_assert_uint_eq(writer.sequence, 3);
    event.prefix_len = 0; /* the largest there is */
    event.rest = filler;
    event.rest_len = WXS_URL_MAX;
    event.agent_len = WXS_EVENT_AGENT_MAX;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(wxs_journal_append(&writer, &event), WXS_OK);
    ck_assert_uint_eq(writer.segment_number, 3);
    wxs_journal_writer_close(&writer);
}
END_TEST

START_TEST(without_a_directory_events_are_dropped_then_it_goes_on)
{
    collector *c = new_collector();
    wxs_journal_writer writer;
    wxs_event event;
    char elsewhere[80];

    (void)snprintf(elsewhere, sizeof elsewhere, "%s.away", directory);
    open_writer(&writer, 1 << 16);
    ck_assert_int_eq(rename(directory, elsewhere), 0);
    for (uint64_t i = 1; i <= 5; i++) {
        event = event_of(i);
        ck_assert_int_eq(wxs_journal_append(&writer, &event), WXS_IO);
    }
    ck_assert_int_eq(rename(elsewhere, directory), 0);
    event = event_of(6); /* the first second has not passed */
    ck_assert_int_eq(wxs_journal_append(&writer, &event), WXS_IO);
    ck_assert_uint_eq(writer.dropped, 6);
    writer.sequence = 1001; /* as event_of() makes the time of it */
    append(&writer);
    ck_assert_uint_eq(writer.dropped, 6);
    ck_assert_uint_eq(writer.segment_number, 1);
    wxs_journal_writer_close(&writer);
    c->gaps_allowed = true;
    collect(c);
    ck_assert_uint_eq(c->seen, 1);
    ck_assert_uint_eq(c->last, 1002);
    free(c);
}
END_TEST

START_TEST(a_full_disk_is_an_error_and_leaves_nothing)
{
    struct rlimit limit = {1 << 16, 1 << 16};
    wxs_journal_writer writer;
    wxs_event event = event_of(1);
    DIR *dir;
    struct dirent *entry;

    /* a file that may not grow stands for a disk that is full */
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    open_writer(&writer, 1 << 20);
    ck_assert_int_eq(wxs_journal_append(&writer, &event), WXS_FULL);
    ck_assert_int_eq(errno, EFBIG);
    ck_assert_uint_eq(writer.dropped, 1);
    dir = opendir(directory);
    while ((entry = readdir(dir)) != NULL)
        ck_assert_msg(entry->d_name[0] == '.', "%s", entry->d_name);
    (void)closedir(dir);
}
END_TEST

START_TEST(segment_names)
{
    uint64_t id, number;

    ck_assert(
        wxs_journal_name_parse("00ff000000000001-00000012.wxj", &id, &number));
    ck_assert_uint_eq(id, UINT64_C(0x00ff000000000001));
    ck_assert_uint_eq(number, 12);
    ck_assert(
        wxs_journal_name_parse("ffffffffffffffff-123456789.wxj", &id, &number));
    ck_assert_uint_eq(number, 123456789);
    static const char *const bad[] = {
        "",
        ".",
        "00ff000000000001-00000012.wxj.new",
        "00FF000000000001-00000012.wxj",
        "00ff00000000001-00000012.wxj",
        "00ff000000000001-0000012.wxj",
        "00ff000000000001-012345678.wxj",
        "00ff000000000001-0000001a.wxj",
        "00ff000000000001_00000012.wxj",
        "00ff000000000001-99999999999999999999999.wxj",
        "00ff000000000001-00000012.wxx",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!wxs_journal_name_parse(bad[i], &id, &number), "%s",
                      bad[i]);
}
END_TEST

static void
nap(long ns)
{
    struct timespec t = {0, ns};

    (void)nanosleep(&t, NULL);
}

/* A child appends as fast as it can and tells by *acknowledged up to where. */
static pid_t
start_child(uint64_t *acknowledged, size_t segment_size)
{
    pid_t pid;

    (void)event_of(0);
    pid = fork();
    ck_assert_int_ne(pid, -1);
    if (pid == 0) {
        wxs_journal_writer writer;

        if (wxs_journal_writer_init(&writer, directory, segment_size) != WXS_OK)
            _exit(1);
        for (;;) {
            wxs_event event = event_of(writer.sequence + 1);

            if (wxs_journal_append(&writer, &event) != WXS_OK)
                _exit(1);
            __atomic_store_n(acknowledged, writer.sequence, __ATOMIC_RELEASE);
            if (writer.segment_number > NAMES_MAX - 10)
                (void)pause();
        }
    }
    return pid;
}

static void
kill_child(pid_t pid)
{
    int status;

    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
}

static void
empty_directory(void)
{
    static char names[NAMES_MAX][40];
    size_t n = list(names);

    for (size_t i = 0; i < n; i++)
        (void)unlinkat(dir_fd, names[i], 0);
}

static uint64_t *
shared_counter(void)
{
    uint64_t *counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert(counter != MAP_FAILED);
    return counter;
}

START_TEST(killed_writer_loses_nothing_it_acknowledged)
{
    uint64_t *acknowledged = shared_counter();

    for (int round = 0; round < 40; round++) {
        collector *c = new_collector();
        pid_t pid;

        *acknowledged = 0;
        pid = start_child(acknowledged, round % 2 == 0 ? 1 << 16 : 1 << 20);
        nap(1000000 + round * 137 * 1000);
        kill_child(pid);
        collect(c);
        ck_assert_uint_ge(c->last, *acknowledged);
        ck_assert_uint_le(c->last, *acknowledged + 1);
        ck_assert_uint_eq(c->first, c->count); /* all are finished */
        ck_assert_uint_eq(c->damaged, 0);
        free(c);
        empty_directory();
    }
}
END_TEST

START_TEST(reader_follows_another_process_until_it_is_killed)
{
    uint64_t *acknowledged = shared_counter();
    collector *c = new_collector();
    pid_t pid = start_child(acknowledged, 1 << 18);
    uint64_t polls_with_news = 0;
    time_t end = time(NULL) + 1;

    while (time(NULL) < end) {
        uint64_t known = __atomic_load_n(acknowledged, __ATOMIC_ACQUIRE);
        uint64_t before = c->last;

        collect(c);
        polls_with_news += c->last > before;
        ck_assert_uint_ge(c->last, known); /* committed is visible */
    }
    kill_child(pid);
    collect(c);
    ck_assert_uint_ge(c->last, *acknowledged);
    ck_assert_uint_le(c->last, *acknowledged + 1);
    ck_assert_uint_gt(polls_with_news, 1);
    ck_assert_uint_eq(c->first, c->count);
    ck_assert_uint_eq(c->damaged, 0);
    free(c);
}
END_TEST

/* ---- damage ---- */

#define DAMAGE_SIZE (8 * WXS_JOURNAL_PAGE)
#define DAMAGE_NAME "0000000000000000-00000001.wxj"

static uint8_t original[DAMAGE_SIZE];
static uint64_t original_count;

/* A full, sealed segment with nobody on it. */
static void
make_original(void)
{
    static char names[NAMES_MAX][40];
    wxs_journal_writer writer;
    int fd;

    open_writer(&writer, DAMAGE_SIZE);
    do
        append(&writer);
    while (writer.segment_number == 1);
    original_count = writer.sequence - 1;
    wxs_journal_writer_close(&writer);
    ck_assert_uint_eq(list(names), 2);
    fd = openat(dir_fd, names[0], O_RDONLY);
    ck_assert_int_eq(read(fd, original, sizeof original), sizeof original);
    (void)close(fd);
    empty_directory();
}

static void
write_damaged(const uint8_t *bytes, size_t len)
{
    int fd = openat(dir_fd, DAMAGE_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ne(fd, -1);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    (void)close(fd);
}

/* Reads it to its end, each event being a true one; their number. */
static uint64_t
count_true_events(uint64_t *damaged)
{
    wxs_journal_segment segment;
    uint64_t n = 0, last = 0;
    wxs_event event;

    if (wxs_journal_segment_open(&segment, dir_fd, DAMAGE_NAME, 0) != WXS_OK)
        return UINT64_MAX;
    while (wxs_journal_next(&segment, &event) == WXS_OK) {
        if (event.sequence <= last)
            ck_abort_msg("event %" PRIu64 " comes again", event.sequence);
        last = event.sequence;
        check_event(&event);
        n++;
    }
    ck_assert(wxs_journal_finished(&segment));
    *damaged = segment.damaged;
    wxs_journal_segment_close(&segment);
    return n;
}

START_TEST(damaged_pages_cost_only_themselves)
{
    uint8_t bytes[DAMAGE_SIZE];
    uint64_t damaged, n, in_page[8] = {0};

    make_original();
    write_damaged(original, DAMAGE_SIZE);
    ck_assert_uint_eq(count_true_events(&damaged), original_count);
    ck_assert_uint_eq(damaged, 0);
    for (size_t page = 1; page < 8; page++) {
        memcpy(bytes, original, DAMAGE_SIZE);
        memset(bytes + page * WXS_JOURNAL_PAGE, 0, WXS_JOURNAL_PAGE);
        write_damaged(bytes, DAMAGE_SIZE);
        n = count_true_events(&damaged);
        ck_assert_uint_lt(n, original_count);
        in_page[page] = original_count - n;
    }
    for (size_t page = 1; page < 8; page++) { /* its first record is torn */
        memcpy(bytes, original, DAMAGE_SIZE);
        bytes[page * WXS_JOURNAL_PAGE + 40] ^= 1;
        write_damaged(bytes, DAMAGE_SIZE);
        ck_assert_uint_eq(count_true_events(&damaged),
                          original_count - in_page[page]);
        ck_assert_uint_eq(damaged, 1);
    }
}
END_TEST

START_TEST(every_flipped_bit_of_a_record_is_noticed)
{
    uint8_t bytes[DAMAGE_SIZE];
    uint64_t damaged;
    uint32_t len;

    make_original();
    memcpy(&len, original + WXS_JOURNAL_PAGE, sizeof len);
    for (size_t bit = 0; bit < 8 * (size_t)len; bit++) {
        memcpy(bytes, original, DAMAGE_SIZE);
        bytes[WXS_JOURNAL_PAGE + bit / 8] ^= (uint8_t)(1 << bit % 8);
        write_damaged(bytes, DAMAGE_SIZE);
        ck_assert_uint_lt(count_true_events(&damaged), original_count);
    }
}
END_TEST

START_TEST(random_damage_yields_true_events_or_none)
{
    uint8_t bytes[DAMAGE_SIZE];
    uint64_t damaged, refused = 0;

    make_original();
    srandom(1);
    for (int round = 0; round < 3000; round++) {
        size_t from = round % 4 == 0 ? 0 : WXS_JOURNAL_PAGE;
        int changes = 1 + (int)(random() % 40);

        memcpy(bytes, original, DAMAGE_SIZE);
        for (int i = 0; i < changes; i++)
            bytes[from + (size_t)random() % (DAMAGE_SIZE - from)] =
                (uint8_t)random();
        if (round % 4 == 0) /* the header, with a right CRC at times */
            memcpy(bytes + 128 + 64 * (random() % 2),
                   &(uint64_t){(uint64_t)random()}, 8);
        write_damaged(bytes, DAMAGE_SIZE);
        refused += count_true_events(&damaged) == UINT64_MAX;
    }
    ck_assert_uint_lt(refused, 500);
}
END_TEST

START_TEST(truncated_files_are_read_as_far_as_they_go)
{
    uint64_t damaged, n, last = 0;

    make_original();
    for (size_t len = 0; len < DAMAGE_SIZE; len += 1000) {
        write_damaged(original, len);
        n = count_true_events(&damaged);
        if (len < WXS_JOURNAL_PAGE) {
            ck_assert_uint_eq(n, UINT64_MAX);
            continue;
        }
        ck_assert_uint_ge(n, last);
        ck_assert_uint_lt(n, original_count);
        last = n;
    }
    ck_assert_uint_gt(last, 0);
}
END_TEST

START_TEST(headers_and_positions_are_checked)
{
    wxs_journal_segment segment;
    uint8_t bytes[DAMAGE_SIZE];

#define OPEN(offset)                                                           \
    wxs_journal_segment_open(&segment, dir_fd, DAMAGE_NAME, offset)
    make_original();
    ck_assert_int_eq(OPEN(0), WXS_IO);
    write_damaged(original, DAMAGE_SIZE);
    ck_assert_int_eq(OPEN(8), WXS_BAD_FORMAT);
    ck_assert_int_eq(OPEN(WXS_JOURNAL_PAGE + 4), WXS_BAD_FORMAT);
    ck_assert_int_eq(OPEN(DAMAGE_SIZE + 8), WXS_BAD_FORMAT);
    ck_assert_int_eq(OPEN(UINT64_MAX - 7), WXS_BAD_FORMAT);
    ck_assert_int_eq(OPEN(DAMAGE_SIZE), WXS_OK);
    ck_assert_int_eq(wxs_journal_next(&segment, &(wxs_event){0}), WXS_END);
    ck_assert(wxs_journal_finished(&segment));
    wxs_journal_segment_close(&segment);
    for (size_t bit = 0; bit < 76 * 8; bit++) {
        memcpy(bytes, original, DAMAGE_SIZE);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        write_damaged(bytes, DAMAGE_SIZE);
        ck_assert_int_eq(OPEN(0),
                         bit / 8 == 7 ? WXS_BAD_VERSION : WXS_BAD_FORMAT);
    }
#undef OPEN
}
END_TEST

/* The same record bytes under another writer id must not check. */
START_TEST(records_of_another_segment_are_not_taken)
{
    static char names[NAMES_MAX][40];
    wxs_journal_writer writer;
    uint8_t bytes[DAMAGE_SIZE];
    uint64_t damaged;
    int fd;

    make_original();
    open_writer(&writer, DAMAGE_SIZE);
    append(&writer);
    wxs_journal_writer_close(&writer);
    ck_assert_uint_eq(list(names), 1);
    fd = openat(dir_fd, names[0], O_RDONLY);
    ck_assert_int_eq(read(fd, bytes, DAMAGE_SIZE), DAMAGE_SIZE);
    (void)close(fd);
    memcpy(bytes + 4096, original + 4096, DAMAGE_SIZE - 4096);
    memset(bytes + 192, 0, 8); /* not sealed: to the end of the file */
    write_damaged(bytes, DAMAGE_SIZE);
    ck_assert_uint_eq(count_true_events(&damaged), 0);
    ck_assert_uint_eq(damaged, 7);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("journal");
    TCase *tests = tcase_create("journal");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_field_comes_back_over_many_segments);
    tcase_add_test(tests, a_segment_is_followed_while_it_is_written);
    tcase_add_test(tests, an_event_that_fits_nowhere_is_dropped_and_counted);
    tcase_add_test(tests,
                   without_a_directory_events_are_dropped_then_it_goes_on);
    tcase_add_test(tests, a_full_disk_is_an_error_and_leaves_nothing);
    tcase_add_test(tests, segment_names);
    tcase_add_test(tests, killed_writer_loses_nothing_it_acknowledged);
    tcase_add_test(tests, reader_follows_another_process_until_it_is_killed);
    tcase_add_test(tests, damaged_pages_cost_only_themselves);
    tcase_add_test(tests, every_flipped_bit_of_a_record_is_noticed);
    tcase_add_test(tests, random_damage_yields_true_events_or_none);
    tcase_add_test(tests, truncated_files_are_read_as_far_as_they_go);
    tcase_add_test(tests, headers_and_positions_are_checked);
    tcase_add_test(tests, records_of_another_segment_are_not_taken);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
