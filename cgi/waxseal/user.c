#include "user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"

typedef struct {
    uid_t uid;
    gid_t gid;
    char name[64]; /* "" for a number without an entry in passwd */
} user;

static bool
user_from_entry(const struct passwd *entry, user *found, wxs_error *error)
{
    int n = snprintf(found->name, sizeof(found->name), "%s", entry->pw_name);

    if (n < 0 || (size_t)n >= sizeof(found->name))
        return wxs_fail(error, "the user name %s is too long", entry->pw_name);
    found->uid = entry->pw_uid;
    found->gid = entry->pw_gid;
    return true;
}

static bool
user_by_owner(const struct stat *owner, user *found, wxs_error *error)
{
    const struct passwd *entry = getpwuid(owner->st_uid);

    if (entry != NULL)
        return user_from_entry(entry, found, error);
    found->uid = owner->st_uid;
    found->gid = owner->st_gid;
    found->name[0] = '\0';
    return true;
}

static bool
user_find(const char *dir, const char *name, user *found, wxs_error *error)
{
    struct stat owner;
    const struct passwd *entry;

    if (name != NULL) {
        entry = getpwnam(name);
        if (entry == NULL)
            return wxs_fail(error, "there is no user %s", name);
        return user_from_entry(entry, found, error);
    }
    if (stat(dir, &owner) == 0 && owner.st_uid != 0)
        return user_by_owner(&owner, found, error);
    entry = getpwnam("waxseal");
    if (entry == NULL)
        entry = getpwnam("www-data");
    if (entry == NULL)
        return wxs_fail(error,
                        "started as root, and there is no user waxseal or "
                        "www-data to run as: give one with --user");
    return user_from_entry(entry, found, error);
}

static bool
user_become(const user *target, wxs_error *error)
{
    bool ok = target->name[0] != '\0'
                  ? initgroups(target->name, target->gid) == 0
                  : setgroups(1, &target->gid) == 0;

    if (!ok || setgid(target->gid) != 0 || setuid(target->uid) != 0)
        return wxs_fail(error, "cannot become user %u: %s",
                        (unsigned)target->uid, strerror(errno));
    if (getuid() != target->uid || geteuid() != target->uid ||
        getgid() != target->gid || getegid() != target->gid || setuid(0) == 0 ||
        setgid(0) == 0)
        return wxs_fail(error, "root's rights could not be given up");
    return true;
}

/* Not root: is name, if given, who we are already? */
static bool
user_is_us(const char *name, wxs_error *error)
{
    const struct passwd *entry;

    if (name == NULL)
        return true;
    entry = getpwnam(name);
    if (entry == NULL)
        return wxs_fail(error, "there is no user %s", name);
    if (entry->pw_uid != geteuid())
        return wxs_fail(error, "only root can run this as %s", name);
    return true;
}

bool
wxs_user_settle(const char *dir, const char *name, wxs_error *error)
{
    user target = {0};

    if (geteuid() != 0)
        return user_is_us(name, error);
    if (!user_find(dir, name, &target, error))
        return false;
    if (target.uid == 0 || target.gid == 0)
        return wxs_fail(error, "Waxseal does not run as root: give an "
                               "ordinary user with --user");
    return wxs_own(dir, target.uid, target.gid, error) &&
           user_become(&target, error);
}

static bool
folder_make(const char *folder, const user *target, wxs_error *error)
{
    if (mkdir(folder, 0700) != 0)
        return errno == EEXIST ||
               wxs_fail(error, "cannot make the folder %s: %s", folder,
                        strerror(errno));
    return chown(folder, target->uid, target->gid) == 0 ||
           wxs_fail(error, "cannot give %s to user %u: %s", folder,
                    (unsigned)target->uid, strerror(errno));
}

bool
wxs_user_serve(const char *folder, const char *name, wxs_error *error)
{
    user target = {0};
    struct stat owner;

    if (geteuid() != 0)
        return user_is_us(name, error);
    if (name != NULL) {
        if (!user_find(folder, name, &target, error))
            return false;
    } else if (stat(folder, &owner) != 0) {
        return wxs_fail(error, "give with --owner the user for whom %s is made",
                        folder);
    } else if (!user_by_owner(&owner, &target, error)) {
        return false;
    }
    if (target.uid == 0 || target.gid == 0)
        return wxs_fail(error, "the keys are not written as root: give the "
                               "user who reads them with --owner");
    return folder_make(folder, &target, error) && user_become(&target, error);
}
