/* The journal: what a worker committed is read, whatever kills it when. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "journal_fixture.h"
#include "processes.h"

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

/* A file that may not grow stands for a disk that is full. */
static void
make_full_disk(void)
{
    struct rlimit limit = {1 << 15, RLIM_INFINITY};

    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
make_room(void)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_is_an_error_and_leaves_nothing)
{
    wxs_journal_writer writer;
    wxs_event event = event_of(1);
    DIR *dir;
    struct dirent *entry;

    make_full_disk();
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

/* Fills the open segment beyond its half. */
static void
fill_half(wxs_journal_writer *writer)
{
    append(writer);
    while (writer->end < writer->segment_size / 2)
        append(writer);
}

START_TEST(the_next_segment_is_prepared_once_one_is_half_full)
{
    static char names[NAMES_MAX][40];
    collector *c = new_collector();
    wxs_journal_writer writer;

    open_writer(&writer, 1 << 16);
    ck_assert_int_eq(wxs_journal_writer_tend(&writer, 0), WXS_OK);
    ck_assert_uint_eq(list(names), 0); /* who writes nothing needs none */
    append(&writer);
    ck_assert_int_eq(wxs_journal_writer_tend(&writer, 0), WXS_OK);
    ck_assert_uint_eq(list(names), 1);
    fill_half(&writer);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(wxs_journal_writer_tend(&writer, 0), WXS_OK);
        ck_assert_uint_eq(list(names), 2);
    }
    make_full_disk(); /* to go on there makes no file */
    while (writer.segment_number == 1)
        append(&writer);
    make_room();
    wxs_journal_writer_close(&writer);
    ck_assert_uint_eq(list(names), 2);
    collect(c);
    ck_assert_uint_eq(c->seen, writer.sequence);
    free(c);
}
END_TEST

START_TEST(a_prepared_segment_goes_when_it_is_not_needed)
{
    static char names[NAMES_MAX][40];
    wxs_journal_writer writer;

    open_writer(&writer, 1 << 16);
    fill_half(&writer);
    ck_assert_int_eq(wxs_journal_writer_tend(&writer, 0), WXS_OK);
    ck_assert_uint_eq(list(names), 2);
    wxs_journal_writer_close(&writer);
    ck_assert_uint_eq(list(names), 1);
}
END_TEST

START_TEST(a_segment_that_cannot_be_prepared_is_made_when_needed)
{
    collector *c = new_collector();
    wxs_journal_writer writer;

    open_writer(&writer, 1 << 16);
    fill_half(&writer);
    make_full_disk();
    ck_assert_int_eq(wxs_journal_writer_tend(&writer, 0), WXS_FULL);
    ck_assert_int_eq(writer.next_fd, -1);
    make_room();
    while (writer.segment_number == 1)
        append(&writer);
    wxs_journal_writer_close(&writer);
    collect(c);
    ck_assert_uint_eq(c->seen, writer.sequence);
    ck_assert_uint_eq(writer.dropped, 0);
    free(c);
}
END_TEST

START_TEST(what_was_removed_is_left)
{
    static char names[NAMES_MAX][40];
    wxs_journal_writer writer;

    open_writer(&writer, 1 << 16);
    fill_half(&writer);
    ck_assert_int_eq(wxs_journal_writer_tend(&writer, 0), WXS_OK);
    ck_assert_uint_eq(list(names), 2);
    /* the prepared one alone: another one is prepared */
    ck_assert_int_eq(unlinkat(dir_fd, names[1], 0), 0);
    ck_assert_int_eq(wxs_journal_writer_tend(&writer, 0), WXS_OK);
    ck_assert_uint_eq(list(names), 2);
    /* the open one: whoever removed it may have removed all */
    ck_assert_int_eq(unlinkat(dir_fd, names[0], 0), 0);
    ck_assert_int_eq(wxs_journal_writer_tend(&writer, 0), WXS_OK);
    ck_assert_uint_eq(list(names), 0);
    append(&writer);
    ck_assert_uint_eq(list(names), 1);
    wxs_journal_writer_close(&writer);
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
    tcase_add_test(tests, the_next_segment_is_prepared_once_one_is_half_full);
    tcase_add_test(tests, a_prepared_segment_goes_when_it_is_not_needed);
    tcase_add_test(tests,
                   a_segment_that_cannot_be_prepared_is_made_when_needed);
    tcase_add_test(tests, what_was_removed_is_left);
    tcase_add_test(tests, segment_names);
    tcase_add_test(tests, killed_writer_loses_nothing_it_acknowledged);
    tcase_add_test(tests, reader_follows_another_process_until_it_is_killed);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
