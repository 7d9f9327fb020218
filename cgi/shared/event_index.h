#ifndef WXS_SHARED_EVENT_INDEX_H
#define WXS_SHARED_EVENT_INDEX_H

#include <stdint.h>

/* How a partition's index is encoded (schema/parts: runs, domain_events,
 * message_events). */

#define WXS_RUN_EVENTS    16384 /* ids in a full run */
#define WXS_RUN_IDS_MAX   65536 /* ids that two bytes can tell apart */
#define WXS_ENTRIES_A_ROW 120   /* of message_events: a row of about 1 kB */
#define WXS_ENTRY_SIZE    8
#define WXS_MERGED_RUN    0 /* number of the run that all are merged into */

/* 31 bits of the 16 bytes. Which messages share a hash costs time only: an
 * event is looked at before it is believed to be the message's. */
uint32_t wxs_message_hash(const uint8_t message[16]);

/* The entry of an event that is offset ids behind the partition's first. */
uint64_t wxs_message_entry(uint32_t hash, uint32_t offset);

void wxs_put_le16(uint8_t *out, uint16_t value);
uint16_t wxs_get_le16(const uint8_t *in);
void wxs_put_le64(uint8_t *out, uint64_t value);
uint64_t wxs_get_le64(const uint8_t *in);

#endif
