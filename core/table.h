#ifndef WXS_CORE_TABLE_H
#define WXS_CORE_TABLE_H

#include <stdint.h>

#include "link_key.h"
#include "token.h"

/* The lookup table: tracking host -> domains, link id -> destination, killed
 * messages, in one file that every nginx worker maps and one writer appends to.
 * Little-endian.
 *
 * Header, 4096 bytes:
 *
 *   offset  size  field
 *   0       8     "WXTABLE2"
 *   8       4     header size, 4096
 *   12      4     flags, 0
 *   16      8     bucket count, at most 2^32
 *   24      8     arena offset, after the buckets, a multiple of 4096
 *   32      8     file size
 *   40      16    hash seed (SipHash key), random
 *   56      16    kernel boot id of the build
 *   72      8     built, ms since 1970
 *   80      8     generation, +1 with each rebuild
 *   88      4     CRC-32C of bytes 0-87
 *   128     8     arena top, file offset of the first free byte
 *   136     8     live entries
 *   144     8     dead entries: tombstones
 *   152     8     dead bytes in the arena
 *   160     8     applied: sequence number of the last change applied
 *   192     4     superseded: 1 = a newer file has this path
 *   196     4     pid of the last writer
 *   200     8     killed messages: at least so many, 0 = none
 *   208     8     since when changes fail to get in, ms since 1970, 0 = they do
 *   216     8     changes of hosts, doubled; odd while one is being made
 *
 * Buckets of 64 bytes are 8 slots of 64 bits: tag (24 high bits of the hash),
 * then offset / 8 (40 bits). 0 is empty, all ones a tombstone. The hash is
 * SipHash-2-4 of the key, with the kind of the entry XORed into the second word
 * of the seed; an entry's home is (its 32 low bits * bucket count) >> 32. A
 * full bucket goes on in the next one, the last in the first; a search ends at
 * a bucket with an empty slot, and after 64 buckets.
 *
 * Records in the arena, each padded with zeros to a multiple of 8:
 *
 *   host   0   1     kind 1
 *          1   1     length of host
 *          2   1     number of domains, 1 to 8
 *          3   5     0
 *          8   96 n  domains (wxs_table_domain), then the host, its key
 *   link   0   1     bits 7-4 flags (WXS_LINK_*), bits 3-0 kind 2
 *          1   6     link id, its key
 *          7   5     offset / 8 of the record that has its URL, of kind 3
 *          12  4     domain number
 *   URL    0   1     bits 7-4 flags, bits 3-0 kind 3
 *          1   6     link id, its key as a link
 *          7   1     0
 *          8   4     domain number
 *          12  2     length
 *          14        URL, its key as a URL
 *   killed 0   1     kind 4, a message whose links are withdrawn
 *          1   3     0
 *          4   4     number of its domain, 0 = any
 *          8   16    message id, its key; never all zeros
 *
 * Each distinct URL is stored once, with the first link that leads there: that
 * link is found with one access less. Such a record is in two slots, by its URL
 * for good and by its link id until the link changes.
 *
 * A record is written whole into the arena, then one slot is stored with
 * release order; it never changes afterwards. An update is a new record and a
 * slot store. A reader takes no lock and checks every offset and length against
 * the mapping, so that a hostile file can mislead but never crash it. */

#define WXS_TABLE_MAGIC      "WXTABLE2"
#define WXS_TABLE_HEADER     4096
#define WXS_TABLE_BUCKET     64
#define WXS_HOST_MAX         253
#define WXS_HOST_DOMAINS_MAX 8
#define WXS_VALID_KEYS_SIZE  32

/* Flags of a domain on a host. */
#define WXS_DOMAIN_RECORD_OPENS  0x0001
#define WXS_DOMAIN_RECORD_CLICKS 0x0002
#define WXS_DOMAIN_KILLED        0x0004 /* answer 410 */
#define WXS_DOMAIN_DELETED       0x0008 /* redirect, record nothing */
#define WXS_DOMAIN_TLS_ENFORCED  0x0010

/* A domain that a tracking host serves, as it lies in the file: 96 bytes. */
typedef struct {
    uint32_t number;
    uint16_t flags;
    uint16_t reserved;
    uint8_t id[WXS_DOMAIN_ID_SIZE];
    uint8_t secret[WXS_LINK_SECRET_SIZE];
    uint8_t valid_keys[WXS_VALID_KEYS_SIZE]; /* bit n = key id n verifies */
    uint64_t certificate;                    /* generation, 0 = none */
} wxs_table_domain;

/* The domains of a host, newest owner first: a host that changed its owner
 * keeps the links of the former ones alive. Points into the mapping. */
typedef struct {
    const wxs_table_domain *domains;
    size_t count; /* 1 to WXS_HOST_DOMAINS_MAX */
} wxs_table_host;

#define WXS_LINK_KILLED 0x01

/* A table link. url points into the mapping. */
typedef struct {
    uint32_t domain; /* number of the domain it belongs to */
    uint8_t flags;
    const char *url;
    size_t url_len;
} wxs_table_link;

#endif
