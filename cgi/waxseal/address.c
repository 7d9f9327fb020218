#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_MS 100

static bool
port_parse(const char *text, in_port_t *port)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || number == 0 || number > 65535)
        return false;
    *port = htons((uint16_t)number);
    return true;
}

/* Takes "[::1]:8080" or "127.0.0.1:8080" apart. */
static bool
endpoint_split(const char *text, char host[INET6_ADDRSTRLEN], in_port_t *port)
{
    bool is_v6 = text[0] == '[';
    const char *start = is_v6 ? text + 1 : text;
    size_t len = strcspn(start, is_v6 ? "]" : ":");
    const char *rest = start + len + (is_v6 && start[len] == ']' ? 1 : 0);

    if (len >= INET6_ADDRSTRLEN || *rest != ':')
        return false;
    memcpy(host, start, len);
    host[len] = '\0';
    return port_parse(rest + 1, port);
}

bool
wxs_address_parse(const char *text, wxs_address *address, wxs_error *error)
{
    char host[INET6_ADDRSTRLEN];
    in_port_t port;

    memset(address, 0, sizeof(*address));
    if (endpoint_split(text, host, &port)) {
        if (text[0] == '[') {
            address->is.v6.sin6_family = AF_INET6;
            address->is.v6.sin6_port = port;
            address->len = sizeof(address->is.v6);
            if (inet_pton(AF_INET6, host, &address->is.v6.sin6_addr) == 1)
                return true;
        } else {
            address->is.v4.sin_family = AF_INET;
            address->is.v4.sin_port = port;
            address->len = sizeof(address->is.v4);
            if (inet_pton(AF_INET, host, &address->is.v4.sin_addr) == 1)
                return true;
        }
    }
    return wxs_fail(error,
                    "\"%s\" is not an address and a port, as "
                    "127.0.0.1:8080 or [::1]:8080",
                    text);
}

wxs_address
wxs_address_reach(const wxs_address *address)
{
    wxs_address reach = *address;

    if (reach.is.any.sa_family == AF_INET &&
        reach.is.v4.sin_addr.s_addr == htonl(INADDR_ANY))
        reach.is.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (reach.is.any.sa_family == AF_INET6 &&
        IN6_IS_ADDR_UNSPECIFIED(&reach.is.v6.sin6_addr))
        reach.is.v6.sin6_addr = in6addr_loopback;
    return reach;
}

bool
wxs_address_url(const wxs_address *address, const char *scheme,
                char url[WXS_URL_SIZE])
{
    bool is_v6 = address->is.any.sa_family == AF_INET6;
    unsigned port =
        ntohs(is_v6 ? address->is.v6.sin6_port : address->is.v4.sin_port);
    const void *number = is_v6 ? (const void *)&address->is.v6.sin6_addr
                               : (const void *)&address->is.v4.sin_addr;
    char host[INET6_ADDRSTRLEN], tail[8] = "";

    if (inet_ntop(address->is.any.sa_family, number, host, sizeof(host)) ==
        NULL)
        return false;
    if (port != (strcmp(scheme, "https") == 0 ? 443U : 80U))
        (void)snprintf(tail, sizeof(tail), ":%u", port & 0xffffU);
    int n = snprintf(url, WXS_URL_SIZE, "%s://%s%s%s%s", scheme,
                     is_v6 ? "[" : "", host, is_v6 ? "]" : "", tail);
    return n > 0 && n < WXS_URL_SIZE;
}

/* Listens there for a moment; 0 or errno. */
static int
address_try(const wxs_address *address)
{
    int one = 1, result = 0;
    int fd = socket(address->is.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        (address->is.any.sa_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) != 0) ||
        bind(fd, &address->is.any, address->len) != 0 || listen(fd, 1) != 0)
        result = errno;
    (void)close(fd);
    return result;
}

bool
wxs_address_free(const char *text, const char *setting, int wait_ms,
                 wxs_error *error)
{
    wxs_address address;
    int result;

    if (!wxs_address_parse(text, &address, error))
        return false;
    while ((result = address_try(&address)) == EADDRINUSE && wait_ms > 0) {
        (void)usleep(RETRY_MS * 1000);
        wait_ms -= RETRY_MS;
    }
    if (result == 0)
        return true;
    if (result == EADDRINUSE)
        return wxs_fail(error,
                        "%s is in use by another program: stop that or set %s "
                        "to another address",
                        text, setting);
    if (result == EACCES)
        return wxs_fail(error,
                        "user %u may not listen on %s: set %s to a port from "
                        "1024 on, or allow low ports (sysctl "
                        "net.ipv4.ip_unprivileged_port_start, or systemd's "
                        "AmbientCapabilities=CAP_NET_BIND_SERVICE)",
                        (unsigned)geteuid(), text, setting);
    return wxs_fail(error, "cannot listen on %s (%s): %s", text, setting,
                    strerror(result));
}
