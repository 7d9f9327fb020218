#include "uuid.h"

#include <openssl/rand.h>

#include "clock.h"

#define DASH_BEFORE(byte)                                                      \
    ((byte) == 4 || (byte) == 6 || (byte) == 8 || (byte) == 10)

bool
wxs_uuid_new(uint8_t uuid[WXS_UUID_SIZE])
{
    if (RAND_bytes(uuid, WXS_UUID_SIZE) != 1)
        return false;
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* version 4 */
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80); /* variant 10 */
    return true;
}

bool
wxs_uuid_new_ordered(uint8_t uuid[WXS_UUID_SIZE])
{
    uint64_t ms = (uint64_t)wxs_now_us() / 1000;

    if (RAND_bytes(uuid, WXS_UUID_SIZE) != 1)
        return false;
    for (int i = 0; i < 6; i++)
        uuid[i] = (uint8_t)(ms >> (40 - 8 * i));
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x70); /* version 7 */
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80); /* variant 10 */
    return true;
}

void
wxs_uuid_format(const uint8_t uuid[WXS_UUID_SIZE], char text[WXS_UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    char *out = text;

    for (size_t i = 0; i < WXS_UUID_SIZE; i++) {
        if (DASH_BEFORE(i))
            *out++ = '-';
        *out++ = digits[uuid[i] >> 4];
        *out++ = digits[uuid[i] & 0x0f];
    }
    *out = '\0';
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool
wxs_uuid_parse(const char *text, size_t len, uint8_t uuid[WXS_UUID_SIZE])
{
    const char *in = text;

    if (len != WXS_UUID_TEXT - 1)
        return false;
    for (size_t i = 0; i < WXS_UUID_SIZE; i++) {
        if (DASH_BEFORE(i) && *in++ != '-')
            return false;
        int high = hex_digit(*in++);
        int low = hex_digit(*in++);
        if (high < 0 || low < 0)
            return false;
        uuid[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
