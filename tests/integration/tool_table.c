/* tool_table create PATH GENERATION [URL-BYTES [HOSTS]] | tool_table update PATH |
 * tool_table dump PATH
 *
 * Makes or changes a lookup table from the lines of its input:
 *   host NAME (NUMBER ID SECRET FLAGS[:CERTIFICATE] KEYS)...   KEYS: 1,2 or -
 *   link ID DOMAIN FLAGS URL
 *   remove-host NAME
 *   remove-link ID
 *   kill MESSAGE DOMAIN   MESSAGE: 32 hex digits
 *   revive MESSAGE
 *   applied NUMBER
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table_search.h"
#include "table_write.h"

#define LINE_MAX_SIZE 16384

static void
check(wxs_status status, const char *what)
{
    if (status != WXS_OK)
        errx(1, "%s: %s", what, wxs_status_text(status));
}

static char *
word(char **rest)
{
    char *found = strtok_r(NULL, " \n", rest);

    if (found == NULL)
        errx(1, "a word is missing");
    return found;
}

static uint64_t
number(char **rest)
{
    return strtoull(word(rest), NULL, 0);
}

static void
hex(char **rest, uint8_t *out, size_t size)
{
    const char *text = word(rest);

    if (strlen(text) != 2 * size)
        errx(1, "%s: not %zu bytes", text, size);
    for (size_t i = 0; i < size; i++) {
        char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};

        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
}

static void
valid_keys(char *text, uint8_t bits[WXS_VALID_KEYS_SIZE])
{
    char *rest = NULL;

    for (char *id = strtok_r(text, ",-", &rest); id != NULL;
         id = strtok_r(NULL, ",-", &rest)) {
        uint8_t key_id = (uint8_t)strtoul(id, NULL, 10);

        bits[key_id / 8] |= (uint8_t)(1u << key_id % 8);
    }
}

static void
flags_and_certificate(const char *text, wxs_table_domain *domain)
{
    char *end;

    domain->flags = (uint16_t)strtoul(text, &end, 0);
    if (*end == ':')
        domain->certificate = strtoull(end + 1, NULL, 10);
}

static void
put_host(wxs_table_writer *writer, char **rest)
{
    wxs_table_domain domains[WXS_HOST_DOMAINS_MAX] = {0};
    const char *name = word(rest);
    size_t count = 0;
    char *first;

    while ((first = strtok_r(NULL, " \n", rest)) != NULL) {
        wxs_table_domain *domain = &domains[count++];

        if (count > WXS_HOST_DOMAINS_MAX)
            errx(1, "%s: too many domains", name);
        domain->number = (uint32_t)strtoul(first, NULL, 10);
        hex(rest, domain->id, sizeof domain->id);
        hex(rest, domain->secret, sizeof domain->secret);
        flags_and_certificate(word(rest), domain);
        valid_keys(word(rest), domain->valid_keys);
    }
    check(wxs_table_put_host(writer, name, strlen(name), domains, count), name);
}

static void
put_link(wxs_table_writer *writer, char **rest)
{
    uint64_t id = number(rest);
    uint32_t domain = (uint32_t)number(rest);
    uint8_t flags = (uint8_t)number(rest);
    const char *url = word(rest);

    check(wxs_table_put_link(writer, id, domain, flags, url, strlen(url)), url);
}

static void
apply(wxs_table_writer *writer, char *line)
{
    uint8_t message[WXS_MESSAGE_ID_SIZE];
    char *rest = NULL, *verb = strtok_r(line, " \n", &rest);

    if (verb == NULL)
        return;
    if (strcmp(verb, "host") == 0) {
        put_host(writer, &rest);
    } else if (strcmp(verb, "link") == 0) {
        put_link(writer, &rest);
    } else if (strcmp(verb, "applied") == 0) {
        wxs_table_set_applied(writer, number(&rest));
    } else if (strcmp(verb, "kill") == 0) {
        hex(&rest, message, sizeof message);
        check(wxs_table_put_killed(writer, message, (uint32_t)number(&rest)),
              verb);
    } else if (strcmp(verb, "revive") == 0) {
        hex(&rest, message, sizeof message);
        check(wxs_table_remove_killed(writer, message), verb);
    } else if (strcmp(verb, "remove-host") == 0) {
        const char *name = word(&rest);

        check(wxs_table_remove_host(writer, name, strlen(name)), name);
    } else if (strcmp(verb, "remove-link") == 0) {
        check(wxs_table_remove_link(writer, number(&rest)), verb);
    } else {
        errx(1, "%s: unknown", verb);
    }
}

static void
print_hex(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        (void)printf("%02x", bytes[i]);
}

/* The lines that would make the entry, found as a reader finds it. */
static void
dump_host(const wxs_table *table, const wxs_table_host_record *record)
{
    const char *name = (const char *)(record->domains + record->domain_count);
    wxs_table_host host;

    (void)printf("host %.*s", record->host_len, name);
    check(wxs_table_find_host(table, name, record->host_len, &host), "host");
    for (size_t i = 0; i < host.count; i++) {
        const wxs_table_domain *domain = &host.domains[i];
        char separator = ' ';

        (void)printf(" %u ", domain->number);
        print_hex(domain->id, sizeof domain->id);
        (void)putchar(' ');
        print_hex(domain->secret, sizeof domain->secret);
        (void)printf(" %u", domain->flags);
        for (int key = 0; key < 256; key++)
            if (domain->valid_keys[key / 8] >> key % 8 & 1) {
                (void)printf("%c%d", separator, key);
                separator = ',';
            }
        (void)fputs(separator == ' ' ? " -" : "", stdout);
    }
    (void)putchar('\n');
}

static void
dump_link(const wxs_table *table, const wxs_table_link_record *record)
{
    uint64_t id = 0;
    wxs_table_link link;

    memcpy(&id, record->link_id, sizeof record->link_id);
    check(wxs_table_find_link(table, id, &link), "link");
    (void)printf("link %llu %u %u %.*s\n", (unsigned long long)id, link.domain,
                 link.flags, (int)link.url_len, link.url);
}

/* The record of a URL is in two slots: it is a link in the one that a search
 * for the link finds. */
static bool
is_link_slot(const wxs_table *table, const uint64_t *slot,
             const wxs_table_link_record *record)
{
    wxs_table_search search;

    return wxs_table_search_key(table, WXS_TABLE_LINK, record->link_id,
                                sizeof record->link_id, &search) == WXS_OK &&
           search.slot == slot;
}

static void
dump(const char *path)
{
    const uint64_t *slots;
    wxs_table table;

    check(wxs_table_open(&table, path), path);
    slots = (const uint64_t *)(table.map + WXS_TABLE_HEADER);
    for (uint64_t i = 0; i < table.bucket_count * WXS_TABLE_SLOTS; i++) {
        const void *record = table.map + wxs_table_slot_offset(slots[i]);

        if (slots[i] == WXS_TABLE_EMPTY || slots[i] == WXS_TABLE_TOMBSTONE)
            continue;
        switch (*(const uint8_t *)record & WXS_TABLE_KIND_MASK) {
        case WXS_TABLE_HOST:
            dump_host(&table, record);
            break;
        case WXS_TABLE_LINK:
        case WXS_TABLE_URL:
            if (is_link_slot(&table, &slots[i], record))
                dump_link(&table, record);
            break;
        default:
            break;
        }
    }
    wxs_table_close(&table);
}

int
main(int argc, char **argv)
{
    wxs_table_capacity capacity = {.hosts = 256, .links = 256};
    static char line[LINE_MAX_SIZE];
    wxs_table_writer *writer = NULL;
    bool create, same_boot;

    if (argc == 3 && strcmp(argv[1], "dump") == 0) {
        dump(argv[2]);
        return 0;
    }
    if (argc < 3)
        errx(2, "usage: tool_table create PATH GENERATION [URL-BYTES [HOSTS]] | "
                "update PATH");
    create = strcmp(argv[1], "create") == 0 && argc >= 4;
    capacity.url_bytes = argc > 4 ? strtoull(argv[4], NULL, 10) : 256 * 1024;
    if (argc > 5)
        capacity.hosts = strtoull(argv[5], NULL, 10);
    if (create)
        check(wxs_table_create(argv[2], &capacity, strtoull(argv[3], NULL, 10),
                               &writer),
              argv[2]);
    else
        check(wxs_table_writer_open(argv[2], &same_boot, &writer), argv[2]);
    while (fgets(line, sizeof line, stdin) != NULL)
        apply(writer, line);
    if (create)
        check(wxs_table_publish(writer), argv[2]);
    wxs_table_writer_close(writer);
    return 0;
}
