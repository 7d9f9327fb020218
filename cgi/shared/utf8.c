#include "utf8.h"

#include <stdint.h>

size_t
wxs_utf8_length(const char *text, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *in = (const uint8_t *)text;
    uint32_t code;
    size_t size;

    if (len == 0)
        return 0;
    if (in[0] < 0x80)
        return 1;
    size = in[0] >= 0xf0 ? 4 : in[0] >= 0xe0 ? 3 : 2;
    if (in[0] < 0xc0 || in[0] > 0xf7 || size > len)
        return 0;
    code = in[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((in[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (in[i] & 0x3fu);
    }
    if (code < least[size] || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return size;
}
