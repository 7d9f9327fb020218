#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "db.h"
#include "log.h"
#include "worker.h"

#define LOCK_WAIT_MS 10000
#define STOP_WAIT_S  10

static const char usage[] =
    "usage: waxseal-worker --dir DIR [--config FILE]\n"
    "Checks domains, keeps the lookup table and the pool of DKIM keys,\n"
    "collects events from the journal, delivers webhooks and obtains\n"
    "certificates, until TERM or INT.\n";

struct task {
    const char *name; /* of the thread, at most 15 characters */
    void (*run)(const wxs_worker *worker);
    const wxs_worker *worker;
    pthread_t thread;
};

static void *
run_task(void *argument)
{
    const struct task *task = argument;

    (void)pthread_setname_np(pthread_self(), task->name);
    task->run(task->worker);
    return NULL;
}

/* Parses the command line; an exit code to end with, or -1 to go on. */
static int
parse_options(int argc, char **argv, const char **dir, const char **file)
{
    static const struct option options[] = {
        {"dir", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'd':
            *dir = optarg;
            break;
        case 'c':
            *file = optarg;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return 0;
        default:
            (void)fputs(usage, stderr);
            return 2;
        }
    }
    if (*dir != NULL && optind == argc)
        return -1;
    (void)fputs(usage, stderr);
    return 2;
}

/* Takes DIR/run/worker.lock, held until the process ends. Waits for a
 * predecessor that is about to die; a signal ends the waiting. */
static bool
take_lock(const wxs_config *config, const sigset_t *signals, wxs_error *error)
{
    static const struct timespec pause = {.tv_nsec = 100000000L};
    int64_t end = wxs_monotonic_ms() + LOCK_WAIT_MS;
    char path[512];
    int fd;

    if (!wxs_config_path(config, "run", path, sizeof path) ||
        (mkdir(path, 0750) == -1 && errno != EEXIST) ||
        !wxs_config_path(config, "run/worker.lock", path, sizeof path))
        return wxs_fail(error, "cannot create %s/run: %s", config->dir,
                        strerror(errno));
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd == -1)
        return wxs_fail(error, "cannot open %s: %s", path, strerror(errno));
    while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
        if (wxs_monotonic_ms() >= end ||
            sigtimedwait(signals, NULL, &pause) != -1) {
            (void)close(fd);
            return wxs_fail(error,
                            "another waxseal-worker is running on %s; "
                            "stop it first",
                            config->dir);
        }
    }
    return true;
}

static bool
start_tasks(struct task *tasks, size_t count, wxs_error *error)
{
    for (size_t i = 0; i < count; i++) {
        int code = pthread_create(&tasks[i].thread, NULL, run_task, &tasks[i]);

        if (code != 0)
            return wxs_fail(error, "cannot start thread %s: %s", tasks[i].name,
                            strerror(code));
    }
    return true;
}

/* Waits for the threads, but not for ever: every one of them may be killed at
 * any instant without harm. */
static void
stop_tasks(struct task *tasks, size_t count, int stop_fd)
{
    struct timespec deadline;

    if (eventfd_write(stop_fd, 1) != 0 ||
        clock_gettime(CLOCK_REALTIME, &deadline) != 0)
        return;
    deadline.tv_sec += STOP_WAIT_S;
    for (size_t i = 0; i < count; i++)
        if (pthread_timedjoin_np(tasks[i].thread, NULL, &deadline) != 0)
            wxs_log(WXS_LOG_WARN, "thread did not stop in time", "task",
                    tasks[i].name, NULL);
}

static bool
serve(const wxs_config *config, const sigset_t *signals, wxs_error *error)
{
    wxs_worker worker = {.config = config};
    struct task tasks[] = {
        {.name = "verify", .run = wxs_verify_run, .worker = &worker},
        {.name = "feed", .run = wxs_feed_run, .worker = &worker},
        {.name = "collect", .run = wxs_collect_run, .worker = &worker},
        {.name = "finalize", .run = wxs_finalize_run, .worker = &worker},
        {.name = "keys", .run = wxs_keys_run, .worker = &worker},
        {.name = "deliver", .run = wxs_deliver_run, .worker = &worker},
        {.name = "forget", .run = wxs_forget_run, .worker = &worker},
        {.name = "certs", .run = wxs_certs_run, .worker = &worker},
        {.name = "probe", .run = wxs_probe_run, .worker = &worker},
    };
    const size_t count = sizeof tasks / sizeof tasks[0];
    int signal;

    if (!take_lock(config, signals, error) ||
        !wxs_db_migrate(config->dir, error))
        return false;
    worker.stop_fd = eventfd(0, EFD_CLOEXEC);
    if (worker.stop_fd == -1)
        return wxs_fail(error, "cannot make an eventfd: %s", strerror(errno));
    /* before there are threads, any of which may be the first to use it */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return wxs_fail(error, "libcurl cannot be set up");
    if (!start_tasks(tasks, count, error))
        return false;
    wxs_log(WXS_LOG_INFO, "started", "dir", config->dir, NULL);
    if (sigwait(signals, &signal) == 0)
        wxs_log(WXS_LOG_INFO, "stopping", "signal", strsignal(signal), NULL);
    stop_tasks(tasks, count, worker.stop_fd);
    return true;
}

int
main(int argc, char **argv)
{
    const char *dir = NULL, *file = NULL;
    static wxs_config config;
    wxs_error error;
    sigset_t signals;
    int code = parse_options(argc, argv, &dir, &file);

    if (code != -1)
        return code;
    wxs_log_init("waxseal-worker");
    (void)umask(0027);
    if (sigemptyset(&signals) != 0 || sigaddset(&signals, SIGTERM) != 0 ||
        sigaddset(&signals, SIGINT) != 0 ||
        pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0)
        return 1;
    if (!wxs_config_load(&config, dir, file, &error) ||
        !serve(&config, &signals, &error))
        wxs_worker_fatal("start", &error);
    /* not return: a thread that did not stop in time still runs */
    _exit(0);
}
