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

    for (uint64_t id = 0; id < 200; id++) {
        char url[128];
        size_t len = url_of(id, 1, url);

        if (id % 2 == 0) /* a change parts the link from its URL */
            ck_assert_int_eq(wxs_table_put_link(writer, id, 1, 0, url, len),
                             WXS_OK);
        ck_assert_int_eq(put(writer, id, 1), WXS_OK);
    }
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

/* The table over a copy of its own that ends at a page nobody may touch. */
static wxs_table
guarded(uint8_t **map)
{
    wxs_table table;

    make_hostile();
    ck_assert_int_eq(wxs_table_open(&table, path), WXS_OK);
    wxs_table_close(&table);
    *map = mmap(NULL, hostile_size + 4096, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(*map != MAP_FAILED);
    ck_assert_int_eq(mprotect(*map + hostile_size, 4096, PROT_NONE), 0);
    memcpy(*map, hostile, hostile_size);
    table.map = *map;
    return table;
}

START_TEST(random_damage_crashes_no_reader)
{
    uint8_t *map;
    wxs_table table = guarded(&map);
    uint64_t top, whole = look_everything_up(&table);

    memcpy(&top, hostile + 128, 8);
    srandom(2);
    for (int round = 0; round < 400; round++) {
        memcpy(map, hostile, top);
        damage(map, table.arena_offset, top - table.arena_offset);
        (void)look_everything_up(&table);
    }
    memcpy(map, hostile, top);
    ck_assert_uint_eq(look_everything_up(&table), whole);
    wxs_table_close(&table);
    free(hostile);
}
END_TEST

/* Keeps the tags, so that each search meets the offset. */
static void
point_slots_to(uint8_t *map, uint64_t arena, uint64_t units)
{
    for (size_t slot = 4096; slot < arena; slot += 8) {
        uint64_t value;

        memcpy(&value, hostile + slot, 8);
        value = (value & ~((UINT64_C(1) << 40) - 1)) | units;
        memcpy(map + slot, &value, 8);
    }
}

START_TEST(no_record_reaches_out_of_the_file)
{
    static const uint8_t ends[][16] = {
        {1, 253, 8},                              /* a large host */
        {1, 0, 1},                                /* domains alone */
        {2, 1},                                   /* link 1, cut off */
        {3, 1, [12] = 0xff, 0xff},                /* link 1 with a URL */
        {3, 1, [12] = 3, [14] = 'h', [15] = 't'}, /* the same, shorter */
    };
    static const uint64_t outside[] = {
        0, 1, 511, 512, UINT64_C(0xfffffffffe), UINT64_C(0xffffffffff)};
    uint8_t *map;
    wxs_table table = guarded(&map);

    for (size_t end = 0; end < sizeof ends / sizeof *ends; end++) {
        for (size_t back = 0; back <= 12; back++) {
            for (size_t i = 16; i <= 96; i += 16)
                memcpy(map + hostile_size - i, ends[end], 16);
            point_slots_to(map, table.arena_offset, hostile_size / 8 - back);
            ck_assert_uint_eq(look_everything_up(&table), 0);
        }
    }
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        point_slots_to(map, table.arena_offset, outside[i]);
        ck_assert_uint_eq(look_everything_up(&table), 0);
    }
    wxs_table_close(&table);
    free(hostile);
}
END_TEST

/* Links that are right but for the place of their URL. */
START_TEST(no_url_reaches_out_of_the_file)
{
    uint8_t *map;
    wxs_table table = guarded(&map);

    for (uint64_t back = 0; back < 4; back++) {
        uint64_t units = hostile_size / 8 - back;
        wxs_table_link link;

        memset(map + hostile_size - 32, 0xff, 32); /* lengths */
        for (size_t i = 8; i <= 32; i += 8)
            map[hostile_size - i] = 3;
        for (size_t slot = 4096; slot < table.arena_offset; slot += 8) {
            uint64_t value;

            memcpy(&value, map + slot, 8);
            value = (value & ((UINT64_C(1) << 40) - 1)) * 8;
            if (value != 0 && (map[value] & 15) == 2)
                memcpy(map + value + 7, &units, 5);
        }
        for (uint64_t id = 0; id < 200; id += 2)
            ck_assert_int_eq(wxs_table_find_link(&table, id, &link),
                             WXS_BAD_FORMAT);
    }
    wxs_table_close(&table);
    free(hostile);
}
END_TEST

START_TEST(a_destination_is_checked_on_its_way_out)
{
    uint8_t *map;
    wxs_table table = guarded(&map);
    wxs_table_link link;

    for (uint64_t id = 0; id < 200; id++) {
        ck_assert_int_eq(wxs_table_find_link(&table, id, &link), WXS_OK);
        map[(const uint8_t *)link.url - map + 20] = '\n';
        ck_assert_int_eq(wxs_table_find_link(&table, id, &link),
                         WXS_BAD_FORMAT);
    }
    wxs_table_close(&table);
    free(hostile);
}
END_TEST

START_TEST(a_search_ends)
{
    uint8_t *map;
    wxs_table table = guarded(&map);

    memset(map + 4096, 0xff, table.arena_offset - 4096); /* tombstones */
    ck_assert_uint_eq(look_everything_up(&table), 0);
    wxs_table_close(&table);
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
    tcase_add_test(tests, no_record_reaches_out_of_the_file);
    tcase_add_test(tests, no_url_reaches_out_of_the_file);
    tcase_add_test(tests, a_destination_is_checked_on_its_way_out);
    tcase_add_test(tests, a_search_ends);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
