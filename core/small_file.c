#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mkostemps() */
#endif

#include "small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".new"

static wxs_status
fd_read(int fd, uint8_t *data, size_t cap, size_t *len)
{
    struct stat st;

    if (fstat(fd, &st) == -1)
        return WXS_IO;
    if (!S_ISREG(st.st_mode))
        return WXS_BAD_FORMAT;
    *len = 0;
    while (*len < cap) {
        ssize_t n = read(fd, data + *len, cap - *len);

        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return WXS_IO;
        if (n == 0)
            return WXS_OK;
        *len += (size_t)n;
    }
    /* full: is there more? */
    uint8_t more;
    ssize_t n = read(fd, &more, 1);

    if (n == -1)
        return WXS_IO;
    return n == 0 ? WXS_OK : WXS_TOO_LONG;
}

wxs_status
wxs_small_file_read(const char *path, uint8_t *data, size_t cap, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd == -1)
        return WXS_IO;
    wxs_status status = fd_read(fd, data, cap, len);
    int error = errno;

    (void)close(fd);
    errno = error;
    return status;
}

static wxs_status
fd_write(int fd, mode_t mode, const uint8_t *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, data + done, len - done);

        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return WXS_IO;
        done += (size_t)n;
    }
    return fchmod(fd, mode) == 0 && fsync(fd) == 0 ? WXS_OK : WXS_IO;
}

/* Makes the rename that was done in the folder of path outlive a power loss. */
static wxs_status
folder_sync(const char *path)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');

    if (slash != NULL) {
        size_t len = slash == path ? 1 : (size_t)(slash - path);

        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd == -1)
        return WXS_IO;
    int result = fsync(fd);
    int error = errno;

    (void)close(fd);
    errno = error;
    return result == 0 ? WXS_OK : WXS_IO;
}

wxs_status
wxs_small_file_write(const char *path, mode_t mode, const uint8_t *data,
                     size_t len)
{
    char fresh[PATH_MAX];
    int n = snprintf(fresh, sizeof fresh, "%s.XXXXXX" SUFFIX, path);

    if (n < 0 || (size_t)n >= sizeof fresh)
        return WXS_TOO_LONG;
    int fd = mkostemps(fresh, (int)strlen(SUFFIX), O_CLOEXEC);

    if (fd == -1)
        return WXS_IO;
    wxs_status status = fd_write(fd, mode, data, len);
    int error = errno;

    if (close(fd) == -1 && status == WXS_OK) {
        status = WXS_IO;
        error = errno;
    }
    if (status == WXS_OK && rename(fresh, path) == -1) {
        status = WXS_IO;
        error = errno;
    }
    if (status != WXS_OK) {
        (void)unlink(fresh);
        errno = error;
        return status;
    }
    return folder_sync(path);
}
