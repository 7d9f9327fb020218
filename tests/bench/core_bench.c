/* What the request path spends in core, in nanoseconds of processor time. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "journal_write.h"
#include "table_write.h"
#include "token.h"

#define LINKS  1000000
#define HOSTS  4000
#define ROUNDS 5
#define URL    "https://www.example.com/products/blue-widget-4711?color=navy"

static char directory[] = "/tmp/wxs-bench-XXXXXX";
static char table_path[64];
static const uint8_t domain_id[WXS_DOMAIN_ID_SIZE] = {1};
static wxs_link_key *key;
static char token_text[WXS_TOKEN_TEXT_MAX];
static size_t token_len;
static wxs_table table;
static wxs_journal_writer journal;

static void
must(wxs_status status, const char *what)
{
    if (status == WXS_OK)
        return;
    (void)fprintf(stderr, "core_bench: %s: %s\n", what,
                  wxs_status_text(status));
    exit(1);
}

static uint64_t
next_random(void)
{
    static uint64_t state = 88172645463325252;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double
cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
measure(const char *name, long n, void (*once)(void))
{
    double best = 1e18;

    for (int round = 0; round < ROUNDS; round++) {
        double start = cpu_ns(), ns;

        for (long i = 0; i < n; i++)
            once();
        ns = (cpu_ns() - start) / (double)n;
        best = ns < best ? ns : best;
    }
    (void)printf("%-40s %8.1f ns\n", name, best);
}

static void
parse_and_verify(void)
{
    wxs_token_parsed parsed;

    must(wxs_token_parse(WXS_TOKEN_CLICK, token_text, token_len, &parsed),
         "parse");
    must(wxs_token_verify(&parsed, domain_id, key), "verify");
}

static size_t
host_name(uint64_t n, char host[32])
{
    return (size_t)snprintf(host, 32, "links%u.example.com", (unsigned)n);
}

static void
find_host(void)
{
    char host[32];
    size_t len = host_name(next_random() % HOSTS, host);
    wxs_table_host found;

    must(wxs_table_find_host(&table, host, len, &found), "host");
}

static void
name_host(void)
{
    char host[32];

    if (host_name(next_random() % HOSTS, host) == 0)
        abort();
}

static void
find_link(void)
{
    wxs_table_link found;

    must(wxs_table_find_link(&table, next_random() % LINKS * 77, &found),
         "link");
}

static void
append(void)
{
    static const wxs_event event = {
        .time_ms = 1,
        .type = WXS_TOKEN_CLICK,
        .mode = WXS_MODE_FULL,
        .domain = 1,
        .prefix = "https://www.",
        .prefix_len = 12,
        .rest = &URL[12],
        .rest_len = sizeof URL - 13,
        .agent = "Mozilla/5.0 (X11; Linux x86_64)",
        .agent_len = 31,
    };

    must(wxs_journal_append(&journal, &event), "append");
}

static void
make_token(void)
{
    static const uint8_t secret[WXS_LINK_SECRET_SIZE] = {2};
    wxs_token token = {.type = WXS_TOKEN_CLICK,
                       .mode = WXS_MODE_FULL,
                       .rest = URL,
                       .rest_len = sizeof URL - 1};

    must(wxs_link_key_new(secret, 0, &key), "key");
    must(wxs_token_mint(&token, domain_id, key, token_text, sizeof token_text,
                        &token_len),
         "mint");
}

static void
make_table(void)
{
    wxs_table_capacity capacity = {.hosts = HOSTS,
                                   .links = LINKS,
                                   .urls = LINKS,
                                   .url_bytes = LINKS * 64ull};
    wxs_table_domain domain = {.number = 1};
    wxs_table_writer *writer;
    wxs_table_info info;
    char text[64];
    double start = cpu_ns();

    (void)snprintf(table_path, sizeof table_path, "%s/table", directory);
    must(wxs_table_create(table_path, &capacity, 1, &writer), "create");
    for (uint64_t i = 0; i < HOSTS; i++)
        must(wxs_table_put_host(writer, text, host_name(i, text), &domain, 1),
             "put host");
    for (uint64_t i = 0; i < LINKS; i++) {
        int len = snprintf(text, sizeof text,
                           "https://www.example.com/products/item-%07u?c=navy",
                           (unsigned)i);

        must(wxs_table_put_link(writer, i * 77, 1, 0, text, (size_t)len),
             "put link");
    }
    (void)printf("%-40s %8.1f ns\n", "put of a link with a URL of its own",
                 (cpu_ns() - start) / LINKS);
    must(wxs_table_publish(writer), "publish");
    wxs_table_writer_close(writer);
    must(wxs_table_open(&table, table_path), "open");
    wxs_table_get_info(&table, &info);
    (void)printf("%-40s %8.1f bytes\n", "a link with its URL of 51 bytes",
                 (double)info.bytes_used / LINKS);
}

static void
remove_segments(void)
{
    char path[600];

    for (; journal.segment_number > 0; journal.segment_number--) {
        (void)snprintf(path, sizeof path, "%s/%016llx-%08llu.wxj", directory,
                       (unsigned long long)journal.writer_id,
                       (unsigned long long)journal.segment_number);
        (void)unlink(path);
    }
}

int
main(void)
{
    if (mkdtemp(directory) == NULL) {
        perror("core_bench");
        return 1;
    }
    make_token();
    measure("token: parse and verify, 60-character URL", 200000,
            parse_and_verify);
    make_table();
    measure("host: making the name (part of the next)", 500000, name_host);
    measure("host: lookup among 4,000", 500000, find_host);
    measure("link: lookup among 1,000,000", 500000, find_link);
    must(wxs_journal_writer_init(&journal, directory, WXS_JOURNAL_SEGMENT_SIZE),
         "journal");
    measure("journal: append, 168 bytes", 200000, append);
    wxs_journal_writer_close(&journal);
    remove_segments();
    wxs_table_close(&table);
    (void)unlink(table_path);
    (void)rmdir(directory);
    wxs_link_key_free(key);
    return 0;
}
