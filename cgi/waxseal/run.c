#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args.h"
#include "config.h"
#include "file.h"
#include "held.h"
#include "init.h"
#include "leftover.h"
#include "listeners.h"
#include "log.h"
#include "nginx_conf.h"
#include "programs.h"
#include "ready.h"
#include "supervise.h"
#include "table_build.h"
#include "user.h"

enum {
    NGINX,
    DOMAINS,
    TRACKING,
    EVENTS,
    WORKER,
    CHILDREN
};

#define ADDRESS_WAIT_MS 5000

/* All that `waxseal run` holds. */
typedef struct {
    char dir[PATH_MAX]; /* absolute */
    char file[PATH_MAX];
    const char *config_file; /* file, or NULL = the one in dir */
    wxs_config config;
    wxs_programs programs;
    char path[CHILDREN][PATH_MAX];
    char nginx_conf[PATH_MAX];
    wxs_child child[CHILDREN];
    int workers; /* of nginx; as many hold sockets of the edge, for good */
    wxs_held held;
    wxs_ready ready;
} run;

static const char *const names[CHILDREN] = {"nginx", "waxseal-domains",
                                            "waxseal-tracking",
                                            "waxseal-events", "waxseal-worker"};
static const char *const sockets[CHILDREN] = {
    NULL, "/run/domains.sock", "/run/tracking.sock", "/run/events.sock", NULL};

/* Keeps a second supervisor from the same directory. The lock ends with the
 * process; its file tells the pid. */
static bool
lock_take(const char *dir, wxs_error *error)
{
    char path[PATH_MAX], pid[16] = "";

    if (!wxs_path_join(path, sizeof(path), dir, "/run/waxseal.lock", error))
        return false;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return wxs_fail(error, "cannot open %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t len = read(fd, pid, sizeof(pid) - 1);
        pid[len > 0 ? len : 0] = '\0';
        pid[strspn(pid, "0123456789")] = '\0';
        (void)close(fd);
        return wxs_fail(error, "%s is served already, by process %s", dir,
                        pid[0] != '\0' ? pid : "unknown");
    }
    int len = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
    if (ftruncate(fd, 0) != 0 || write(fd, pid, (size_t)len) != len) {
        (void)wxs_fail(error, "cannot write %s: %s", path, strerror(errno));
        (void)close(fd);
        return false;
    }
    return true; /* fd stays open for good */
}

static int
nginx_workers(void)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    return cpus > 0 && cpus <= 1024 ? (int)cpus : 1;
}

static bool
nginx_conf_write(const run *self, wxs_error *error)
{
    return wxs_nginx_conf_write(&self->config, self->programs.module,
                                self->workers, error);
}

/* nginx is to know the tracking hosts from its first request on. The worker
 * mends what fails here. */
static void
table_supply(const run *self)
{
    char path[PATH_MAX];
    wxs_error error;

    if (!wxs_path_join(path, sizeof(path), self->dir, "/table.wxt", &error) ||
        (!wxs_file_exists(path) &&
         !wxs_table_build(&self->config, NULL, &error)))
        wxs_log(WXS_LOG_ERROR, "the lookup table is missing", "cause",
                error.text, NULL);
}

static bool
child_fill(run *self, size_t i, wxs_error *error)
{
    wxs_child *child = &self->child[i];
    char path[PATH_MAX];

    *child = (wxs_child){.name = names[i],
                         .socket = -1,
                         .stop_signal = SIGTERM,
                         .hurry_signal = SIGTERM,
                         .orphan_signal = SIGKILL};
    if (!wxs_path_join(path, sizeof(path), "/", names[i], error) ||
        !wxs_path_join(self->path[i], sizeof(self->path[i]),
                       self->programs.folder, path, error))
        return false;
    const char *const argv[] = {self->path[i], "--dir", self->dir,
                                self->config_file == NULL ? NULL : "--config",
                                self->config_file};
    memcpy(child->argv, argv, sizeof(argv));
    if (sockets[i] == NULL)
        return true;
    if (!wxs_path_join(path, sizeof(path), self->dir, sockets[i], error))
        return false;
    child->socket = wxs_listen_unix(path, error);
    return child->socket >= 0;
}

/* nginx ends with its master's TERM, not KILL: its workers would live on. */
static bool
nginx_fill(run *self, wxs_error *error)
{
    wxs_child *child = &self->child[NGINX];

    if (!wxs_path_join(self->nginx_conf, sizeof(self->nginx_conf), self->dir,
                       "/run/nginx.conf", error))
        return false;
    *child = (wxs_child){
        .name = names[NGINX],
        .argv = {self->programs.nginx, "-e", "stderr", "-c", self->nginx_conf},
        .socket = -1,
        .held = &self->held,
        .stop_signal = SIGQUIT,
        .hurry_signal = SIGTERM,
        .orphan_signal = SIGTERM};
    return true;
}

static bool
addresses_check(const wxs_config *config, wxs_error *error)
{
    const struct {
        const char *setting, *text;
    } list[] = {{"api.listen", config->api.listen},
                {"edge.listen", config->edge.listen},
                {"edge.tls_listen", config->edge.tls_listen}};

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(list[i].text, list[k].text) == 0)
                return wxs_fail(error, "%s and %s are both %s: set one anew",
                                list[k].setting, list[i].setting, list[i].text);
        }
        if (!wxs_address_free(list[i].text, list[i].setting, ADDRESS_WAIT_MS,
                              error))
            return false;
    }
    return true;
}

/* Everything up to the first program's start. */
static bool
prepare(run *self, const char *dir, const char *user, wxs_error *error)
{
    self->workers = nginx_workers();
    if (!wxs_user_settle(dir, user, error) ||
        !wxs_programs_find(&self->programs, error) ||
        !wxs_init_folders(dir, error))
        return false;
    if (realpath(dir, self->dir) == NULL)
        return wxs_fail(error, "cannot use %s: %s", dir, strerror(errno));
    if (self->config_file != NULL) {
        if (realpath(self->config_file, self->file) == NULL)
            return wxs_fail(error, "cannot read %s: %s", self->config_file,
                            strerror(errno));
        self->config_file = self->file;
    }
    if (!lock_take(self->dir, error) ||
        !wxs_init(self->dir, self->config_file == NULL, self->ready.api_key,
                  error) ||
        !wxs_config_load(&self->config, self->dir, self->config_file, error) ||
        !nginx_conf_write(self, error) || !nginx_fill(self, error))
        return false;
    for (size_t i = DOMAINS; i < CHILDREN; i++) {
        if (!child_fill(self, i, error))
            return false;
    }
    table_supply(self);
    wxs_leftover_end(self->dir);
    return addresses_check(&self->config, error) &&
           wxs_held_open(&self->held, &self->config, self->workers, error) &&
           wxs_ready_prepare(&self->ready, &self->config, error);
}

static bool
has_same_addresses(const wxs_config *a, const wxs_config *b)
{
    return strcmp(a->api.listen, b->api.listen) == 0 &&
           strcmp(a->edge.listen, b->edge.listen) == 0 &&
           strcmp(a->edge.tls_listen, b->edge.tls_listen) == 0;
}

/* nginx listens on new addresses by itself. */
static bool
on_reload(void *user)
{
    run *self = user;
    wxs_config fresh;
    wxs_error error;

    if (wxs_config_load(&fresh, self->dir, self->config_file, &error)) {
        if (!has_same_addresses(&self->config, &fresh))
            wxs_held_close(&self->held);
        self->config = fresh;
        if (nginx_conf_write(self, &error))
            return true;
    }
    wxs_log(WXS_LOG_ERROR, "the new settings cannot be used", "cause",
            error.text, NULL);
    return false;
}

static bool
on_ready(void *user)
{
    run *self = user;

    return wxs_ready_check(&self->ready);
}

/* What nginx does not accept any more is to be refused. */
static void
on_stopping(void *user)
{
    run *self = user;

    wxs_held_close(&self->held);
}

static void
release(run *self)
{
    wxs_held_close(&self->held);
    for (size_t i = 0; i < CHILDREN; i++) {
        if (self->child[i].socket >= 0)
            (void)close(self->child[i].socket);
    }
}

static const char help[] =
    "Usage: waxseal run --dir DIR [--config FILE] [--user NAME]\n"
    "\n"
    "Starts everything under one state directory and keeps it running, in "
    "the\n"
    "foreground. TERM or INT stops it, HUP takes over changed settings.\n"
    "\n"
    "  --dir DIR      the state directory; made if it is missing\n"
    "  --config FILE  settings in place of DIR/waxseal.conf\n"
    "  --user NAME    started as root: the user to run as (default: the "
    "owner of\n"
    "                 DIR, else waxseal, else www-data)\n"
    "  --help, --version\n";

int
wxs_run_main(int argc, char **argv)
{
    const char *dir = NULL, *user = NULL, *config_file = NULL;
    const wxs_option options[] = {{"dir", &dir, NULL},
                                  {"config", &config_file, NULL},
                                  {"user", &user, NULL},
                                  {0}};
    const wxs_command command = {"waxseal run", help, options, 0};
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, NULL);
    if (code >= 0)
        return code;
    if (dir == NULL)
        return wxs_misused(&command, "--dir is missing");
    wxs_log_init("waxseal");
    (void)umask(027);
    run *self = calloc(1, sizeof(*self));
    if (self == NULL || !wxs_supervise_prepare()) {
        (void)wxs_fail(&error, "cannot start: %s", strerror(errno));
        free(self);
        return wxs_complain(&command, &error);
    }
    self->config_file = config_file;
    for (size_t i = 0; i < CHILDREN; i++)
        self->child[i].socket = -1;
    if (prepare(self, dir, user, &error)) {
        wxs_supervise_hooks hooks = {on_ready, on_reload, on_stopping, self};
        wxs_supervise(self->child, CHILDREN, &hooks);
        code = 0;
    } else {
        code = wxs_complain(&command, &error);
    }
    release(self);
    free(self);
    return code;
}
