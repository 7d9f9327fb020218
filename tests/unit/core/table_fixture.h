#ifndef TABLE_FIXTURE_H
#define TABLE_FIXTURE_H

/* A directory with a table in it, and entries that their ids determine. */

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table_write.h"

static char directory[64];
static char path[96];
static const wxs_table_capacity small = {
    .hosts = 100, .links = 1000, .urls = 1000, .url_bytes = 64000};

static inline void
setup(void)
{
    strcpy(directory, "/tmp/wxs-table-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/table", directory);
}

static inline void
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

static inline wxs_table_writer *
create(const wxs_table_capacity *capacity, uint64_t generation)
{
    wxs_table_writer *writer;

    ck_assert_int_eq(wxs_table_create(path, capacity, generation, &writer),
                     WXS_OK);
    return writer;
}

static inline wxs_table_writer *
create_published(const wxs_table_capacity *capacity)
{
    wxs_table_writer *writer = create(capacity, 1);

    ck_assert_int_eq(wxs_table_publish(writer), WXS_OK);
    return writer;
}

/* The destination of a link in one of its versions. */
static inline size_t
url_of(uint64_t id, uint64_t version, char url[128])
{
    return (size_t)sprintf(
        url, "https://example.com/%" PRIu64 "/%" PRIu64 "?padding=%0*d", id,
        version, (int)((id + version) % 50) + 1, 0);
}

static inline wxs_status
put(wxs_table_writer *writer, uint64_t id, uint64_t version)
{
    char url[128];
    size_t len = url_of(id, version, url);

    return wxs_table_put_link(writer, id, (uint32_t)(id + version),
                              (uint8_t)(version & 1), url, len);
}

/* Is the link there as some version of it, and no other? */
static inline bool
is_some_version(uint64_t id, const wxs_table_link *link, uint64_t *version)
{
    char url[128];

    *version = (uint32_t)(link->domain - (uint32_t)id);
    return link->url_len == url_of(id, *version, url) &&
           memcmp(link->url, url, link->url_len) == 0 &&
           link->flags == (*version & 1);
}

static inline void
check_link(const wxs_table *table, uint64_t id, uint64_t version)
{
    wxs_table_link link;
    uint64_t found;

    if (wxs_table_find_link(table, id, &link) != WXS_OK ||
        !is_some_version(id, &link, &found) || found != version)
        ck_abort_msg("link %" PRIu64 " is not version %" PRIu64, id, version);
}

static inline wxs_table_domain
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

static inline void
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

static inline void
put_host(wxs_table_writer *writer, const char *host, uint32_t first,
         size_t count)
{
    wxs_table_domain domains[WXS_HOST_DOMAINS_MAX];

    for (size_t i = 0; i < count; i++)
        domains[i] = domain_of(first + (uint32_t)i);
    ck_assert_int_eq(
        wxs_table_put_host(writer, host, strlen(host), domains, count), WXS_OK);
}

#endif
