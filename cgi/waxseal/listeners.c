#include "listeners.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 511

int
wxs_listen_unix(const char *path, wxs_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);

    if (len >= sizeof(address.sun_path)) {
        (void)wxs_fail(error,
                       "the path %s is %zu bytes too long for a socket: choose "
                       "a shorter state directory",
                       path, len + 1 - sizeof(address.sun_path));
        return -1;
    }
    memcpy(address.sun_path, path, len + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        (void)wxs_fail(error, "cannot make a socket: %s", strerror(errno));
        return -1;
    }
    mode_t mask = umask(0117);
    bool ok =
        (unlink(path) == 0 || errno == ENOENT) &&
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        listen(fd, BACKLOG) == 0;
    (void)umask(mask);
    if (!ok) {
        (void)wxs_fail(error, "cannot listen on %s: %s", path, strerror(errno));
        (void)close(fd);
        return -1;
    }
    return fd;
}
