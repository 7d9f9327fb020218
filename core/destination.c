#include "destination.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static size_t
scheme_length(const char *url, size_t len)
{
    if (len >= 8 && strncasecmp(url, "https://", 8) == 0)
        return 8;
    if (len >= 7 && strncasecmp(url, "http://", 7) == 0)
        return 7;
    return 0;
}

static bool
all_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

/* host, host:port, [address] or [address]:port (RFC 3986 section 3.2) */
static bool
host_and_port_ok(const char *text, size_t len)
{
    size_t host = 0;

    if (len > 0 && text[0] == '[') {
        const char *close = memchr(text, ']', len);

        if (close == NULL || close - text < 2)
            return false;
        host = (size_t)(close - text) + 1;
    } else {
        while (host < len && text[host] != ':')
            host++;
    }
    if (host == 0)
        return false;
    return host == len ||
           (text[host] == ':' && all_digits(text + host + 1, len - host - 1));
}

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

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

static bool
ends_authority(char c)
{
    return c == '/' || c == '?' || c == '#' || c == '\\';
}

wxs_status
wxs_destination_check(const char *url, size_t len)
{
    size_t start = scheme_length(url, len), end = start;

    if (len > WXS_DESTINATION_MAX)
        return WXS_TOO_LONG;
    if (start == 0 || !all_visible(url, len))
        return WXS_BAD_FORMAT;
    for (; end < len && !ends_authority(url[end]); end++)
        if (url[end] == '@')
            start = end + 1;
    return host_and_port_ok(url + start, end - start) ? WXS_OK : WXS_BAD_FORMAT;
}
