#include "path.h"

#include <string.h>

#include "percent.h"

bool
wxs_path_from_target(const char *target, char *path, size_t cap)
{
    const char *scheme = strstr(target, "://");
    size_t used = 0;

    if (*target != '/') {
        target = scheme == NULL ? NULL : strchr(scheme + 3, '/');
        if (target == NULL)
            return false;
    }
    for (; *target != '\0' && *target != '?' && *target != '#'; target++) {
        if (*target == '/' && used > 0 && path[used - 1] == '/')
            continue;
        if (used + 1 >= cap)
            return false;
        path[used++] = *target;
    }
    if (used > 1 && path[used - 1] == '/')
        used--;
    path[used] = '\0';
    return true;
}

bool
wxs_path_match(const char *pattern, const char *path,
               char param[WXS_PARAMS_MAX][256])
{
    size_t params = 0;

    while (*pattern == '/' && *path == '/') {
        size_t wanted = strcspn(++pattern, "/");
        size_t len = strcspn(++path, "/");
        if (*pattern == '{') {
            if (params == WXS_PARAMS_MAX || len == 0 ||
                !wxs_percent_decode(path, len, false, param[params],
                                    sizeof(param[params])))
                return false;
            params++;
        } else if (len != wanted || memcmp(pattern, path, len) != 0) {
            return false;
        }
        pattern += wanted;
        path += len;
    }
    return *pattern == '\0' && *path == '\0';
}
