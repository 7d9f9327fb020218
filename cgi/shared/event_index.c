#include "event_index.h"

#include <endian.h>
#include <string.h>

void
wxs_put_le16(uint8_t *out, uint16_t value)
{
    value = htole16(value);
    memcpy(out, &value, sizeof value);
}

uint16_t
wxs_get_le16(const uint8_t *in)
{
    uint16_t value;

    memcpy(&value, in, sizeof value);
    return le16toh(value);
}

void
wxs_put_le64(uint8_t *out, uint64_t value)
{
    value = htole64(value);
    memcpy(out, &value, sizeof value);
}

uint64_t
wxs_get_le64(const uint8_t *in)
{
    uint64_t value;

    memcpy(&value, in, sizeof value);
    return le64toh(value);
}

/* Multiplies and folds, as in SplitMix64 (Steele, Lea, Flood, 2014): ids need
 * not be random, such as those that begin with a time. */
uint32_t
wxs_message_hash(const uint8_t message[16])
{
    uint64_t hash = wxs_get_le64(message) * UINT64_C(0x9e3779b97f4a7c15);

    hash ^= hash >> 32;
    hash = (hash ^ wxs_get_le64(message + 8)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash ^= hash >> 29;
    hash *= UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(hash >> 33);
}

uint64_t
wxs_message_entry(uint32_t hash, uint32_t offset)
{
    return (uint64_t)hash << 32 | offset;
}
