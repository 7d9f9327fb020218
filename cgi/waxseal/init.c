#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args.h"
#include "box.h"
#include "certificate.h"
#include "config.h"
#include "file.h"
#include "first_account.h"
#include "seal.h"
#include "user.h"

bool
wxs_init_folders(const char *dir, wxs_error *error)
{
    static const char *const names[] = {"/certs", "/journal", "/run",
                                        "/run/nginx"};
    char path[PATH_MAX];

    if (!wxs_dir_make(dir, 0750, error))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!wxs_path_join(path, sizeof(path), dir, names[i], error) ||
            !wxs_dir_make(path, 0750, error))
            return false;
    }
    return true;
}

static bool
settings_make(const char *dir, wxs_error *error)
{
    char path[PATH_MAX];
    const char *text = wxs_embedded_text("conf/waxseal.conf.in", error);

    return text != NULL &&
           wxs_path_join(path, sizeof(path), dir, "/waxseal.conf", error) &&
           wxs_file_write(path, text, strlen(text), 0640, WXS_FILE_NEW, error);
}

/* A key file appears whole or not at all: half a key would be worse. */
static bool
seal_key_make(const char *dir, const char *name, wxs_error *error)
{
    char path[PATH_MAX], fresh[PATH_MAX];

    if (!wxs_path_join(path, sizeof(path), dir, name, error) ||
        !wxs_path_join(fresh, sizeof(fresh), path, ".new", error))
        return false;
    if (wxs_file_exists(path))
        return true;
    if (unlink(fresh) != 0 && errno != ENOENT)
        return wxs_fail(error, "cannot remove %s: %s", fresh, strerror(errno));
    return wxs_seal_key_create(fresh, error) &&
           wxs_file_rename(fresh, path, error);
}

/* What the operator manages accounts with; no hash of it is kept elsewhere. */
static bool
admin_key_make(const char *dir, wxs_error *error)
{
    char path[PATH_MAX], key[WXS_API_KEY_TEXT], line[WXS_API_KEY_TEXT + 1];
    uint8_t hash[WXS_API_KEY_HASH];

    if (!wxs_path_join(path, sizeof(path), dir, "/admin.key", error))
        return false;
    if (wxs_file_exists(path))
        return true;
    if (!wxs_api_key_new(key, hash))
        return wxs_fail(error, "the system gives no random numbers");
    int len = snprintf(line, sizeof(line), "%s\n", key);
    return wxs_file_write(path, line, (size_t)len, 0600, WXS_FILE_NEW, error);
}

/* With it the API can keep private keys that it receives, see box.h. */
static bool
box_key_publish(const char *dir, wxs_error *error)
{
    wxs_seal_key master;
    wxs_db *control = NULL;
    char path[PATH_MAX];
    bool ok;

    if (!wxs_path_join(path, sizeof(path), dir, "/master.key", error) ||
        !wxs_seal_key_load(&master, path, error))
        return false;
    ok = wxs_db_open(&control, dir, WXS_DB_CONTROL, WXS_DB_WRITE, error) &&
         wxs_box_key_publish(control, &master, error);
    wxs_db_close(control);
    wxs_seal_key_clear(&master);
    return ok;
}

/* Holds off other processes that initialize the same directory. */
static int
dir_lock(const char *dir, wxs_error *error)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        (void)wxs_fail(error, "cannot lock %s: %s", dir, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    return fd;
}

bool
wxs_init(const char *dir, bool settings, char api_key[WXS_API_KEY_TEXT],
         wxs_error *error)
{
    if (!wxs_init_folders(dir, error))
        return false;
    int lock = dir_lock(dir, error);
    if (lock < 0)
        return false;
    bool ok = (!settings || settings_make(dir, error)) &&
              seal_key_make(dir, "/master.key", error) &&
              seal_key_make(dir, "/link.key", error) &&
              seal_key_make(dir, "/webhook.key", error) &&
              wxs_db_migrate(dir, error) && box_key_publish(dir, error) &&
              wxs_first_account(dir, api_key, error) &&
              admin_key_make(dir, error) && wxs_certificate_make(dir, error);
    (void)close(lock);
    return ok;
}

int
wxs_init_main(int argc, char **argv)
{
    static const char help[] =
        "Usage: waxseal init --dir DIR [--config FILE]\n"
        "\n"
        "Makes a state directory, or what one lacks: settings, databases, "
        "keys, the\n"
        "default account. Overwrites nothing. `waxseal run` does this by "
        "itself.\n"
        "\n"
        "  --dir DIR      the state directory\n"
        "  --config FILE  settings in place of DIR/waxseal.conf\n"
        "  --user NAME    started as root: whose the directory is to be\n"
        "  --help, --version\n";
    const char *dir = NULL, *config_file = NULL, *user = NULL;
    const wxs_option options[] = {{"dir", &dir, NULL},
                                  {"config", &config_file, NULL},
                                  {"user", &user, NULL},
                                  {0}};
    const wxs_command command = {"waxseal init", help, options, 0};
    char api_key[WXS_API_KEY_TEXT];
    wxs_config config;
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, NULL);
    if (code >= 0)
        return code;
    if (dir == NULL)
        return wxs_misused(&command, "--dir is missing");
    (void)umask(027);
    if (!wxs_user_settle(dir, user, &error) ||
        !wxs_init(dir, config_file == NULL, api_key, &error) ||
        !wxs_config_load(&config, dir, config_file, &error))
        return wxs_complain(&command, &error);
    if (printf("State directory %s is complete.\n", config.dir) < 0 ||
        (api_key[0] != '\0' && printf("API key: %s (kept in %s/api.key)\n",
                                      api_key, config.dir) < 0) ||
        fflush(stdout) != 0)
        return 1;
    return 0;
}
