#include "programs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

static bool
folder_find(wxs_programs *programs, wxs_error *error)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));

    if (len <= 0 || (size_t)len >= sizeof(path))
        return wxs_fail(error, "cannot find the own executable: %s",
                        len < 0 ? strerror(errno) : "its path is too long");
    while (len > 0 && path[len - 1] != '/')
        len--;
    memcpy(programs->folder, path, (size_t)len);
    programs->folder[len > 0 ? len - 1 : 0] = '\0';
    return true;
}

/* Missing, or not for us? The difference decides what to do. */
static bool
usable(const char *path, int mode, wxs_error *error)
{
    if (access(path, mode) == 0)
        return true;
    if (errno == EACCES)
        return wxs_fail(error,
                        "user %u cannot reach %s: install the programs where "
                        "everyone can read them (/usr/local/bin, say) and "
                        "start them there",
                        (unsigned)geteuid(), path);
    return wxs_fail(error, "cannot use %s: %s", path, strerror(errno));
}

static bool
programs_check(const wxs_programs *programs, wxs_error *error)
{
    static const char *const names[] = {"/waxseal-domains", "/waxseal-tracking",
                                        "/waxseal-events", "/waxseal-worker"};
    char path[PATH_MAX];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!wxs_path_join(path, sizeof(path), programs->folder, names[i],
                           error) ||
            !usable(path, X_OK, error))
            return false;
    }
    return true;
}

static bool
module_find(wxs_programs *programs, wxs_error *error)
{
    static const char *const places[] = {
        "/ngx_http_waxseal_module.so",
        "/lib/waxseal/ngx_http_waxseal_module.so"};
    char parent[PATH_MAX];

    (void)snprintf(parent, sizeof(parent), "%s", programs->folder);
    char *slash = strrchr(parent, '/');
    if (slash != NULL)
        *slash = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (!wxs_path_join(programs->module, sizeof(programs->module), parent,
                           places[i], error))
            return false;
        if (access(programs->module, R_OK) == 0)
            return true;
        if (errno != ENOENT && errno != ENOTDIR)
            return usable(programs->module, R_OK, error);
    }
    return wxs_fail(error,
                    "there is no ngx_http_waxseal_module.so in %s or "
                    "%s/lib/waxseal",
                    parent, parent);
}

static bool
executable_in(const char *folder, size_t len, char *path, size_t cap)
{
    struct stat status;
    int n = snprintf(path, cap, "%.*s/nginx", (int)len, folder);

    return len > 0 && folder[0] == '/' && n > 0 && (size_t)n < cap &&
           stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           access(path, X_OK) == 0;
}

static bool
nginx_find(wxs_programs *programs, wxs_error *error)
{
    const char *lists[] = {getenv("PATH"), "/usr/sbin:/usr/local/sbin:/sbin"};

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (const char *folder = lists[i]; folder != NULL;) {
            size_t len = strcspn(folder, ":");
            if (executable_in(folder, len, programs->nginx,
                              sizeof(programs->nginx)))
                return true;
            folder = folder[len] == ':' ? folder + len + 1 : NULL;
        }
    }
    return wxs_fail(error, "there is no nginx in PATH or /usr/sbin: install "
                           "it (Debian: apt-get install nginx-light)");
}

bool
wxs_programs_find(wxs_programs *programs, wxs_error *error)
{
    return folder_find(programs, error) && programs_check(programs, error) &&
           module_find(programs, error) && nginx_find(programs, error);
}
