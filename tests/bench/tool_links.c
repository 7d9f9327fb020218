/* tool_links PATH HOSTS LINKS
 *
 * Makes the lookup table of the benchmark: hosts h0.example, h1.example, ...,
 * each of a domain of its own, and table links 0, 1, ..., of the first 100
 * domains in turn and with a destination each. Ids and secrets are those of
 * the Domain class in tests/integration/edge.py. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/sha.h>

#include "table_write.h"

#define SENDERS  100 /* domains that have links */
#define URL_SIZE 64

static void
must(wxs_status status, const char *what)
{
    if (status != WXS_OK)
        errx(1, "%s: %s", what, wxs_status_text(status));
}

static void
derive(const char *what, uint64_t number, uint8_t *out, size_t size)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char text[32];
    int len = snprintf(text, sizeof text, "%s %llu", what,
                       (unsigned long long)number);

    (void)SHA256((const uint8_t *)text, (size_t)len, digest);
    memcpy(out, digest, size);
}

static void
put_hosts(wxs_table_writer *writer, uint64_t hosts)
{
    for (uint64_t i = 0; i < hosts; i++) {
        wxs_table_domain domain = {.number = (uint32_t)i};
        char host[32];
        int len =
            snprintf(host, sizeof host, "h%llu.example", (unsigned long long)i);

        domain.flags = WXS_DOMAIN_RECORD_OPENS | WXS_DOMAIN_RECORD_CLICKS;
        domain.valid_keys[0] = 1 << 1;
        derive("id", i, domain.id, sizeof domain.id);
        derive("secret", i, domain.secret, sizeof domain.secret);
        must(wxs_table_put_host(writer, host, (size_t)len, &domain, 1), host);
    }
}

static void
put_links(wxs_table_writer *writer, uint64_t links)
{
    for (uint64_t i = 0; i < links; i++) {
        char url[URL_SIZE];
        int len =
            snprintf(url, sizeof url,
                     "https://www.example.com/products/item-%08llu?color=navy",
                     (unsigned long long)i);

        must(wxs_table_put_link(writer, i, (uint32_t)(i % SENDERS), 0, url,
                                (size_t)len),
             url);
    }
}

static double
seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
    wxs_table_capacity capacity = {0};
    wxs_table_writer *writer;
    wxs_table_info info;
    double start = seconds();

    if (argc != 4)
        errx(2, "usage: tool_links PATH HOSTS LINKS");
    capacity.hosts = strtoull(argv[2], NULL, 10);
    capacity.links = strtoull(argv[3], NULL, 10);
    capacity.urls = capacity.links;
    capacity.url_bytes = capacity.links * URL_SIZE;
    if (capacity.hosts < SENDERS)
        errx(2, "fewer than %d hosts", SENDERS);
    must(wxs_table_create(argv[1], &capacity, 1, &writer), argv[1]);
    put_hosts(writer, capacity.hosts);
    put_links(writer, capacity.links);
    must(wxs_table_publish(writer), argv[1]);
    wxs_table_get_info(wxs_table_writer_view(writer), &info);
    (void)printf("table: %llu hosts, %llu links, %.0f MB, built in %.1f s\n",
                 (unsigned long long)capacity.hosts,
                 (unsigned long long)capacity.links,
                 (double)info.bytes_used / 1e6, seconds() - start);
    wxs_table_writer_close(writer);
    return 0;
}
