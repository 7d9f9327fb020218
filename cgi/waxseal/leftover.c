#include "leftover.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "log.h"

/* Is it a process named nginx? Fills its parent if so. */
static bool
is_nginx(pid_t pid, pid_t *parent)
{
    char path[32], name[8] = "", state;
    int number = 0, fields = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    fields = fscanf(file, "%*d (%7[^)]) %c %9d", name, &state, &number);
    (void)fclose(file);
    *parent = (pid_t)number;
    return fields == 3 && strcmp(name, "nginx") == 0;
}

/* Has it mapped a file of the directory? A worker has the lookup table, also
 * when that was replaced, and its journal segment. */
static bool
has_mapped(pid_t pid, const char *dir)
{
    char path[32], line[PATH_MAX + 256];
    size_t len = strlen(dir);
    bool found = false;

    (void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    while (!found && fgets(line, sizeof(line), file) != NULL) {
        const char *at = strchr(line, '/');
        found = at != NULL && strncmp(at, dir, len) == 0 && at[len] == '/';
    }
    (void)fclose(file);
    return found;
}

static void
look_at(pid_t pid, const char *dir)
{
    pid_t parent, other;
    char text[16];

    if (!is_nginx(pid, &parent) || is_nginx(parent, &other) ||
        !has_mapped(pid, dir) || kill(pid, SIGTERM) != 0)
        return;
    (void)snprintf(text, sizeof(text), "%d", (int)pid);
    wxs_log(WXS_LOG_WARN, "ended an nginx worker that was left behind", "pid",
            text, NULL);
}

void
wxs_leftover_end(const char *dir)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;

    if (proc == NULL)
        return;
    while ((entry = readdir(proc)) != NULL) {
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid > 1 && pid <= INT_MAX)
            look_at((pid_t)pid, dir);
    }
    (void)closedir(proc);
}
