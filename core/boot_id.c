#include "boot_id.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

void
wxs_boot_id(uint8_t id[WXS_BOOT_ID_SIZE])
{
    char text[36]; /* a UUID */
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd == -1 ? -1 : read(fd, text, sizeof text);
    size_t digits = 0;

    memset(id, 0, WXS_BOOT_ID_SIZE);
    if (fd != -1)
        (void)close(fd);
    if (n != (ssize_t)sizeof text)
        return;
    for (size_t i = 0; i < sizeof text; i++) {
        int value = hex_value(text[i]);

        if (value < 0 || digits == 2 * WXS_BOOT_ID_SIZE)
            continue;
        id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | value);
        digits++;
    }
}
