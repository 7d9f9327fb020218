#ifndef WXS_CORE_JOURNAL_FORMAT_H
#define WXS_CORE_JOURNAL_FORMAT_H

#include <stddef.h>

#include "crc32c.h"
#include "journal.h"

/* The structures of journal.h as they lie in the file; for journal_write.c and
 * journal_read.c alone. */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the journal is mapped as it is, little-endian");

typedef struct {
    char magic[8];
    uint32_t header_size;
    uint32_t page_size;
    uint64_t segment_size;
    uint64_t writer_id;
    uint64_t segment_number;
    uint64_t created_ms;
    uint8_t boot_id[16];
    uint32_t pid;
    uint32_t flags;
    uint32_t crc;
    uint8_t unused1[52];
    uint64_t written_end; /* atomic */
    uint8_t unused2[56];  /* a cache line of its own for each */
    uint64_t sealed_end;  /* atomic */
    uint64_t last_sequence;
    uint32_t seal_crc;
} wxs_journal_header;

_Static_assert(offsetof(wxs_journal_header, crc) == 72, "as in journal.h");
_Static_assert(offsetof(wxs_journal_header, written_end) == 128, "");
_Static_assert(offsetof(wxs_journal_header, sealed_end) == 192, "");

typedef struct {
    uint32_t length; /* atomic */
    uint32_t crc;
    uint64_t time_ms;
    uint64_t sequence;
    uint8_t type;
    uint8_t mode;
    uint16_t flags;
    uint32_t domain;
    uint8_t message_id[WXS_MESSAGE_ID_SIZE];
    uint8_t address[16];
    uint32_t link_index;
    uint16_t destination_len;
    uint16_t agent_len;
    uint64_t link_id;
} wxs_journal_record;

_Static_assert(sizeof(wxs_journal_record) == WXS_JOURNAL_RECORD_MIN, "");
_Static_assert(offsetof(wxs_journal_record, message_id) == 32, "");
_Static_assert(offsetof(wxs_journal_record, link_id) == 72, "");

#define WXS_JOURNAL_CRC_START 8 /* the CRC covers the record from here */

_Static_assert(WXS_JOURNAL_RECORD_MAX % 8 == 0 &&
                   WXS_JOURNAL_RECORD_MAX <= WXS_JOURNAL_PAGE,
               "a record has to fit into a page");

/* What a record's CRC goes on from: a record of another writer or segment,
 * left on a recycled disk block, never checks. */
static inline uint32_t
wxs_journal_crc_seed(uint64_t writer_id, uint64_t segment_number)
{
    uint64_t words[2] = {writer_id, segment_number};

    return wxs_crc32c(0, words, sizeof words);
}

static inline uint32_t
wxs_journal_seal_crc(uint32_t seed, uint64_t sealed_end, uint64_t last_sequence)
{
    uint64_t words[2] = {sealed_end, last_sequence};

    return wxs_crc32c(seed, words, sizeof words);
}

static inline size_t
wxs_journal_record_size(size_t destination_len, size_t agent_len)
{
    return (WXS_JOURNAL_RECORD_MIN + destination_len + agent_len + 7) &
           ~(size_t)7;
}

#endif
