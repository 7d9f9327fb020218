/* The lookup table: what is put in is found, and the life of its file */
#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crc32c.h"
#include "table_fixture.h"

START_TEST(hosts_are_put_replaced_and_removed)
{
    wxs_table_writer *writer = create_published(&small);
    const wxs_table *view = wxs_table_writer_view(writer);
    wxs_table_host found;
    wxs_table_domain domain = domain_of(1);
    char longest[WXS_HOST_MAX + 2];
    wxs_table_info before, after;

    memset(longest, 'a', sizeof longest);
    longest[WXS_HOST_MAX] = '\0';
    put_host(writer, "links.example.com", 7, 1);
    put_host(writer, longest, 20, WXS_HOST_DOMAINS_MAX);
    check_host(view, "links.example.com", 7, 1);
    check_host(view, longest, 20, WXS_HOST_DOMAINS_MAX);
    put_host(writer, "links.example.com", 8, 2);
    check_host(view, "links.example.com", 8, 2);
    wxs_table_get_info(view, &before);
    put_host(writer, "links.example.com", 8, 2); /* nothing new */
    wxs_table_get_info(view, &after);
    ck_assert_mem_eq(&before, &after, sizeof before);
    ck_assert_uint_eq(after.live, 2);
    ck_assert_uint_eq(after.dead_bytes, 8 + 96 + 24);

    ck_assert_int_eq(wxs_table_find_host(view, "links.example.co", 16, &found),
                     WXS_NOT_FOUND);
    ck_assert_int_eq(wxs_table_find_host(view, "", 0, &found), WXS_NOT_FOUND);
    ck_assert_int_eq(
        wxs_table_find_host(view, longest, WXS_HOST_MAX + 1, &found),
        WXS_NOT_FOUND);
    ck_assert_int_eq(wxs_table_remove_host(writer, "links.example.com", 17),
                     WXS_OK);
    ck_assert_int_eq(wxs_table_remove_host(writer, "links.example.com", 17),
                     WXS_NOT_FOUND);
    ck_assert_int_eq(wxs_table_find_host(view, "links.example.com", 17, &found),
                     WXS_NOT_FOUND);
    check_host(view, longest, 20, WXS_HOST_DOMAINS_MAX);

    ck_assert_int_eq(
        wxs_table_put_host(writer, longest, WXS_HOST_MAX + 1, &domain, 1),
        WXS_TOO_LONG);
    ck_assert_int_eq(wxs_table_put_host(writer, "a", 0, &domain, 1),
                     WXS_BAD_FORMAT);
    ck_assert_int_eq(wxs_table_put_host(writer, "a", 1, &domain, 0),
                     WXS_BAD_FORMAT);
    ck_assert_int_eq(wxs_table_put_host(writer, "a", 1, &domain, 9),
                     WXS_BAD_FORMAT);
    wxs_table_writer_close(writer);
}
END_TEST

START_TEST(links_are_put_replaced_and_removed)
{
    wxs_table_writer *writer = create_published(&small);
    const wxs_table *view = wxs_table_writer_view(writer);
    wxs_table_link link;

    ck_assert_int_eq(put(writer, 0, 1), WXS_OK);
    ck_assert_int_eq(put(writer, WXS_LINK_ID_MAX, 2), WXS_OK);
    ck_assert_int_eq(put(writer, WXS_LINK_ID_MAX + 1, 2), WXS_BAD_FORMAT);
    check_link(view, 0, 1);
    check_link(view, WXS_LINK_ID_MAX, 2);
    ck_assert_int_eq(put(writer, 0, 5), WXS_OK);
    check_link(view, 0, 5);
    ck_assert_int_eq(wxs_table_find_link(view, 1, &link), WXS_NOT_FOUND);
    ck_assert_int_eq(wxs_table_find_link(view, UINT64_C(1) << 48, &link),
                     WXS_NOT_FOUND);
    ck_assert_int_eq(wxs_table_remove_link(writer, 0), WXS_OK);
    ck_assert_int_eq(wxs_table_remove_link(writer, 0), WXS_NOT_FOUND);
    ck_assert_int_eq(wxs_table_find_link(view, 0, &link), WXS_NOT_FOUND);
    ck_assert_int_eq(wxs_table_remove_link(writer, UINT64_MAX), WXS_NOT_FOUND);
    check_link(view, WXS_LINK_ID_MAX, 2);

    ck_assert_int_eq(wxs_table_put_link(writer, 1, 1, 0, "ftp://a/", 8),
                     WXS_BAD_FORMAT);
    ck_assert_int_eq(wxs_table_put_link(writer, 1, 1, 0, "http://a/\r\n", 11),
                     WXS_BAD_FORMAT);
    ck_assert_int_eq(wxs_table_put_link(writer, 1, 1, 0x10, "http://a/", 9),
                     WXS_BAD_FORMAT);
    ck_assert_int_eq(wxs_table_find_link(view, 1, &link), WXS_NOT_FOUND);
    wxs_table_writer_close(writer);
}
END_TEST

START_TEST(a_destination_is_stored_once_and_up_to_its_bound)
{
    wxs_table_writer *writer = create_published(&small);
    const wxs_table *view = wxs_table_writer_view(writer);
    char url[WXS_DESTINATION_MAX + 1];
    wxs_table_info first, second;
    wxs_table_link link;

    memset(url, 'a', sizeof url);
    memcpy(url, "https://", 8);
    ck_assert_int_eq(
        wxs_table_put_link(writer, 1, 1, 0, url, WXS_DESTINATION_MAX + 1),
        WXS_TOO_LONG);
    ck_assert_int_eq(
        wxs_table_put_link(writer, 1, 1, 0, url, WXS_DESTINATION_MAX), WXS_OK);
    wxs_table_get_info(view, &first);
    ck_assert_int_eq(wxs_table_put_link(writer, 2, 9, WXS_LINK_KILLED, url,
                                        WXS_DESTINATION_MAX),
                     WXS_OK);
    wxs_table_get_info(view, &second);
    ck_assert_uint_eq(second.bytes_used - first.bytes_used, 16);
    ck_assert_uint_eq(first.live, 2);
    ck_assert_uint_eq(second.live, 3);
    ck_assert_int_eq(wxs_table_find_link(view, 2, &link), WXS_OK);
    ck_assert_uint_eq(link.domain, 9);
    ck_assert_uint_eq(link.flags, WXS_LINK_KILLED);
    ck_assert_uint_eq(link.url_len, WXS_DESTINATION_MAX);
    ck_assert_mem_eq(link.url, url, WXS_DESTINATION_MAX);
    wxs_table_writer_close(writer);
}
END_TEST

#define CAPACITY 100000

static wxs_status
put_numbered(wxs_table_writer *writer, uint64_t id, uint64_t url_number)
{
    char url[64];
    int len = snprintf(url, sizeof url,
                       "https://www.example.com/products/item-%08" PRIu64,
                       url_number);

    return wxs_table_put_link(writer, id * 7, 1, 0, url, (size_t)len);
}

static void
check_room(uint64_t urls)
{
    const wxs_table_capacity capacity = {
        .links = CAPACITY, .urls = urls, .url_bytes = urls * 46};
    wxs_table_writer *writer = create_published(&capacity);
    const wxs_table *view = wxs_table_writer_view(writer);
    wxs_table_info info;
    wxs_table_link link;
    uint64_t id;

    for (id = 0; id < CAPACITY; id++)
        if (put_numbered(writer, id, id % urls) != WXS_OK)
            ck_abort_msg("link %" PRIu64, id);
    wxs_table_get_info(view, &info);
    ck_assert_uint_le(info.bytes_used - urls * 46, 48 * CAPACITY);
    for (; id < CAPACITY / 5 * 7; id++)
        if (put_numbered(writer, id, urls == CAPACITY ? id : id % urls) !=
            WXS_OK)
            ck_abort_msg("link %" PRIu64, id);
    for (id = 0; id < CAPACITY / 5 * 7; id++)
        if (wxs_table_find_link(view, id * 7, &link) != WXS_OK)
            ck_abort_msg("link %" PRIu64 " is lost", id);
    wxs_table_writer_close(writer);
}

START_TEST(two_fifths_more_fit_and_a_link_takes_48_bytes_beside_its_url)
{
    check_room(CAPACITY); /* each has a URL of its own */
    check_room(10);
}
END_TEST

START_TEST(a_full_table_says_so_and_stays_right)
{
    wxs_table_capacity none = {0};
    wxs_table_writer *writer = create_published(&none);
    const wxs_table *view = wxs_table_writer_view(writer);
    wxs_table_link link;
    uint64_t n = 0;

    while (put(writer, n, 3) == WXS_OK) /* URLs fill its slots */
        n++;
    ck_assert_uint_gt(n, 1000);
    ck_assert_int_eq(put(writer, n, 3), WXS_FULL);
    ck_assert_int_eq(wxs_table_find_link(view, n, &link), WXS_NOT_FOUND);
    for (uint64_t id = 0; id < n; id++)
        check_link(view, id, 3);
    ck_assert_int_eq(wxs_table_put_link(writer, 5, 1, 0, "http://new/", 11),
                     WXS_FULL);
    check_link(view, 5, 3);
    ck_assert_int_eq(wxs_table_remove_link(writer, 7), WXS_OK);
    wxs_table_writer_close(writer);

    writer = create_published(&none); /* the arena fills */
    view = wxs_table_writer_view(writer);
    for (n = 1; put(writer, 1, n) == WXS_OK; n++)
        ;
    check_link(view, 1, n - 1);
    wxs_table_writer_close(writer);
}
END_TEST

/* At the highest load many searches go on over full buckets. */
START_TEST(a_removal_breaks_no_search)
{
    wxs_table_capacity none = {0};
    wxs_table_writer *writer = create_published(&none);
    const wxs_table *view = wxs_table_writer_view(writer);
    const char *url = "https://example.com/";
    wxs_table_info before, after;
    uint64_t n = 0;

    while (wxs_table_put_link(writer, n, 1, 0, url, 20) == WXS_OK)
        n++;
    wxs_table_get_info(view, &before);
    for (uint64_t id = 0; id < n; id += 3)
        ck_assert_int_eq(wxs_table_remove_link(writer, id), WXS_OK);
    for (uint64_t id = 0; id < n; id++) {
        wxs_table_link link;

        if (wxs_table_find_link(view, id, &link) !=
            (id % 3 == 0 ? WXS_NOT_FOUND : WXS_OK))
            ck_abort_msg("link %" PRIu64 " of %" PRIu64, id, n);
    }
    wxs_table_get_info(view, &after);
    ck_assert_uint_gt(after.dead, 0);
    for (uint64_t id = 0; id < n; id++)
        ck_assert_int_eq(wxs_table_put_link(writer, id, 2, 0, url, 20), WXS_OK);
    wxs_table_get_info(view, &after);
    ck_assert_uint_eq(after.live, before.live); /* no link is there twice */
    ck_assert_uint_eq(after.dead, 0);
    wxs_table_writer_close(writer);
}
END_TEST

START_TEST(churn_does_not_use_up_the_slots)
{
    wxs_table_writer *writer = create_published(&small);
    const wxs_table *view = wxs_table_writer_view(writer);
    const char *url = "https://example.com/";
    wxs_table_info info;
    uint64_t id;

    for (id = 0; id < 50000; id++) {
        if (wxs_table_put_link(writer, id, 1, 0, url, 20) != WXS_OK)
            ck_abort_msg("full at %" PRIu64, id);
        if (id >= 500)
            ck_assert_int_eq(wxs_table_remove_link(writer, id - 500), WXS_OK);
    }
    wxs_table_get_info(view, &info);
    ck_assert_uint_eq(info.live, 501);
    ck_assert_uint_lt(info.dead, 100);
    /* all but the first, which has the URL */
    ck_assert_uint_eq(info.dead_bytes, (50000 - 500 - 1) * 16);
    wxs_table_writer_close(writer);
}
END_TEST

/* ---- the life of the file ---- */

START_TEST(a_rebuild_supersedes_the_former_file)
{
    wxs_table_writer *first = create(&small, 1), *second, *third;
    wxs_table table, newer;
    wxs_table_info info;

    ck_assert_int_eq(wxs_table_open(&table, path), WXS_IO);
    ck_assert_int_eq(put(first, 1, 1), WXS_OK);
    ck_assert_int_eq(wxs_table_publish(first), WXS_OK);
    ck_assert_int_eq(wxs_table_open(&table, path), WXS_OK);
    ck_assert_int_eq(put(first, 2, 1), WXS_OK); /* seen at once */
    wxs_table_set_applied(first, 42);
    check_link(&table, 2, 1);
    ck_assert(!wxs_table_superseded(&table));

    second = create(&small, 2);
    ck_assert_int_eq(put(second, 1, 2), WXS_OK);
    ck_assert_int_eq(wxs_table_create(path, &small, 3, &third), WXS_BUSY);
    ck_assert(!wxs_table_superseded(&table));
    ck_assert_int_eq(wxs_table_publish(second), WXS_OK); /* first is open */
    ck_assert(wxs_table_superseded(&table));
    check_link(&table, 1, 1);
    ck_assert_int_eq(wxs_table_open(&newer, path), WXS_OK);
    ck_assert(!wxs_table_superseded(&newer));
    check_link(&newer, 1, 2);
    wxs_table_get_info(&table, &info);
    ck_assert_uint_eq(info.generation, 1);
    ck_assert_uint_eq(info.applied, 42);
    wxs_table_get_info(&newer, &info);
    ck_assert_uint_eq(info.generation, 2);
    wxs_table_writer_close(first);
    wxs_table_close(&table);

    third = create(&small, 3); /* the former writer is closed */
    wxs_table_writer_close(second);
    ck_assert_int_eq(wxs_table_publish(third), WXS_OK);
    ck_assert(wxs_table_superseded(&newer));
    wxs_table_writer_close(third);
    wxs_table_close(&newer);
}
END_TEST

START_TEST(an_unpublished_file_is_removed)
{
    wxs_table_writer *writer = create(&small, 1);
    char new_path[128];

    (void)snprintf(new_path, sizeof new_path, "%s.new", path);
    ck_assert_int_eq(access(new_path, F_OK), 0);
    wxs_table_writer_close(writer);
    ck_assert_int_ne(access(new_path, F_OK), 0);
}
END_TEST

START_TEST(a_writer_takes_up_where_another_left_off)
{
    wxs_table_writer *writer, *other;
    bool same_boot = false;

    ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer),
                     WXS_NOT_FOUND);
    writer = create_published(&small);
    ck_assert_int_eq(put(writer, 1, 1), WXS_OK);
    ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &other), WXS_BUSY);
    wxs_table_writer_close(writer);
    ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer), WXS_OK);
    ck_assert(same_boot);
    check_link(wxs_table_writer_view(writer), 1, 1);
    ck_assert_int_eq(put(writer, 2, 1), WXS_OK);
    check_link(wxs_table_writer_view(writer), 1, 1);
    wxs_table_writer_close(writer);
}
END_TEST

/* Changes size bytes of the file at an offset, the header's CRC with them. */
static void
patch(uint64_t offset, const void *bytes, size_t size)
{
    uint8_t header[WXS_TABLE_HEADER];
    uint32_t crc;
    int fd = open(path, O_RDWR);

    ck_assert_int_eq(pwrite(fd, bytes, size, (off_t)offset), (ssize_t)size);
    ck_assert_int_eq(pread(fd, header, sizeof header, 0), sizeof header);
    crc = wxs_crc32c(0, header, 88);
    ck_assert_int_eq(pwrite(fd, &crc, 4, 88), 4);
    (void)close(fd);
}

START_TEST(another_boot_is_told)
{
    wxs_table_writer *writer = create_published(&small);
    bool same_boot = true;

    wxs_table_writer_close(writer);
    patch(56, "0123456789abcdef", 16);
    ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer), WXS_OK);
    ck_assert(!same_boot);
    wxs_table_writer_close(writer);
}
END_TEST

static wxs_status
open_both(void)
{
    wxs_table_writer *writer;
    wxs_table table;
    bool same_boot;
    wxs_status status = wxs_table_open(&table, path);

    ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer), status);
    if (status == WXS_OK) {
        wxs_table_close(&table);
        wxs_table_writer_close(writer);
    }
    return status;
}

START_TEST(headers_are_checked)
{
    static const struct {
        uint64_t offset, value;
        size_t size;
    } bad[] = {
        {8, 8192, 4},
        {16, 0, 8},
        {16, UINT64_MAX, 8},
        {16, UINT64_C(1) << 58, 8}, /* times 64 overflows */
        {24, 4096, 8},
        {24, UINT64_MAX - 4095, 8},
        {32, 4096, 8},
        {32, UINT64_MAX, 8},
    };
    wxs_table_writer *writer = create_published(&small);
    wxs_table_info info;
    uint32_t flags = 1;

    wxs_table_get_info(wxs_table_writer_view(writer), &info);
    wxs_table_writer_close(writer);
    ck_assert_int_eq(open_both(), WXS_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        patch(bad[i].offset, &bad[i].value, bad[i].size);
        ck_assert_msg(open_both() == WXS_BAD_FORMAT, "%zu", i);
        wxs_table_writer_close(create_published(&small));
    }
    patch(12, &flags, 4);
    ck_assert_int_eq(open_both(), WXS_BAD_VERSION);
    wxs_table_writer_close(create_published(&small));
    patch(7, "1", 1);
    ck_assert_int_eq(open_both(), WXS_BAD_VERSION);
    patch(0, "SQLite ", 7);
    ck_assert_int_eq(open_both(), WXS_BAD_FORMAT);
    wxs_table_writer_close(create_published(&small));
    for (uint64_t size = info.bytes_size - 1; size > 0; size /= 2) {
        ck_assert_int_eq(truncate(path, (off_t)size), 0);
        ck_assert_int_eq(open_both(), WXS_BAD_FORMAT);
    }
    ck_assert_int_eq(truncate(path, 0), 0);
    ck_assert_int_eq(open_both(), WXS_BAD_FORMAT);
}
END_TEST

/* A writer that was killed in the middle of a change left the count odd. */
START_TEST(changes_of_hosts_are_counted)
{
    wxs_table_writer *writer = create_published(&small);
    uint64_t odd = 7;
    wxs_table table;
    bool same_boot;

    ck_assert_int_eq(wxs_table_open(&table, path), WXS_OK);
    ck_assert_uint_eq(wxs_table_host_changes(&table), 0);
    put_host(writer, "links.example.com", 7, 1);
    ck_assert_uint_eq(wxs_table_host_changes(&table), 2);
    put_host(writer, "links.example.com", 8, 1);
    ck_assert_uint_eq(wxs_table_host_changes(&table), 4);
    ck_assert_int_eq(wxs_table_remove_host(writer, "links.example.com", 17),
                     WXS_OK);
    ck_assert_uint_eq(wxs_table_host_changes(&table), 6);
    wxs_table_writer_close(writer);
    patch(216, &odd, sizeof odd);
    ck_assert_uint_eq(wxs_table_host_changes(&table), 7);
    ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer), WXS_OK);
    ck_assert_uint_eq(wxs_table_host_changes(&table), 7);
    put_host(writer, "links.example.com", 9, 1);
    ck_assert_uint_eq(wxs_table_host_changes(&table), 8);
    wxs_table_writer_close(writer);
    wxs_table_close(&table);
}
END_TEST

START_TEST(a_writer_refuses_counters_that_would_mislead_it)
{
    uint64_t huge = UINT64_MAX - 7;

    for (uint64_t offset = 128; offset <= 144; offset += 8) {
        wxs_table_writer *writer = create_published(&small);
        bool same_boot;

        wxs_table_writer_close(writer);
        patch(offset, &huge, 8);
        ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer),
                         WXS_BAD_FORMAT);
    }
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    struct rlimit limit = {1 << 16, 1 << 16};
    wxs_table_writer *writer;
    char new_path[128];

    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(wxs_table_create(path, &small, 1, &writer), WXS_FULL);
    (void)snprintf(new_path, sizeof new_path, "%s.new", path);
    ck_assert_int_ne(access(new_path, F_OK), 0);
}
END_TEST

START_TEST(absurd_capacities_are_refused)
{
    wxs_table_capacity absurd[] = {
        {.hosts = UINT64_MAX},
        {.links = UINT64_MAX},
        {.links = UINT64_C(1) << 39},
        {.urls = UINT64_MAX},
        {.url_bytes = UINT64_MAX},
        {.links = 1, .url_bytes = UINT64_C(1) << 42},
    };
    wxs_table_writer *writer;

    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++)
        ck_assert_int_eq(wxs_table_create(path, &absurd[i], 1, &writer),
                         WXS_TOO_LONG);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("table");
    TCase *tests = tcase_create("table");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, hosts_are_put_replaced_and_removed);
    tcase_add_test(tests, links_are_put_replaced_and_removed);
    tcase_add_test(tests, a_destination_is_stored_once_and_up_to_its_bound);
    tcase_add_test(
        tests, two_fifths_more_fit_and_a_link_takes_48_bytes_beside_its_url);
    tcase_add_test(tests, a_full_table_says_so_and_stays_right);
    tcase_add_test(tests, a_removal_breaks_no_search);
    tcase_add_test(tests, churn_does_not_use_up_the_slots);
    tcase_add_test(tests, a_rebuild_supersedes_the_former_file);
    tcase_add_test(tests, an_unpublished_file_is_removed);
    tcase_add_test(tests, a_writer_takes_up_where_another_left_off);
    tcase_add_test(tests, another_boot_is_told);
    tcase_add_test(tests, headers_are_checked);
    tcase_add_test(tests, changes_of_hosts_are_counted);
    tcase_add_test(tests, a_writer_refuses_counters_that_would_mislead_it);
    tcase_add_test(tests, a_full_disk_is_an_error);
    tcase_add_test(tests, absurd_capacities_are_refused);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
