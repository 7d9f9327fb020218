#include "json_string.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "utf8.h"

#define EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HIGH        EVERY(0x80)

/* Is any of the eight bytes not ASCII, a control, a quote or a backslash? The
 * subtractions set the high bit of a byte that is below 32, or zero. */
static bool
is_special(uint64_t bytes)
{
    uint64_t quote = bytes ^ EVERY('"');
    uint64_t backslash = bytes ^ EVERY('\\');

    return ((bytes | (bytes - EVERY(0x20)) | (quote - EVERY(1)) |
             (backslash - EVERY(1))) &
            HIGH) != 0;
}

static bool
is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

size_t
wxs_json_plain_length(const char *text, size_t len)
{
    size_t i = 0;
    size_t size;
    uint64_t bytes;

    for (;;) {
        while (len - i >= sizeof(bytes)) {
            memcpy(&bytes, text + i, sizeof(bytes));
            if (is_special(bytes))
                break;
            i += sizeof(bytes);
        }
        while (i < len && is_plain((unsigned char)text[i]))
            i++;
        if (i == len || (unsigned char)text[i] < 0x80)
            return i;
        size = wxs_utf8_length(text + i, len - i);
        if (size == 0)
            return i;
        i += size;
    }
}

/* Four hexadecimal digits; -1. */
static int32_t
read_hex(const char *text, size_t len)
{
    int32_t value = 0;

    if (len < 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        char c = text[i];

        value *= 16;
        if (c >= '0' && c <= '9')
            value += c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            value += (c | 0x20) - 'a' + 10;
        else
            return -1;
    }
    return value;
}

/* Up to three bytes, or four for what takes a pair of escapes: never more than
 * the escape was long. */
static size_t
put_utf8(uint32_t code, char *out)
{
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(lead[size] | code);
    return size;
}

/* What follows "\u". Returns how many bytes it took, 0 if it is bad. */
static size_t
decode_unicode(const char *text, size_t len, char *out, size_t *out_len)
{
    int32_t high = read_hex(text, len);
    int32_t low;

    if (high <= 0 || (high >= 0xdc00 && high <= 0xdfff))
        return 0;
    if (high < 0xd800 || high > 0xdbff) {
        *out_len += put_utf8((uint32_t)high, out + *out_len);
        return 4;
    }
    if (len < 10 || text[4] != '\\' || text[5] != 'u')
        return 0;
    low = read_hex(text + 6, len - 6);
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    *out_len += put_utf8(0x10000 + ((uint32_t)(high - 0xd800) << 10) +
                             (uint32_t)(low - 0xdc00),
                         out + *out_len);
    return 10;
}

/* What follows a backslash. Returns how many bytes it took, 0 if it is bad. */
static size_t
decode_escape(const char *text, size_t len, char *out, size_t *out_len)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *found;
    size_t taken;

    if (len == 0)
        return 0;
    if (*text == 'u') {
        taken = decode_unicode(text + 1, len - 1, out, out_len);
        return taken == 0 ? 0 : taken + 1;
    }
    found = memchr(letters, *text, sizeof(letters) - 1);
    if (found == NULL)
        return 0;
    out[(*out_len)++] = meanings[found - letters];
    return 1;
}

size_t
wxs_json_string_decode(const char *text, size_t len, char *out, size_t *out_len)
{
    size_t i = 0;
    size_t taken;

    *out_len = 0;
    for (;;) {
        size_t plain = wxs_json_plain_length(text + i, len - i);

        memmove(out + *out_len, text + i, plain);
        *out_len += plain;
        i += plain;
        if (i == len)
            return 0;
        if (text[i] == '"')
            return i + 1;
        if (text[i] != '\\')
            return 0;
        i++;
        taken = decode_escape(text + i, len - i, out, out_len);
        if (taken == 0)
            return 0;
        i += taken;
    }
}
