/* Settings files: any bytes are read or refused with a reason. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

static char path[64];

static void
remove_file(void)
{
    unlink(path);
}

/* A file of this process alone, in memory where there is such a file system. */
static void
make_file(void)
{
    const char *dir = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    snprintf(path, sizeof(path), "%s/waxseal-fuzz-%d", dir, (int)getpid());
    if (atexit(remove_file) != 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static wxs_config config;
    wxs_error error = {""};
    FILE *stream;

    if (path[0] == '\0')
        make_file();
    stream = fopen(path, "w");
    if (stream == NULL || fwrite(data, 1, size, stream) != size ||
        fclose(stream) != 0)
        abort();
    if (!wxs_config_load(&config, "/tmp", path, &error)) {
        if (error.text[0] == '\0')
            abort();
    } else if (config.dkim.pool < 1 || config.dns.port == 0 ||
               config.edge.trusted_proxies.count > WXS_NETWORKS_MAX ||
               config.verify.min_interval_ms > config.verify.max_interval_ms) {
        abort();
    }
    return 0;
}
