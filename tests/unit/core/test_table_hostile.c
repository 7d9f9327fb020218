/* The lookup table: a hostile file misleads its readers but harms none */
#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crc32c.h"
#include "table_fixture.h"

static uint8_t *hostile;
static size_t hostile_size;

static void
make_hostile(void)
{
    wxs_table_writer *writer = create_published(&small);
    int fd;

    for (uint64_t id = 0; id < 200; id++)
        ck_assert_int_eq(put(writer, id, 1), WXS_OK);
    for (uint32_t i = 0; i < 50; i++) {
        char host[32];

        (void)sprintf(host, "h%" PRIu32 ".example.com", i);
        put_host(writer, host, i, 1 + i % WXS_HOST_DOMAINS_MAX);
    }
    hostile_size = wxs_table_writer_view(writer)->size;
    wxs_table_writer_close(writer);
    hostile = malloc(hostile_size);
    ck_assert_ptr_nonnull(hostile);
    fd = open(path, O_RDONLY);
    ck_assert_int_eq(read(fd, hostile, hostile_size), (ssize_t)hostile_size);
    (void)close(fd);
}

/* Looks everything up and touches all that is returned. */
static uint64_t
look_everything_up(const wxs_table *table)
{
    uint64_t sum = 0;

    for (uint64_t id = 0; id < 220; id++) {
        wxs_table_link link;

        if (wxs_table_find_link(table, id, &link) != WXS_OK)
            continue;
        ck_assert_int_eq(wxs_destination_check(link.url, link.url_len), WXS_OK);
        sum += wxs_crc32c(0, link.url, link.url_len);
    }
    for (uint32_t i = 0; i < 55; i++) {
        wxs_table_host found;
        char host[32];

        (void)sprintf(host, "h%" PRIu32 ".example.com", i);
        if (wxs_table_find_host(table, host, strlen(host), &found) == WXS_OK)
            sum += wxs_crc32c(0, found.domains,
                              found.count * sizeof *found.domains);
    }
    return sum;
}

/* The arena's used part and the slots are where damage matters. */
static void
damage(uint8_t *map, size_t arena, size_t used)
{
    for (long i = random() % 300; i > 0; i--) {
        size_t slot = 4096 + (size_t)random() % ((arena - 4096) / 8) * 8;
        uint64_t value;

        switch (random() % 4) {
        case 0: /* a byte of a record */
            map[arena + (size_t)random() % used] = (uint8_t)random();
            break;
        case 1: /* an offset, its tag kept: just within or out of the arena */
            memcpy(&value, map + slot, 8);
            value = (value & ~((UINT64_C(1) << 40) - 1)) |
                    (hostile_size / 8 - 10 + (uint64_t)random() % 20);
            memcpy(map + slot, &value, 8);
            break;
        case 2:
            value = (uint64_t)random() << 33 ^ (uint64_t)random();
            memcpy(map + slot, &value, 8);
            break;
        default: /* another record's slot */
            memcpy(map + slot,
                   map + 4096 + (size_t)random() % ((arena - 4096) / 8) * 8, 8);
        }
    }
}

START_TEST(random_damage_crashes_no_reader)
{
    uint64_t arena, top;

    make_hostile();
    memcpy(&arena, hostile + 24, 8);
    memcpy(&top, hostile + 128, 8);
    srandom(2);
    for (int round = 0; round < 400; round++) {
        wxs_table table;
        int fd = open(path, O_RDWR);
        uint8_t *map =
            mmap(NULL, hostile_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        ck_assert(map != MAP_FAILED);
        memcpy(map, hostile, top);
        damage(map, arena, top - arena);
        ck_assert_int_eq(wxs_table_open(&table, path), WXS_OK);
        (void)look_everything_up(&table);
        wxs_table_close(&table);
        (void)munmap(map, hostile_size);
        (void)close(fd);
    }
    free(hostile);
}
END_TEST

/* Slots that all lead past the end, and searches that never find an end. */
START_TEST(hostile_slots_are_bounded)
{
    static const uint64_t offsets[] = {0, 1, 511, 512, UINT64_C(0xfffffffffe)};
    uint64_t arena;
    wxs_table table;
    int fd;
    uint8_t *map;

    make_hostile();
    memcpy(&arena, hostile + 24, 8);
    fd = open(path, O_RDWR);
    map = mmap(NULL, hostile_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert(map != MAP_FAILED);
    ck_assert_int_eq(wxs_table_open(&table, path), WXS_OK);
    for (size_t i = 0; i < 2 + sizeof offsets / sizeof *offsets; i++) {
        for (size_t slot = 4096; slot < arena; slot += 8) {
            uint64_t value;

            memcpy(&value, hostile + slot, 8);
            value &= ~((UINT64_C(1) << 40) - 1);
            if (i < 2)
                value |= hostile_size / 8 - 1 + i;
            else
                value |= offsets[i - 2];
            memcpy(map + slot, &value, 8);
        }
        ck_assert_uint_eq(look_everything_up(&table), 0);
    }
    memset(map + 4096, 0xff, arena - 4096); /* tombstones everywhere */
    ck_assert_uint_eq(look_everything_up(&table), 0);
    wxs_table_close(&table);
    (void)munmap(map, hostile_size);
    (void)close(fd);
    free(hostile);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("table_hostile");
    TCase *tests = tcase_create("table_hostile");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, random_damage_crashes_no_reader);
    tcase_add_test(tests, hostile_slots_are_bounded);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
