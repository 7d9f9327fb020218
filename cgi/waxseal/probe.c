#include "probe.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A socket whose calls, connect() too, give up after timeout_ms. */
static int
probe_open(const wxs_address *address, int timeout_ms)
{
    struct timeval limit = {.tv_sec = timeout_ms / 1000,
                            .tv_usec = (timeout_ms % 1000) * 1000L};
    int fd = socket(address->is.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
        connect(fd, &address->is.any, address->len) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

bool
wxs_probe_connect(const wxs_address *address, int timeout_ms)
{
    int fd = probe_open(address, timeout_ms);

    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

int
wxs_probe_http(const wxs_address *address, const char *path, int timeout_ms)
{
    char request[256], start[13] = "";
    int status = 0;
    int len = snprintf(request, sizeof(request),
                       "GET %s HTTP/1.0\r\nHost: waxseal\r\n\r\n", path);
    int fd = probe_open(address, timeout_ms);

    if (fd < 0)
        return 0;
    /* "HTTP/1.1 200" comes in one piece */
    if (len < 0 || (size_t)len >= sizeof(request) ||
        send(fd, request, (size_t)len, MSG_NOSIGNAL) != len ||
        recv(fd, start, sizeof(start) - 1, MSG_WAITALL) !=
            (ssize_t)sizeof(start) - 1 ||
        sscanf(start, "HTTP/1.%*1d %3d", &status) != 1)
        status = 0;
    (void)close(fd);
    return status;
}
