#ifndef WXS_CORE_JOURNAL_H
#define WXS_CORE_JOURNAL_H

#include <stdint.h>

#include "token.h"

/* The journal: what the nginx workers saw, one append-only mapped segment file
 * after another, written before the response leaves. Little-endian.
 *
 * Segment <writer id, 16 hex>-<segment number, 8 digits>.wxj. Its owner holds
 * an exclusive flock as long as it lives, so "lock free" means "owner gone".
 * Header page, its first 76 bytes the same in every version:
 *
 *   offset  size  field
 *   0       8     "WXJRNL01"
 *   8       4     header size, 4096
 *   12      4     page size, 4096
 *   16      8     segment size, a multiple of the page size
 *   24      8     writer id, random
 *   32      8     segment number
 *   40      8     created, ms since 1970
 *   48      16    kernel boot id
 *   64      4     pid
 *   68      4     flags, 0
 *   72      4     CRC-32C of bytes 0-71
 *   128     8     written end: hint, stored after each record
 *   192     8     sealed end: 0 while open; stored last of the seal
 *   200     8     sequence number of the writer's last event when sealed
 *   208     4     CRC-32C, seeded as that of records, of bytes 192-207
 *
 * Records start at 4096, are 8-byte aligned and never cross a page; what is
 * left of a page stays zero:
 *
 *   0       4     length, a multiple of 8; the commit word, stored last
 *   4       4     CRC-32C seeded with writer id and segment number, of bytes
 *                 8 to length
 *   8       8     time, ms since 1970
 *   16      8     sequence number of this writer, from 1, +1 an event; a gap
 *                 is the exact count of events lost
 *   24      1     type: 'c', 'o' or 'u'
 *   25      1     mode (wxs_mode)
 *   26      2     flags, WXS_EVENT_*
 *   28      4     domain number
 *   32      16    message id, zero in anonymous mode
 *   48      16    client address, IPv4 as v4-mapped; zero if not kept
 *   64      4     link index
 *   68      2     length of destination
 *   70      2     length of agent
 *   72      8     link id, 0 for a signed link
 *   80            destination (signed links), agent, zero padding
 *
 * The destination is kept instead of the token: the collector then needs no
 * keys, and an anonymous event carries no message id. */

#define WXS_JOURNAL_MAGIC      "WXJRNL01"
#define WXS_JOURNAL_PAGE       4096
#define WXS_JOURNAL_RECORD_MIN 80
#define WXS_JOURNAL_RECORD_MAX                                                 \
    (WXS_JOURNAL_RECORD_MIN + WXS_URL_MAX + WXS_EVENT_AGENT_MAX)
#define WXS_JOURNAL_SEGMENT_MIN  (2 * WXS_JOURNAL_PAGE)
#define WXS_JOURNAL_SEGMENT_SIZE (16u << 20) /* default */
#define WXS_EVENT_AGENT_MAX      256

#define WXS_EVENT_HEAD      0x0001 /* HEAD request */
#define WXS_EVENT_PREFETCH  0x0002 /* a prefetch header was there */
#define WXS_EVENT_GPC       0x0004 /* Sec-GPC: 1 */
#define WXS_EVENT_TLS       0x0008
#define WXS_EVENT_TABLE     0x0010 /* table link: link_id is set */
#define WXS_EVENT_AGENT_CUT 0x0020 /* the agent was longer */

typedef struct {
    uint64_t time_ms;
    uint64_t sequence; /* filled by the writer */
    wxs_token_type type;
    wxs_mode mode;
    uint16_t flags;
    uint32_t domain;
    uint8_t message_id[WXS_MESSAGE_ID_SIZE];
    uint8_t address[16];
    uint32_t link_index;
    uint64_t link_id;
    const char *prefix; /* destination = prefix, then rest; reader: prefix "" */
    size_t prefix_len;
    const char *rest;
    size_t rest_len; /* prefix_len + rest_len <= WXS_URL_MAX */
    const char *agent;
    size_t agent_len; /* <= WXS_EVENT_AGENT_MAX */
} wxs_event;

#endif
