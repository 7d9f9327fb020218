#include "allocate.h"

#include <errno.h>
#include <fcntl.h>

wxs_status
wxs_allocate(int fd, size_t size)
{
    int error;

    do
        error = posix_fallocate(fd, 0, (off_t)size);
    while (error == EINTR);
    if (error == 0)
        return WXS_OK;
    errno = error;
    return error == ENOSPC || error == EDQUOT || error == EFBIG ? WXS_FULL
                                                                : WXS_IO;
}
