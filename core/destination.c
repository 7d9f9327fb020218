#include "destination.h"

#include <stdbool.h>
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

wxs_status
wxs_destination_check(const char *url, size_t len)
{
    size_t start = scheme_length(url, len), end;

    if (len > WXS_DESTINATION_MAX)
        return WXS_TOO_LONG;
    if (start == 0)
        return WXS_BAD_FORMAT;
    for (size_t i = start; i < len; i++)
        if (url[i] < 0x21 || url[i] > 0x7e)
            return WXS_BAD_FORMAT;
    for (end = start; end < len; end++)
        if (memchr("/?#\\", url[end], 4) != NULL)
            break;
    for (size_t i = start; i < end; i++)
        if (url[i] == '@')
            start = i + 1;
    return host_and_port_ok(url + start, end - start) ? WXS_OK : WXS_BAD_FORMAT;
}
