#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "embedded.h"

static bool
write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return false;
        }
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static bool
sync_parent(const char *path, wxs_error *error)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);

    if (len >= sizeof(parent))
        return wxs_fail(error, "the path %s is too long", path);
    memcpy(parent, path, len);
    parent[len] = '\0';
    const char *folder = slash == NULL ? "." : len == 0 ? "/" : parent;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return wxs_fail(error, "cannot open %s: %s", folder, strerror(errno));
    bool ok = fsync(fd) == 0;
    if (!ok)
        (void)wxs_fail(error, "cannot sync %s: %s", folder, strerror(errno));
    (void)close(fd);
    return ok;
}

bool
wxs_file_rename(const char *from, const char *path, wxs_error *error)
{
    if (rename(from, path) != 0)
        return wxs_fail(error, "cannot rename %s to %s: %s", from, path,
                        strerror(errno));
    return sync_parent(path, error);
}

static bool
write_synced(const char *path, const char *data, size_t size, mode_t mode)
{
    int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

    if (fd < 0)
        return false;
    bool ok =
        write_all(fd, data, size) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    int saved = errno;
    if (close(fd) != 0 && ok) {
        saved = errno;
        ok = false;
    }
    errno = saved;
    return ok;
}

bool
wxs_file_write(const char *path, const char *data, size_t size, mode_t mode,
               wxs_file_mode how, wxs_error *error)
{
    char fresh[PATH_MAX];

    if (how == WXS_FILE_NEW && wxs_file_exists(path))
        return true;
    if (!wxs_path_join(fresh, sizeof(fresh), path, ".new", error))
        return false;
    /* what an earlier process was killed over */
    if (unlink(fresh) != 0 && errno != ENOENT)
        return wxs_fail(error, "cannot remove %s: %s", fresh, strerror(errno));
    if (!write_synced(fresh, data, size, mode))
        return wxs_fail(error, "cannot write %s: %s", fresh, strerror(errno));
    return wxs_file_rename(fresh, path, error);
}

bool
wxs_file_exists(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

bool
wxs_file_read_line(const char *path, char *line, size_t cap, wxs_error *error)
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return wxs_fail(error, "cannot open %s: %s", path, strerror(errno));
    size_t len = fread(line, 1, cap, file);
    bool ok = ferror(file) == 0;
    (void)fclose(file);
    if (!ok)
        return wxs_fail(error, "cannot read %s", path);
    if (len == cap)
        return wxs_fail(error, "%s is longer than it can be", path);
    while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
        len--;
    line[len] = '\0';
    if (len == 0 || strlen(line) != len || strpbrk(line, "\r\n") != NULL)
        return wxs_fail(error, "%s does not hold one line of text", path);
    return true;
}

bool
wxs_dir_make(const char *path, mode_t mode, wxs_error *error)
{
    struct stat status;

    if (mkdir(path, mode) == 0)
        return true;
    if (errno != EEXIST)
        return wxs_fail(error, "cannot make the folder %s: %s", path,
                        strerror(errno));
    if (stat(path, &status) != 0)
        return wxs_fail(error, "cannot look at %s: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return wxs_fail(error, "%s is in the way: it is not a folder", path);
    return true;
}

bool
wxs_path_join(char *path, size_t cap, const char *first, const char *second,
              wxs_error *error)
{
    int n = snprintf(path, cap, "%s%s", first, second);

    if (n < 0 || (size_t)n >= cap)
        return wxs_fail(error, "the path %s%s is too long", first, second);
    return true;
}

const char *
wxs_embedded_text(const char *path, wxs_error *error)
{
    for (const struct wxs_embedded *file = wxs_embedded_files;
         file->path != NULL; file++) {
        if (strcmp(file->path, path) == 0)
            return file->data;
    }
    (void)wxs_fail(error, "the program was built without %s", path);
    return NULL;
}
