/* The lookup table at its full size: building it, bytes a link, and lookups of
 * two reader processes while a writer changes links as fast as it can.
 * BENCH_LINKS sets the size. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "table_write.h"

#define LINKS          10000000
#define LINKS_PER_HOST 100
#define READERS        2
#define SAMPLES        1000000
#define MIXED          UINT64_C(0x9e3779b97f4b) /* odd: ids are all different */

/* Nanoseconds a lookup. */
typedef struct {
    double cpu;
    unsigned median;
    unsigned p99;
} timing;

typedef struct {
    timing link;
    timing host;
    timing both;
    timing line;
} result;

static uint64_t links, hosts, bytes_used;
static char directory[64], path[96];
static uint64_t random_state;

static void
must(wxs_status status, const char *what)
{
    if (status == WXS_OK)
        return;
    (void)fprintf(stderr, "table_bench: %s: %s\n", what,
                  wxs_status_text(status));
    _exit(1);
}

static uint64_t
next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static uint64_t
now_ns(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- entries ---- */

static uint64_t
link_id(uint64_t n)
{
    return n * MIXED & WXS_LINK_ID_MAX;
}

static size_t
url_of(uint64_t n, char url[96])
{
    return (size_t)snprintf(url, 96,
                            "https://www.example.com/products/item-%08llu%.*s",
                            (unsigned long long)n, (int)(n % 40),
                            "?color=navy&size=xl&campaign=autumn-2026");
}

/* Not snprintf(), which would cost more than the lookup of the host. */
static size_t
host_of(uint64_t n, char host[32])
{
    memcpy(host, "links-00000000.example.com", 26);
    for (int i = 13; i > 5; i--, n /= 10)
        host[i] = (char)('0' + n % 10);
    return 26;
}

static wxs_status
put_link(wxs_table_writer *writer, uint64_t n, uint8_t flags, size_t *len)
{
    char url[96];

    *len = url_of(n, url);
    return wxs_table_put_link(writer, link_id(n), (uint32_t)(1 + n % hosts),
                              flags, url, *len);
}

/* ---- building ---- */

static void
fill(wxs_table_writer *writer, uint64_t *url_bytes)
{
    wxs_table_domain domain = {0};
    char host[32];
    size_t len;

    for (uint64_t n = 0; n < hosts; n++) {
        domain.number = (uint32_t)(1 + n);
        must(wxs_table_put_host(writer, host, host_of(n, host), &domain, 1),
             "put host");
    }
    *url_bytes = 0;
    for (uint64_t n = 0; n < links; n++) {
        must(put_link(writer, n, 0, &len), "put link");
        *url_bytes += len;
    }
}

static wxs_table_writer *
build(void)
{
    wxs_table_capacity capacity = {
        .hosts = hosts, .links = links, .url_bytes = links * 66};
    uint64_t start = now_ns(CLOCK_MONOTONIC), url_bytes;
    wxs_table_writer *writer;
    wxs_table_info info;
    double seconds;

    must(wxs_table_create(path, &capacity, 1, &writer), "create");
    fill(writer, &url_bytes);
    seconds = (double)(now_ns(CLOCK_MONOTONIC) - start) / 1e9;
    must(wxs_table_publish(writer), "publish");
    wxs_table_get_info(wxs_table_writer_view(writer), &info);
    bytes_used = info.bytes_used;
    (void)printf("%llu links, all with URLs of their own (%.1f bytes), and "
                 "%llu hosts\n",
                 (unsigned long long)links, (double)url_bytes / (double)links,
                 (unsigned long long)hosts);
    (void)printf("%-40s %8.1f bytes\n", "a link, besides its URL",
                 (double)(info.bytes_used - url_bytes) / (double)links);
    (void)printf("%-40s %8.1f bytes\n", "room for growth, a link",
                 (double)(info.bytes_size - info.bytes_used) / (double)links);
    (void)printf("%-40s %8.0f entries/s\n", "build",
                 (double)(links + hosts) / seconds);
    return writer;
}

/* ---- lookups ---- */

static void
find_link(const wxs_table *table)
{
    uint64_t n = next_random() % links;
    wxs_table_link found;

    must(wxs_table_find_link(table, link_id(n), &found), "find link");
    if (found.domain != 1 + n % hosts)
        must(WXS_BAD_FORMAT, "another link was found");
}

static void
find_host(const wxs_table *table)
{
    uint64_t n = next_random() % hosts;
    wxs_table_host found;
    char host[32];

    must(wxs_table_find_host(table, host, host_of(n, host), &found),
         "find host");
    if (found.domains[0].number != 1 + n)
        must(WXS_BAD_FORMAT, "another host was found");
}

/* Both lookups of a click, in the steps in which a request makes them. */
static void
find_both(const wxs_table *table)
{
    uint64_t n = next_random() % links;
    wxs_table_seek seek = wxs_table_seek_link(table, link_id(n));
    wxs_table_link found;

    find_host(table);
    wxs_table_seek_record(table, seek);
    must(wxs_table_find_link_at(table, seek, link_id(n), &found), "find link");
    if (found.domain != 1 + n % hosts)
        must(WXS_BAD_FORMAT, "another link was found");
}

/* What one access to memory costs here and now. */
static void
read_line(const wxs_table *table)
{
    static uint8_t last; /* the next address waits for it */

    random_state += last & 1;
    last = table->map[next_random() % (bytes_used / 64) * 64];
}

static int
compare(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

/* CPU time of many in a row, then each by itself, clock reading included. */
static timing
measure(const wxs_table *table, void (*find)(const wxs_table *table))
{
    static unsigned each[SAMPLES];
    timing made;
    uint64_t start = now_ns(CLOCK_PROCESS_CPUTIME_ID), next;

    for (long i = 0; i < SAMPLES; i++)
        find(table);
    made.cpu =
        (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / (double)SAMPLES;
    start = now_ns(CLOCK_MONOTONIC);
    for (long i = 0; i < SAMPLES; i++) {
        find(table);
        next = now_ns(CLOCK_MONOTONIC);
        each[i] =
            next - start < UINT32_MAX ? (unsigned)(next - start) : UINT32_MAX;
        start = next;
    }
    qsort(each, SAMPLES, sizeof each[0], compare);
    made.median = each[SAMPLES / 2];
    made.p99 = each[SAMPLES / 100 * 99];
    return made;
}

static void
read_table(result *made, unsigned seed)
{
    wxs_table table;

    random_state = UINT64_C(88172645463325252) + seed;
    must(wxs_table_open(&table, path), "open");
    for (uint64_t n = 0; n < links; n++) /* its pages are mapped by use */
        find_link(&table);
    made->link = measure(&table, find_link);
    made->host = measure(&table, find_host);
    made->both = measure(&table, find_both);
    made->line = measure(&table, read_line);
    wxs_table_close(&table);
}

/* Kills links and brings them back until the readers are done. */
static double
write_table(wxs_table_writer *writer)
{
    uint64_t start = now_ns(CLOCK_MONOTONIC), changes = 0;
    int running = READERS, status;
    size_t len;

    random_state = 4711;
    while (running > 0) {
        for (int i = 0; i < 1000; i++, changes++) {
            uint64_t random = next_random();

            if (put_link(writer, random % links,
                         (uint8_t)(random >> 60 & WXS_LINK_KILLED),
                         &len) == WXS_FULL)
                (void)usleep(1000); /* a worker would build a larger one */
        }
        if (waitpid(-1, &status, WNOHANG) > 0) {
            running--;
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                must(WXS_IO, "a reader failed");
        }
    }
    return (double)changes * 1e9 / (double)(now_ns(CLOCK_MONOTONIC) - start);
}

static void
show(const char *name, const timing *times)
{
    (void)printf("%-40s %8.0f ns CPU, median %u, p99 %u\n", name, times->cpu,
                 times->median, times->p99);
}

static void
run_readers(wxs_table_writer *writer)
{
    result *results =
        mmap(NULL, READERS * sizeof *results, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (results == MAP_FAILED)
        must(WXS_NO_MEMORY, "readers");
    (void)fflush(stdout);
    for (unsigned i = 0; i < READERS; i++) {
        pid_t pid = fork();

        if (pid == -1)
            must(WXS_IO, "fork");
        if (pid == 0) {
            read_table(&results[i], i);
            _exit(0);
        }
    }
    (void)printf("%-40s %8.0f changes/s\n", "a writer beside two readers",
                 write_table(writer));
    for (int i = 0; i < READERS; i++) {
        show("lookup of a link", &results[i].link);
        show("lookup of a host", &results[i].host);
        show("a host and a link", &results[i].both);
        show("one random read of the same memory", &results[i].line);
    }
}

int
main(void)
{
    const char *wanted = getenv("BENCH_LINKS"), *tmp = getenv("TMPDIR");
    wxs_table_writer *writer;

    links = wanted == NULL ? LINKS : strtoull(wanted, NULL, 10);
    hosts = links / LINKS_PER_HOST;
    (void)snprintf(directory, sizeof directory, "%.40s/wxs-bench-XXXXXX",
                   tmp == NULL ? "/tmp" : tmp);
    if (hosts == 0 || hosts > 90000000 || mkdtemp(directory) == NULL) {
        (void)fprintf(stderr, "table_bench: BENCH_LINKS or TMPDIR is bad\n");
        return 1;
    }
    (void)snprintf(path, sizeof path, "%s/table", directory);
    writer = build();
    run_readers(writer);
    wxs_table_writer_close(writer);
    (void)unlink(path);
    (void)rmdir(directory);
    return 0;
}
