#include "base64url.h"

#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

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

/* Decodes groups of 4 characters; the result's bit 7 is set if a character was
 * not of the alphabet. */
static uint32_t
decode_groups(const uint8_t *in, size_t groups, uint8_t *out)
{
    uint32_t bad = 0; /* bit 7: a value of all ones */

    for (size_t i = 0; i < groups; i++, in += 4, out += 3) {
        uint32_t a = value_of(in[0]), b = value_of(in[1]);
        uint32_t c = value_of(in[2]), d = value_of(in[3]);
        uint32_t v = a << 18 | b << 12 | c << 6 | d;

        bad |= a | b | c | d;
        out[0] = (uint8_t)(v >> 16);
        out[1] = (uint8_t)(v >> 8);
        out[2] = (uint8_t)v;
    }
    return bad;
}

#if defined(__x86_64__)

/* All ones where a byte is first to last. */
__attribute__((target("ssse3"))) static inline __m128i
in_range(__m128i text, char first, char last)
{
    return _mm_and_si128(_mm_cmpgt_epi8(text, _mm_set1_epi8(first - 1)),
                         _mm_cmplt_epi8(text, _mm_set1_epi8(last + 1)));
}

/* Puts value into sum where mask has ones; sum has zeros there. */
__attribute__((target("ssse3"))) static inline __m128i
choose(__m128i sum, __m128i mask, char value)
{
    return _mm_or_si128(sum, _mm_and_si128(mask, _mm_set1_epi8(value)));
}

/* Four groups at a time. Writes 16 bytes for each 12, so the last groups, whose
 * bytes it might write beyond, are left to the caller; returns how many groups
 * it decoded. */
__attribute__((target("ssse3"))) static size_t
decode_groups_ssse3(const uint8_t *in, size_t groups, uint8_t *out,
                    uint32_t *bad)
{
    const __m128i bytes =
        _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    size_t done = 0;

    for (; groups - done >= 6; done += 4, in += 16, out += 12) {
        __m128i text = _mm_loadu_si128((const __m128i *)in);
        __m128i upper = in_range(text, 'A', 'Z');
        __m128i lower = in_range(text, 'a', 'z');
        __m128i digit = in_range(text, '0', '9');
        __m128i minus = _mm_cmpeq_epi8(text, _mm_set1_epi8('-'));
        __m128i low_line = _mm_cmpeq_epi8(text, _mm_set1_epi8('_'));
        __m128i known = _mm_or_si128(_mm_or_si128(upper, lower),
                                     _mm_or_si128(digit, minus));
        __m128i add = _mm_setzero_si128();

        if (_mm_movemask_epi8(_mm_or_si128(known, low_line)) != 0xffff)
            *bad |= 0x80;
        add = choose(add, upper, 0 - 'A');
        add = choose(add, lower, 26 - 'a');
        add = choose(add, digit, 52 - '0');
        add = choose(add, minus, 62 - '-');
        add = choose(add, low_line, 63 - '_');
        /* 6 bits each, then 12, then 24 of each 32 */
        text = _mm_maddubs_epi16(_mm_add_epi8(text, add),
                                 _mm_set1_epi32(0x01400140));
        text = _mm_madd_epi16(text, _mm_set1_epi32(0x00011000));
        _mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(text, bytes));
    }
    return done;
}

#endif

wxs_status
wxs_base64url_decode(const char *text, size_t len, uint8_t *out, size_t cap,
                     size_t *out_len)
{
    const uint8_t *in = (const uint8_t *)text;
    size_t tail = len % 4, groups = len / 4, done = 0;
    size_t n = groups * 3 + (tail == 0 ? 0 : tail - 1);
    uint32_t bad = 0;

    if (tail == 1)
        return WXS_BAD_FORMAT;
    if (n > cap)
        return WXS_TOO_LONG;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("ssse3"))
        done = decode_groups_ssse3(in, groups, out, &bad);
#endif
    bad |= decode_groups(in + done * 4, groups - done, out + done * 3);
    if ((bad & 0x80) != 0)
        return WXS_BAD_FORMAT;
    *out_len = n;
    return tail == 0 ? WXS_OK
                     : decode_tail(in + groups * 4, tail, out + groups * 3);
}
