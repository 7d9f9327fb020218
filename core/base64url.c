#include "base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz"
                               "0123456789-_";

/* value + 1; 0 = not in the alphabet */
/* clang-format off */
static const uint8_t values[256] = {
    ['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
    14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    ['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
    40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
    ['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
    ['-'] = 63,
    ['_'] = 64,
};
/* clang-format on */

/* 0 to 63, or all ones. */
static inline uint32_t
value_of(uint8_t character)
{
    return (uint32_t)values[character] - 1;
}

void
wxs_base64url_encode(const uint8_t *data, size_t len, char *out)
{
    size_t i = 0;
    uint32_t v;

    for (; len - i >= 3; i += 3) {
        v = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];
        *out++ = alphabet[v >> 18];
        *out++ = alphabet[v >> 12 & 63];
        *out++ = alphabet[v >> 6 & 63];
        *out++ = alphabet[v & 63];
    }
    if (len - i == 0)
        return;
    v = (uint32_t)data[i] << 16;
    if (len - i == 2)
        v |= (uint32_t)data[i + 1] << 8;
    *out++ = alphabet[v >> 18];
    *out++ = alphabet[v >> 12 & 63];
    if (len - i == 2)
        *out = alphabet[v >> 6 & 63];
}

/* The last 2 or 3 characters: 1 or 2 bytes, and unused bits that must be 0. */
static wxs_status
decode_tail(const uint8_t *text, size_t len, uint8_t *out)
{
    uint32_t a = value_of(text[0]), b = value_of(text[1]), c = 0;

    if (len == 3)
        c = value_of(text[2]);
    if (((a | b | c) & 0x80) != 0)
        return WXS_BAD_FORMAT;
    if (len == 2 ? (b & 15) != 0 : (c & 3) != 0)
        return WXS_BAD_FORMAT;
    out[0] = (uint8_t)(a << 2 | b >> 4);
    if (len == 3)
        out[1] = (uint8_t)(b << 4 | c >> 2);
    return WXS_OK;
}

wxs_status
wxs_base64url_decode(const char *text, size_t len, uint8_t *out, size_t cap,
                     size_t *out_len)
{
    const uint8_t *in = (const uint8_t *)text;
    size_t tail = len % 4;
    size_t n = len / 4 * 3 + (tail == 0 ? 0 : tail - 1);
    uint32_t bad = 0; /* bit 7: a value of all ones */

    if (tail == 1)
        return WXS_BAD_FORMAT;
    if (n > cap)
        return WXS_TOO_LONG;
    for (size_t i = 0; i < len / 4; i++, in += 4, out += 3) {
        uint32_t a = value_of(in[0]), b = value_of(in[1]);
        uint32_t c = value_of(in[2]), d = value_of(in[3]);
        uint32_t v = a << 18 | b << 12 | c << 6 | d;

        bad |= a | b | c | d;
        out[0] = (uint8_t)(v >> 16);
        out[1] = (uint8_t)(v >> 8);
        out[2] = (uint8_t)v;
    }
    if ((bad & 0x80) != 0)
        return WXS_BAD_FORMAT;
    *out_len = n;
    return tail == 0 ? WXS_OK : decode_tail(in, tail, out);
}
