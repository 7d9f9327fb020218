#include "own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define DEPTH_MAX 16

typedef struct {
    uid_t uid;
    gid_t gid;
    dev_t device;
} owner;

/* The folder's entries, through a descriptor of their own. */
static DIR *
list_open(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);

    if (list == NULL && fd >= 0)
        (void)close(fd);
    return list;
}

static bool
name_is_usual(const char *name)
{
    /* what an early end, a fresh file system or an operator leaves in a folder
     * that is to become a state directory */
    static const char *const usual[] = {
        ".",       "..",      "lost+found",       "run",           "certs",
        "journal", "api.key", "waxseal.conf.new", "master.key.new"};

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (strcmp(name, usual[i]) == 0)
            return true;
    }
    return false;
}

/* Root must not give /etc away because of a slip of the hand. */
static bool
dir_is_state(int dir)
{
    static const char *const marks[] = {"waxseal.conf", "control.db",
                                        "master.key"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (faccessat(dir, marks[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return true;
    }
    DIR *list = list_open(dir);
    if (list == NULL)
        return false;
    const struct dirent *entry;
    bool usual = true;
    while (usual && (entry = readdir(list)) != NULL)
        usual = name_is_usual(entry->d_name);
    (void)closedir(list);
    return usual;
}

static bool own_entries(int dir, const owner *to, int depth);

/* fd was opened with O_PATH, so what is looked at is what is given away. */
static bool
own_entry(int dir, int fd, const char *name, const owner *to, int depth)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return false;
    bool folder = S_ISDIR(status.st_mode);
    bool file = (S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode)) &&
                status.st_nlink == 1;
    if (status.st_dev != to->device || (!folder && !file))
        return true;
    if (folder && depth < DEPTH_MAX) {
        int sub =
            openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sub < 0)
            return false;
        bool ok = own_entries(sub, to, depth + 1);
        int saved = errno;
        (void)close(sub);
        errno = saved;
        if (!ok)
            return false;
    }
    if (status.st_uid == to->uid && status.st_gid == to->gid)
        return true;
    return fchownat(fd, "", to->uid, to->gid, AT_EMPTY_PATH) == 0;
}

static bool
own_entries(int dir, const owner *to, int depth)
{
    DIR *list = list_open(dir);
    const struct dirent *entry;
    bool ok = list != NULL;

    while (ok && (entry = readdir(list)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int fd = openat(dir, entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
            ok = errno == ENOENT;
            continue;
        }
        ok = own_entry(dir, fd, entry->d_name, to, depth);
        int saved = errno;
        (void)close(fd);
        errno = saved;
    }
    int saved = errno;
    if (list != NULL)
        (void)closedir(list);
    errno = saved;
    return ok;
}

bool
wxs_own(const char *dir, uid_t uid, gid_t gid, wxs_error *error)
{
    struct stat status;

    if (!wxs_dir_make(dir, 0750, error))
        return false;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return wxs_fail(error, "cannot open %s: %s", dir, strerror(errno));
    bool ok = dir_is_state(fd);
    if (!ok) {
        (void)wxs_fail(error,
                       "%s holds other files and is not a state directory of "
                       "Waxseal: give a folder of its own with --dir",
                       dir);
        goto out;
    }
    ok = fstat(fd, &status) == 0;
    if (ok) {
        owner to = {.uid = uid, .gid = gid, .device = status.st_dev};
        ok = own_entries(fd, &to, 0) && fchown(fd, uid, gid) == 0;
    }
    if (!ok)
        (void)wxs_fail(error, "cannot give %s to user %u: %s", dir,
                       (unsigned)uid, strerror(errno));
out:
    (void)close(fd);
    return ok;
}
