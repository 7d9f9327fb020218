#include "held.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"

#define BACKLOG  511 /* nginx's own */
#define FD_FIRST 256 /* above the numbers that they have in nginx */

static bool
option_set(int fd, int level, int name)
{
    int one = 1;

    return setsockopt(fd, level, name, &one, sizeof(one)) == 0;
}

/* A listening socket as nginx would make it, or -1. */
static int
listen_there(const wxs_address *address, bool is_shared)
{
    int family = address->is.any.sa_family;
    int low = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int fd, error;

    if (low < 0)
        return -1;
    fd = fcntl(low, F_DUPFD_CLOEXEC, FD_FIRST);
    error = errno;
    (void)close(low);
    errno = error;
    if (fd < 0)
        return -1;
    if (option_set(fd, SOL_SOCKET, SO_REUSEADDR) &&
        (!is_shared || option_set(fd, SOL_SOCKET, SO_REUSEPORT)) &&
        (family != AF_INET6 || option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY)) &&
        bind(fd, &address->is.any, address->len) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

static bool
hold(wxs_held *held, const char *text, int times, bool is_shared,
     wxs_error *error)
{
    wxs_address address;

    if (!wxs_address_parse(text, &address, error))
        return false;
    for (int i = 0; i < times; i++) {
        int fd = listen_there(&address, is_shared);
        if (fd < 0)
            return wxs_fail(error, "cannot listen on %s: %s", text,
                            strerror(errno));
        held->fd[held->count++] = fd;
    }
    return true;
}

bool
wxs_held_open(wxs_held *held, const wxs_config *config, int workers,
              wxs_error *error)
{
    int times = workers < WXS_HELD_WORKERS ? workers : WXS_HELD_WORKERS;

    held->count = 0;
    if (hold(held, config->api.listen, 1, false, error) &&
        hold(held, config->edge.listen, times, true, error) &&
        hold(held, config->edge.tls_listen, times, true, error))
        return true;
    wxs_held_close(held);
    return false;
}

void
wxs_held_close(wxs_held *held)
{
    while (held->count > 0)
        (void)close(held->fd[--held->count]);
}
