#ifndef TEST_MMDB_H
#define TEST_MMDB_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Writes a database of MaxMind's format (maxmind.github.io/MaxMind-DB, version
 * 2.0) that knows the countries of a few networks. */

#define MMDB_NODES 2048
#define MMDB_DATA  4096

typedef struct {
    uint32_t nodes;                 /* in use; [0] is the root */
    uint32_t record[MMDB_NODES][2]; /* 0: nothing; a node; MMDB_NODES + data */
    uint8_t data[MMDB_DATA];
    size_t data_len;
} mmdb;

static void
mmdb_byte(mmdb *m, int byte)
{
    m->data[m->data_len++] = (uint8_t)byte;
}

static void
mmdb_text(mmdb *m, const char *text)
{
    mmdb_byte(m, 2 << 5 | (int)strlen(text));
    while (*text != '\0')
        mmdb_byte(m, *text++);
}

static void
mmdb_map(mmdb *m, int pairs)
{
    mmdb_byte(m, 7 << 5 | pairs);
}

static void
mmdb_number(mmdb *m, int type, uint32_t number)
{
    mmdb_byte(m, type << 5 | 4);
    for (int shift = 24; shift >= 0; shift -= 8)
        mmdb_byte(m, (int)(number >> shift & 0xff));
}

/* The entry {object: {"iso_code": code}}. */
static uint32_t
mmdb_country(mmdb *m, const char *object, const char *code)
{
    uint32_t offset = (uint32_t)m->data_len;

    mmdb_map(m, 1);
    mmdb_text(m, object);
    mmdb_map(m, 1);
    mmdb_text(m, "iso_code");
    mmdb_text(m, code);
    return offset;
}

/* IPv4 lies in the first 96 bits of zeros. */
static void
mmdb_add(mmdb *m, const char *network, int prefix, const char *object,
         const char *code)
{
    uint8_t address[16] = {0};
    uint32_t node = 0;
    int bits = prefix;

    if (strchr(network, ':') != NULL) {
        (void)inet_pton(AF_INET6, network, address);
    } else {
        (void)inet_pton(AF_INET, network, address + 12);
        bits += 96;
    }
    if (m->nodes == 0)
        m->nodes = 1;
    for (int bit = 0; bit < bits; bit++) {
        uint32_t *record =
            &m->record[node][address[bit / 8] >> (7 - bit % 8) & 1];

        if (bit == bits - 1)
            *record = MMDB_NODES + mmdb_country(m, object, code);
        else if (*record == 0)
            *record = m->nodes++;
        node = *record;
    }
}

static void
mmdb_metadata(mmdb *m)
{
    static const char marker[] = "\xab\xcd\xefMaxMind.com";

    for (size_t i = 0; i < sizeof marker - 1; i++)
        mmdb_byte(m, marker[i]);
    mmdb_map(m, 9);
    mmdb_text(m, "binary_format_major_version");
    mmdb_byte(m, 5 << 5 | 1);
    mmdb_byte(m, 2);
    mmdb_text(m, "binary_format_minor_version");
    mmdb_byte(m, 5 << 5);
    mmdb_text(m, "database_type");
    mmdb_text(m, "Test-Country");
    mmdb_text(m, "ip_version");
    mmdb_byte(m, 5 << 5 | 1);
    mmdb_byte(m, 6);
    mmdb_text(m, "node_count");
    mmdb_number(m, 6, m->nodes);
    mmdb_text(m, "record_size");
    mmdb_byte(m, 5 << 5 | 1);
    mmdb_byte(m, 24);
    mmdb_text(m, "build_epoch"); /* 64 bits */
    mmdb_byte(m, 1);
    mmdb_byte(m, 9 - 7);
    mmdb_byte(m, 1);
    mmdb_text(m, "languages"); /* an empty array */
    mmdb_byte(m, 0);
    mmdb_byte(m, 11 - 7);
    mmdb_text(m, "description");
    mmdb_map(m, 0);
}

/* Writes it to a file beside and renames that. */
static int
mmdb_write(mmdb *m, const char *path)
{
    static const uint8_t separator[16];
    char beside[512];
    FILE *file;
    int failed = 0;

    (void)snprintf(beside, sizeof beside, "%s.new", path);
    file = fopen(beside, "w");
    if (file == NULL)
        return -1;
    for (uint32_t i = 0; i < 2 * m->nodes; i++) {
        uint32_t record = m->record[i / 2][i % 2];
        uint8_t bytes[3];

        if (record == 0)
            record = m->nodes;
        else if (record >= MMDB_NODES)
            record = record - MMDB_NODES + m->nodes + 16;
        bytes[0] = (uint8_t)(record >> 16);
        bytes[1] = (uint8_t)(record >> 8);
        bytes[2] = (uint8_t)record;
        failed |= fwrite(bytes, 3, 1, file) != 1;
    }
    failed |= fwrite(separator, 16, 1, file) != 1;
    mmdb_metadata(m);
    failed |= fwrite(m->data, 1, m->data_len, file) != m->data_len;
    failed |= fclose(file) != 0;
    return failed || rename(beside, path) != 0 ? -1 : 0;
}

#endif
