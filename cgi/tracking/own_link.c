#include "own_link.h"

#include <string.h>
#include <strings.h>

bool
wxs_is_own_link(const char *url, size_t len, const char *host)
{
    const char *end = url + len;
    const char *name = memmem(url, len, "//", 2);
    const char *path;
    const char *at;
    const char *port;
    size_t name_len;

    if (name == NULL)
        return false;
    name += 2;
    for (path = name; path < end && strchr("/?#", *path) == NULL; path++)
        ;
    at = memrchr(name, '@', (size_t)(path - name));
    if (at != NULL)
        name = at + 1;
    port = memchr(name, ':', (size_t)(path - name));
    name_len = (size_t)((port == NULL ? path : port) - name);
    return name_len == strlen(host) && strncasecmp(name, host, name_len) == 0 &&
           end - path >= 3 && path[0] == '/' && path[2] == '/' &&
           (path[1] == 'c' || path[1] == 'o' || path[1] == 'u');
}
