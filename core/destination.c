#include "destination.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* 8 for "https://", 7 for "http://", in either case, else 0; also for a URL
 * that is too short to name a host. */
static size_t
scheme_length(const char *url, size_t len)
{
    uint64_t word;

    if (len < 8)
        return 0;
    memcpy(&word, url, 8);
    /* a control character that this makes a ":" or "/" is no visible one */
    word |= EACH_BYTE(0x20);
    if (memcmp(&word, "https://", 8) == 0)
        return 8;
    return memcmp(&word, "http://", 7) == 0 ? 7 : 0;
}

static bool
all_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

/* Is each of 8 bytes 0x21 to 0x7e? The sums and differences set the high bit of
 * a byte that is not; a carry or borrow starts only at such a byte. */
static bool
word_visible(uint64_t word)
{
    return ((word | (word + EACH_BYTE(1)) | (word - EACH_BYTE(0x21))) &
            EACH_BYTE(0x80)) == 0;
}

/* Eight bytes at a time: this runs for each click. */
static bool
all_visible(const char *text, size_t len)
{
    uint64_t word;

    for (; len >= sizeof word; text += sizeof word, len -= sizeof word) {
        memcpy(&word, text, sizeof word);
        if (!word_visible(word))
            return false;
    }
    word = EACH_BYTE('x');
    memcpy(&word, text, len);
    return word_visible(word);
}

/* What may end a part of the authority (RFC 3986, section 3.2). */
static const bool delimits[UINT8_MAX + 1] = {
    ['/'] = true,  ['?'] = true, ['#'] = true,
    ['\\'] = true, ['@'] = true, [':'] = true,
};

/* host, host:port, [address] or [address]:port; colon is the first one, or len.
 */
static bool
host_and_port_ok(const char *text, size_t len, size_t colon)
{
    size_t host = colon;

    if (len > 0 && text[0] == '[') {
        const char *close = memchr(text, ']', len);

        if (close == NULL || close - text < 2)
            return false;
        host = (size_t)(close - text) + 1;
    }
    if (host == 0)
        return false;
    return host == len ||
           (text[host] == ':' && all_digits(text + host + 1, len - host - 1));
}

/* The authority is what follows the scheme; what is before its last "@" says
 * nothing about the host. */
static bool
authority_ok(const char *text, size_t len)
{
    size_t host = 0, colon = len, end = 0;

    for (; end < len; end++) {
        if (!delimits[(uint8_t)text[end]])
            continue;
        if (text[end] == '@') {
            host = end + 1;
            colon = len;
        } else if (text[end] == ':') {
            colon = end < colon ? end : colon;
        } else {
            break;
        }
    }
    colon = colon < end ? colon : end;
    return host_and_port_ok(text + host, end - host, colon - host);
}

wxs_status
wxs_destination_check(const char *url, size_t len)
{
    size_t start = scheme_length(url, len);

    if (len > WXS_DESTINATION_MAX)
        return WXS_TOO_LONG;
    if (start == 0 || !all_visible(url, len) ||
        !authority_ok(url + start, len - start))
        return WXS_BAD_FORMAT;
    return WXS_OK;
}
