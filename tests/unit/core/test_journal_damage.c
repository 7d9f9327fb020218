/* The journal: of a damaged segment only true events are read. */
#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "journal_fixture.h"

#define DAMAGE_SIZE (8 * WXS_JOURNAL_PAGE)

static char damage_name[40];
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
    strcpy(damage_name, names[0]);
    fd = openat(dir_fd, damage_name, O_RDONLY);
    ck_assert_int_eq(read(fd, original, sizeof original), sizeof original);
    (void)close(fd);
    empty_directory();
}

static void
write_damaged(const uint8_t *bytes, size_t len)
{
    int fd = openat(dir_fd, damage_name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

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

    if (wxs_journal_segment_open(&segment, dir_fd, damage_name, 0) != WXS_OK)
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
    for (size_t page = 1; page < 8; page++)
        ck_assert_uint_gt(in_page[page], 1);
}
END_TEST

/* Whichever byte of a record it is, its length among them. */
START_TEST(damaged_records_cost_only_themselves)
{
    uint8_t bytes[DAMAGE_SIZE];
    uint64_t damaged;

    make_original();
    for (size_t page = 1; page < 8; page++)
        for (size_t at = 0; at < WXS_JOURNAL_RECORD_MIN; at++) {
            memcpy(bytes, original, DAMAGE_SIZE);
            bytes[page * WXS_JOURNAL_PAGE + at] ^= (uint8_t)(1 << at % 8);
            write_damaged(bytes, DAMAGE_SIZE);
            ck_assert_uint_eq(count_true_events(&damaged), original_count - 1);
            ck_assert_uint_eq(damaged, 1);
        }
    memcpy(bytes, original, DAMAGE_SIZE); /* the commit word is lost */
    memset(bytes + 3 * WXS_JOURNAL_PAGE, 0, 4);
    write_damaged(bytes, DAMAGE_SIZE);
    ck_assert_uint_eq(count_true_events(&damaged), original_count - 1);
    ck_assert_uint_eq(damaged, 1);
}
END_TEST

/* Only the seal tells of losses at the end. */
START_TEST(a_seal_tells_the_last_sequence_number)
{
    wxs_journal_segment segment;
    uint8_t bytes[DAMAGE_SIZE];
    uint64_t sequence = 0;

    make_original();
    write_damaged(original, DAMAGE_SIZE);
    ck_assert_int_eq(wxs_journal_segment_open(&segment, dir_fd, damage_name, 0),
                     WXS_OK);
    ck_assert(wxs_journal_last_sequence(&segment, &sequence));
    ck_assert_uint_eq(sequence, original_count);
    wxs_journal_segment_close(&segment);
    for (size_t bit = 192 * 8; bit < 212 * 8; bit++) {
        memcpy(bytes, original, DAMAGE_SIZE);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        write_damaged(bytes, DAMAGE_SIZE);
        ck_assert_int_eq(
            wxs_journal_segment_open(&segment, dir_fd, damage_name, 0), WXS_OK);
        ck_assert(!wxs_journal_last_sequence(&segment, &sequence));
        wxs_journal_segment_close(&segment);
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

/* The ends in the header may be lost with its page; whether the owner is gone
 * is known without. */
START_TEST(without_its_ends_a_segment_is_read_to_the_last)
{
    static const uint64_t hints[] = {0, 4096, 8, UINT64_MAX};
    uint8_t bytes[DAMAGE_SIZE];
    uint64_t damaged;

    make_original();
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        memcpy(bytes, original, DAMAGE_SIZE);
        memcpy(bytes + 128, &hints[i], 8);
        memset(bytes + 192, 0, 8);
        write_damaged(bytes, DAMAGE_SIZE);
        ck_assert_uint_eq(count_true_events(&damaged), original_count);
        ck_assert_uint_eq(damaged, 0);
    }
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

static void
make_crc_right(uint8_t *bytes)
{
    uint32_t crc = wxs_crc32c(0, bytes, 72);

    memcpy(bytes + 72, &crc, sizeof crc);
}

START_TEST(headers_and_positions_are_checked)
{
    wxs_journal_segment segment;
    uint8_t bytes[DAMAGE_SIZE];

#define OPEN(offset)                                                           \
    wxs_journal_segment_open(&segment, dir_fd, damage_name, offset)
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
    memcpy(bytes, original, DAMAGE_SIZE);
    bytes[7]++;
    make_crc_right(bytes);
    write_damaged(bytes, DAMAGE_SIZE);
    ck_assert_int_eq(OPEN(0), WXS_BAD_VERSION);
    bytes[0]++;
    make_crc_right(bytes);
    write_damaged(bytes, DAMAGE_SIZE);
    ck_assert_int_eq(OPEN(0), WXS_BAD_FORMAT);
#undef OPEN
}
END_TEST

START_TEST(a_damaged_header_costs_no_record)
{
    uint8_t bytes[DAMAGE_SIZE];
    uint64_t damaged;

    make_original();
    for (size_t bit = 0; bit < 76 * 8; bit++) {
        memcpy(bytes, original, DAMAGE_SIZE);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        write_damaged(bytes, DAMAGE_SIZE);
        ck_assert_uint_eq(count_true_events(&damaged), original_count);
        ck_assert_uint_eq(damaged, 1);
    }
    memcpy(bytes, original, DAMAGE_SIZE);
    memset(bytes, 0, WXS_JOURNAL_PAGE);
    write_damaged(bytes, DAMAGE_SIZE);
    ck_assert_uint_eq(count_true_events(&damaged), original_count);
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
    ck_assert_uint_ge(damaged, 7);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("journal_damage");
    TCase *tests = tcase_create("journal_damage");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, damaged_pages_cost_only_themselves);
    tcase_add_test(tests, damaged_records_cost_only_themselves);
    tcase_add_test(tests, a_seal_tells_the_last_sequence_number);
    tcase_add_test(tests, a_damaged_header_costs_no_record);
    tcase_add_test(tests, every_flipped_bit_of_a_record_is_noticed);
    tcase_add_test(tests, random_damage_yields_true_events_or_none);
    tcase_add_test(tests, without_its_ends_a_segment_is_read_to_the_last);
    tcase_add_test(tests, truncated_files_are_read_as_far_as_they_go);
    tcase_add_test(tests, headers_and_positions_are_checked);
    tcase_add_test(tests, records_of_another_segment_are_not_taken);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
