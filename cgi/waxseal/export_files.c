#include "export_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "output.h"

static bool
write_table(const wxs_export_source *from, const wxs_export_table *t,
            wxs_error *error)
{
    char path[PATH_MAX];
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    bool ok = out != NULL;

    if (ok) {
        t->print(out, from);
        ok = ferror(out) == 0;
        ok = fclose(out) == 0 && ok;
    }
    if (!ok)
        (void)wxs_fail(error, "out of memory");
    ok = ok &&
         wxs_path_join(path, sizeof(path), from->folder, t->name, error) &&
         wxs_file_write(path, text, len, 0600, WXS_FILE_REPLACE, error);
    free(text);
    return ok;
}

/* ---- the keys ---- */

/* "folder/keys", "folder/keys/domain", "folder/keys/domain/selector.pem" */
static bool
key_path(char path[PATH_MAX], const char *folder, const char *domain,
         const char *selector, wxs_error *error)
{
    int n =
        snprintf(path, PATH_MAX, "%s/keys%s%s%s%s%s", folder,
                 domain != NULL ? "/" : "", domain != NULL ? domain : "",
                 selector != NULL ? "/" : "", selector != NULL ? selector : "",
                 selector != NULL ? WXS_KEY_SUFFIX : "");

    return (n > 0 && n < PATH_MAX) ||
           wxs_fail(error, "the path of a key is too long");
}

static bool
make_private(const char *path, wxs_error *error)
{
    if (!wxs_dir_make(path, 0700, error))
        return false;
    return chmod(path, 0700) == 0 ||
           wxs_fail(error, "cannot set the mode of %s: %s", path,
                    strerror(errno));
}

/* Is the key there already? A selector's key never changes. */
static bool
is_there(const char *path, const char *wanted)
{
    char text[8192];
    FILE *file = fopen(path, "re");
    struct stat status;
    size_t len;

    if (file == NULL)
        return false;
    len = fread(text, 1, sizeof(text), file);
    (void)fclose(file);
    return len == strlen(wanted) && memcmp(text, wanted, len) == 0 &&
           stat(path, &status) == 0 && (status.st_mode & 0777) == 0600;
}

static bool
write_key(const char *folder, wxs_export_format format, const json_t *key,
          wxs_error *error)
{
    const char *domain = wxs_json_text(key, "domain", "");
    const char *text = wxs_export_key_text(format, key);
    char path[PATH_MAX];

    if (!key_path(path, folder, domain, NULL, error) ||
        !make_private(path, error) ||
        !key_path(path, folder, domain, wxs_json_text(key, "selector", ""),
                  error))
        return false;
    return is_there(path, text) ||
           wxs_file_write(path, text, strlen(text), 0600, WXS_FILE_REPLACE,
                          error);
}

static bool
write_keys(const char *folder, wxs_export_format format, const json_t *keys,
           size_t *count, wxs_error *error)
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    char path[PATH_MAX];
    const json_t *key;
    size_t i;

    *count = 0;
    if (!key_path(path, folder, NULL, NULL, error) ||
        !make_private(path, error))
        return false;
    json_array_foreach(keys, i, key)
    {
        if (!wxs_export_signs(key))
            continue;
        if (!write_key(folder, format, key, error))
            return false;
        if (++*count % 100 == 0 && terminal)
            (void)fprintf(stderr, "\r%zu of %zu keys", *count,
                          json_array_size(keys));
    }
    if (terminal && *count >= 100)
        (void)fputs("\r\033[K", stderr);
    return true;
}

/* ---- what is no longer needed ---- */

/* The files that may stay, as "domain/selector.pem". A key that no longer signs
 * is kept as long as an MTA may still go by an older table. */
static json_t *
wanted_files(const json_t *keys, bool tables)
{
    json_t *wanted = json_object();
    char name[512];
    const json_t *key;
    size_t i;

    json_array_foreach(keys, i, key)
    {
        (void)snprintf(name, sizeof(name), "%s/%s" WXS_KEY_SUFFIX,
                       wxs_json_text(key, "domain", ""),
                       wxs_json_text(key, "selector", ""));
        if ((tables || wxs_export_signs(key)) &&
            json_object_set_new(wanted, name, json_true()) != 0) {
            json_decref(wanted);
            return NULL;
        }
    }
    return wanted;
}

static bool
ends_in(const char *name, const char *suffix)
{
    size_t len = strlen(name), end = strlen(suffix);

    return len > end && strcmp(name + len - end, suffix) == 0;
}

static void
prune_domain(const char *path, const char *domain, const json_t *wanted)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    char name[sizeof(entry->d_name) + NAME_MAX + 2];

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        bool ours = ends_in(entry->d_name, WXS_KEY_SUFFIX) ||
                    ends_in(entry->d_name, WXS_KEY_SUFFIX ".new");

        (void)snprintf(name, sizeof(name), "%s/%s", domain, entry->d_name);
        if (ours && json_object_get(wanted, name) == NULL)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir != NULL)
        (void)closedir(dir);
    (void)rmdir(path); /* stays unless it is empty */
}

/* What cannot be removed is no harm: no table names it. */
static void
prune(const char *folder, const json_t *keys, bool tables)
{
    json_t *wanted = wanted_files(keys, tables);
    char path[PATH_MAX];
    const struct dirent *entry;
    DIR *dir = NULL;

    if (wanted != NULL && key_path(path, folder, NULL, NULL, NULL))
        dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' &&
            key_path(path, folder, entry->d_name, NULL, NULL))
            prune_domain(path, entry->d_name, wanted);
    }
    if (dir != NULL)
        (void)closedir(dir);
    json_decref(wanted);
}

/* The keys that the format can use. */
static json_t *
choose(const json_t *keys, wxs_export_format format, size_t *left_out)
{
    json_t *chosen = json_array();
    json_t *key;
    size_t i;

    json_array_foreach(keys, i, key)
    {
        if (wxs_export_rsa_only(format) && wxs_export_is_ed25519(key)) {
            *left_out += wxs_export_signs(key);
            continue;
        }
        if (json_array_append(chosen, key) != 0) {
            json_decref(chosen);
            return NULL;
        }
    }
    return chosen;
}

static bool
write_all(const char *folder, wxs_export_format format, const json_t *keys,
          size_t *count, wxs_error *error)
{
    const wxs_export_source from = {folder, keys};
    const wxs_export_table *t = wxs_export_tables(format);
    bool tables = t->name != NULL;
    bool ok = write_keys(folder, format, keys, count, error);

    for (; ok && t->name != NULL; t++)
        ok = write_table(&from, t, error);
    if (ok)
        prune(folder, keys, tables);
    return ok;
}

bool
wxs_export_folder_check(const char *folder, wxs_error *error)
{
    size_t len = strspn(folder, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz"
                                "0123456789/._+-");

    return folder[len] == '\0' ||
           wxs_fail(error,
                    "the path %s holds a character that the tables of MTAs "
                    "cannot express; letters, digits and / . _ + - can be used",
                    folder);
}

bool
wxs_export_files(const char *folder, wxs_export_format format,
                 const json_t *keys, wxs_export_count *count, wxs_error *error)
{
    *count = (wxs_export_count){0};
    json_t *chosen = choose(keys, format, &count->left_out);
    int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = false;

    if (chosen == NULL)
        (void)wxs_fail(error, "out of memory");
    else if (lock < 0 || flock(lock, LOCK_EX) != 0)
        (void)wxs_fail(error, "cannot lock %s: %s", folder, strerror(errno));
    else
        ok = write_all(folder, format, chosen, &count->written, error);
    if (lock >= 0)
        (void)close(lock);
    json_decref(chosen);
    return ok;
}
