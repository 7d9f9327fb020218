#include "uuid.h"

#include <openssl/rand.h>

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
