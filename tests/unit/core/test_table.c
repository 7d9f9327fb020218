/* The lookup table: what is put in is found, by readers in other processes
 * too; a killed writer leaves it right; a hostile file harms nobody. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crc32c.h"
#include "table_write.h"

static char directory[64];
static char path[96];
static const wxs_table_capacity small = {
    .hosts = 100, .links = 1000, .urls = 1000, .url_bytes = 64000};

static void
setup(void)
{
    strcpy(directory, "/tmp/wxs-table-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/table", directory);
}

static void
teardown(void)
{
    static const char *const suffixes[] = {"", ".new", ".old", ".away"};
    char name[128];

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
    ck_assert_int_eq(rmdir(directory), 0);
}

static wxs_table_writer *
create(const wxs_table_capacity *capacity, uint64_t generation)
{
    wxs_table_writer *writer;

    ck_assert_int_eq(wxs_table_create(path, capacity, generation, &writer),
                     WXS_OK);
    return writer;
}

static wxs_table_writer *
create_published(const wxs_table_capacity *capacity)
{
    wxs_table_writer *writer = create(capacity, 1);

    ck_assert_int_eq(wxs_table_publish(writer), WXS_OK);
    return writer;
}

/* The destination of a link in one of its versions. */
static size_t
url_of(uint64_t id, uint64_t version, char url[128])
{
    return (size_t)sprintf(
        url, "https://example.com/%" PRIu64 "/%" PRIu64 "?padding=%0*d", id,
        version, (int)((id + version) % 50) + 1, 0);
}

static wxs_status
put(wxs_table_writer *writer, uint64_t id, uint64_t version)
{
    char url[128];
    size_t len = url_of(id, version, url);

    return wxs_table_put_link(writer, id, (uint32_t)(id + version),
                              (uint8_t)(version & 1), url, len);
}

/* Is the link there as some version of it, and no other? */
static bool
is_some_version(uint64_t id, const wxs_table_link *link, uint64_t *version)
{
    char url[128];

    *version = (uint32_t)(link->domain - (uint32_t)id);
    return link->url_len == url_of(id, *version, url) &&
           memcmp(link->url, url, link->url_len) == 0 &&
           link->flags == (*version & 1);
}

static void
check_link(const wxs_table *table, uint64_t id, uint64_t version)
{
    wxs_table_link link;
    uint64_t found;

    if (wxs_table_find_link(table, id, &link) != WXS_OK ||
        !is_some_version(id, &link, &found) || found != version)
        ck_abort_msg("link %" PRIu64 " is not version %" PRIu64, id, version);
}

static wxs_table_domain
domain_of(uint32_t number)
{
    wxs_table_domain domain = {.number = number,
                               .flags = WXS_DOMAIN_RECORD_OPENS,
                               .certificate = number * UINT64_C(3)};

    memset(domain.id, (int)(number & 0x7f), sizeof domain.id);
    memset(domain.secret, (int)(number & 0x3f), sizeof domain.secret);
    memset(domain.valid_keys, 0xff, sizeof domain.valid_keys);
    return domain;
}

static void
check_host(const wxs_table *table, const char *host, uint32_t first,
           size_t count)
{
    wxs_table_host found;

    ck_assert_int_eq(wxs_table_find_host(table, host, strlen(host), &found),
                     WXS_OK);
    ck_assert_uint_eq(found.count, count);
    for (size_t i = 0; i < count; i++) {
        wxs_table_domain expected = domain_of(first + (uint32_t)i);

        ck_assert_mem_eq(&found.domains[i], &expected, sizeof expected);
    }
}

static void
put_host(wxs_table_writer *writer, const char *host, uint32_t first,
         size_t count)
{
    wxs_table_domain domains[WXS_HOST_DOMAINS_MAX];

    for (size_t i = 0; i < count; i++)
        domains[i] = domain_of(first + (uint32_t)i);
    ck_assert_int_eq(
        wxs_table_put_host(writer, host, strlen(host), domains, count), WXS_OK);
}

/* ---- entries ---- */

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

START_TEST(twice_the_capacity_fits_at_under_48_bytes_a_link)
{
    wxs_table_capacity capacity = {.links = 100000, .urls = 1, .url_bytes = 20};
    wxs_table_writer *writer = create_published(&capacity);
    const wxs_table *view = wxs_table_writer_view(writer);
    const char *url = "https://example.com/";
    wxs_table_info info;
    uint64_t id;

    for (id = 0; id < 100000; id++)
        if (wxs_table_put_link(writer, id * 7, 1, 0, url, 20) != WXS_OK)
            ck_abort_msg("link %" PRIu64, id);
    wxs_table_get_info(view, &info);
    ck_assert_uint_le(info.bytes_used, 48 * 100000);
    for (; id < 200000; id++)
        if (wxs_table_put_link(writer, id * 7, 1, 0, url, 20) != WXS_OK)
            ck_abort_msg("link %" PRIu64, id);
    for (id = 0; id < 200000; id++) {
        wxs_table_link link;

        if (wxs_table_find_link(view, id * 7, &link) != WXS_OK)
            ck_abort_msg("link %" PRIu64 " is lost", id);
    }
    wxs_table_writer_close(writer);
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
    ck_assert_uint_eq(info.dead_bytes, (50000 - 500) * 16);
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
    patch(7, "2", 1);
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

/* ---- two processes ---- */

static void
nap(long ns)
{
    struct timespec t = {0, ns};

    (void)nanosleep(&t, NULL);
}

static void
kill_child(pid_t pid)
{
    int status;

    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSIGNALED(status), "the writer failed");
}

#define IDS 300

/* Updates IDS links for ever, rebuilding when full; *done tells the last
 * version that all of them have. Some come and go: ids from IDS on. */
static void
write_for_ever(uint64_t *done)
{
    uint64_t version = *done, generation = 10;
    wxs_table_writer *writer;
    bool same_boot;

    if (wxs_table_writer_open(path, &same_boot, &writer) != WXS_OK)
        _exit(1);
    for (;; version++) {
        for (uint64_t id = 0; id < 2 * IDS; id++) {
            wxs_status status = put(writer, id, version + 1);

            if (status == WXS_OK && id >= IDS)
                status = wxs_table_remove_link(writer, id);
            if (status == WXS_FULL) {
                wxs_table_writer *next;

                if (wxs_table_create(path, &small, ++generation, &next) !=
                    WXS_OK)
                    _exit(2);
                for (uint64_t i = 0; i < IDS; i++)
                    if (put(next, i, version + 1) != WXS_OK)
                        _exit(3);
                if (wxs_table_publish(next) != WXS_OK)
                    _exit(4);
                wxs_table_writer_close(writer);
                writer = next;
            } else if (status != WXS_OK) {
                _exit(5);
            }
        }
        __atomic_store_n(done, version + 1, __ATOMIC_RELEASE);
    }
}

static uint64_t *
shared_counter(void)
{
    uint64_t *counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert(counter != MAP_FAILED);
    return counter;
}

/* Each link is there, in a version that is not older than *done was. */
static void
check_all(const wxs_table *table, uint64_t at_least)
{
    for (uint64_t id = 0; id < IDS; id++) {
        wxs_table_link link;
        uint64_t version = 0;

        if (wxs_table_find_link(table, id, &link) != WXS_OK)
            ck_abort_msg("link %" PRIu64 " is lost", id);
        if (!is_some_version(id, &link, &version) || version < at_least)
            ck_abort_msg("link %" PRIu64 " is of version %" PRIu64
                         ", not %" PRIu64,
                         id, version, at_least);
    }
}

static void
start_first_version(void)
{
    wxs_table_writer *writer = create_published(&small);

    for (uint64_t id = 0; id < IDS; id++)
        ck_assert_int_eq(put(writer, id, 1), WXS_OK);
    wxs_table_writer_close(writer);
}

static pid_t
start_child(uint64_t *done)
{
    pid_t pid = fork();

    ck_assert_int_ne(pid, -1);
    if (pid == 0)
        write_for_ever(done);
    return pid;
}

START_TEST(a_reader_sees_each_change_of_another_process)
{
    uint64_t *done = shared_counter(), first;
    time_t end = time(NULL) + 2;
    wxs_table table;
    unsigned reopened = 0;
    pid_t pid;

    *done = first = 1;
    start_first_version();
    ck_assert_int_eq(wxs_table_open(&table, path), WXS_OK);
    pid = start_child(done);
    while (time(NULL) < end) {
        uint64_t known = __atomic_load_n(done, __ATOMIC_ACQUIRE);

        if (wxs_table_superseded(&table)) {
            wxs_table_close(&table);
            ck_assert_int_eq(wxs_table_open(&table, path), WXS_OK);
            reopened++;
            known = 1; /* the writer may have gone on in yet another file */
        }
        if (!wxs_table_superseded(&table))
            check_all(&table, known > 1 && reopened == 0 ? known : 1);
    }
    kill_child(pid);
    ck_assert_uint_gt(*done, first + 10);
    ck_assert_uint_gt(reopened, 0);
    wxs_table_close(&table);
}
END_TEST

START_TEST(a_killed_writer_leaves_a_right_file)
{
    uint64_t *done = shared_counter();

    *done = 1;
    start_first_version();
    for (int round = 0; round < 60; round++) {
        pid_t pid = start_child(done);
        wxs_table before, after;
        wxs_table_writer *writer;
        bool same_boot;

        ck_assert_int_eq(wxs_table_open(&before, path), WXS_OK);
        nap(500000 + (long)round * 211000);
        kill_child(pid);
        ck_assert_int_eq(wxs_table_open(&after, path), WXS_OK);
        check_all(&after, *done);
        ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer),
                         WXS_OK);
        check_all(wxs_table_writer_view(writer), *done);
        if (wxs_table_find_link(&before, 0, &(wxs_table_link){0}) == WXS_OK &&
            before.seed[0] != after.seed[0]) /* the reader was told */
            ck_assert(wxs_table_superseded(&before));
        ck_assert(!wxs_table_superseded(&after));
        wxs_table_writer_close(writer);
        wxs_table_close(&before);
        wxs_table_close(&after);
    }
    ck_assert_uint_gt(*done, 10);
}
END_TEST

START_TEST(readers_are_told_even_if_the_publisher_died_before)
{
    wxs_table_writer *writer = create_published(&small);
    char old_path[128], away[128];
    wxs_table table;
    bool same_boot;

    wxs_table_writer_close(writer);
    ck_assert_int_eq(wxs_table_open(&table, path), WXS_OK);
    (void)snprintf(old_path, sizeof old_path, "%s.old", path);
    (void)snprintf(away, sizeof away, "%s.away", path);
    /* as it looks between rename and mark */
    ck_assert_int_eq(rename(path, away), 0);
    wxs_table_writer_close(create_published(&small));
    ck_assert_int_eq(rename(away, old_path), 0);
    ck_assert(!wxs_table_superseded(&table));
    ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer), WXS_OK);
    ck_assert(wxs_table_superseded(&table));
    ck_assert(!wxs_table_superseded(wxs_table_writer_view(writer)));
    ck_assert_int_ne(access(old_path, F_OK), 0);
    /* and before the rename */
    ck_assert_int_eq(link(path, old_path), 0);
    wxs_table_writer_close(writer);
    ck_assert_int_eq(wxs_table_writer_open(path, &same_boot, &writer), WXS_OK);
    ck_assert(!wxs_table_superseded(wxs_table_writer_view(writer)));
    ck_assert_int_ne(access(old_path, F_OK), 0);
    wxs_table_writer_close(writer);
    wxs_table_close(&table);
}
END_TEST

START_TEST(another_process_at_work_is_not_superseded)
{
    wxs_table_writer *writer;
    uint64_t *done = shared_counter();
    pid_t pid;

    *done = 1;
    start_first_version();
    writer = create(&small, 2);
    pid = fork();
    ck_assert_int_ne(pid, -1);
    if (pid == 0) {
        wxs_table_writer *holder;
        bool same_boot;

        if (wxs_table_writer_open(path, &same_boot, &holder) != WXS_OK)
            _exit(1);
        __atomic_store_n(done, 2, __ATOMIC_RELEASE);
        for (;;)
            (void)pause();
    }
    while (__atomic_load_n(done, __ATOMIC_ACQUIRE) != 2)
        nap(1000000);
    ck_assert_int_eq(wxs_table_publish(writer), WXS_BUSY);
    kill_child(pid);
    ck_assert_int_eq(wxs_table_publish(writer), WXS_OK);
    wxs_table_writer_close(writer);
}
END_TEST

/* ---- hostile files ---- */

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
    Suite *suite = suite_create("table");
    TCase *tests = tcase_create("table");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, hosts_are_put_replaced_and_removed);
    tcase_add_test(tests, links_are_put_replaced_and_removed);
    tcase_add_test(tests, a_destination_is_stored_once_and_up_to_its_bound);
    tcase_add_test(tests, twice_the_capacity_fits_at_under_48_bytes_a_link);
    tcase_add_test(tests, a_full_table_says_so_and_stays_right);
    tcase_add_test(tests, churn_does_not_use_up_the_slots);
    tcase_add_test(tests, a_rebuild_supersedes_the_former_file);
    tcase_add_test(tests, an_unpublished_file_is_removed);
    tcase_add_test(tests, a_writer_takes_up_where_another_left_off);
    tcase_add_test(tests, another_boot_is_told);
    tcase_add_test(tests, headers_are_checked);
    tcase_add_test(tests, a_writer_refuses_counters_that_would_mislead_it);
    tcase_add_test(tests, a_full_disk_is_an_error);
    tcase_add_test(tests, absurd_capacities_are_refused);
    tcase_add_test(tests, a_reader_sees_each_change_of_another_process);
    tcase_add_test(tests, a_killed_writer_leaves_a_right_file);
    tcase_add_test(tests, readers_are_told_even_if_the_publisher_died_before);
    tcase_add_test(tests, another_process_at_work_is_not_superseded);
    tcase_add_test(tests, random_damage_crashes_no_reader);
    tcase_add_test(tests, hostile_slots_are_bounded);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
