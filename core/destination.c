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

/* No branch in the loop, so that it becomes vector instructions: this runs for
 * each click. */
static bool
all_visible(const char *text, size_t len)
{
    uint8_t bad = 0;

    for (size_t i = 0; i < len; i++)
        bad |= (uint8_t)((uint8_t)text[i] - 0x21) > 0x7e - 0x21;
    return bad == 0;
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
