#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin_key.h"
#include "fcgi.h"
#include "log.h"
#include "rate_limit.h"
#include "request_log.h"

#define THREADS_DEFAULT 4
#define THREADS_MAX     64
#define BACKLOG         511

struct options {
    const char *dir;
    const char *config;
    const char *socket;
    size_t threads;
    bool help;
};

struct worker {
    const wxs_service *service;
    wxs_context context;
    pthread_t thread;
    bool started;
    int listen_fd;
    int stop_fd;
};

static void
print_usage(FILE *stream, const char *name)
{
    fprintf(stream,
            "Usage: %s --dir DIR [--config FILE] [--socket PATH] "
            "[--threads N]\n"
            "Serves FastCGI on standard input if that is a listening socket, "
            "else on PATH.\n"
            "  --dir DIR      state directory\n"
            "  --config FILE  settings (DIR/waxseal.conf)\n"
            "  --socket PATH  unix socket to create, mode 0660\n"
            "  --threads N    requests served at once, 1 to %d (%d)\n",
            name, THREADS_MAX, THREADS_DEFAULT);
}

static bool
parse_threads(const char *text, size_t *threads)
{
    char *end;
    long value = strtol(text, &end, 10);

    *threads = (size_t)value;
    return end != text && *end == '\0' && value >= 1 && value <= THREADS_MAX;
}

static bool
parse_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"dir", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 's'},
        {"threads", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    bool ok = true;
    int c;

    *options = (struct options){.threads = THREADS_DEFAULT};
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (c == 'd')
            options->dir = optarg;
        else if (c == 'c')
            options->config = optarg;
        else if (c == 's')
            options->socket = optarg;
        else if (c == 't')
            ok = parse_threads(optarg, &options->threads) && ok;
        else if (c == 'h')
            options->help = true;
        else
            ok = false;
    }
    return options->help || (ok && options->dir != NULL && optind == argc);
}

static bool
is_listening(int fd)
{
    int listening = 0;
    socklen_t len = sizeof(listening);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 &&
           listening != 0;
}

/* Creates the socket in place of one that an earlier run left behind. */
static int
create_socket(const char *path, wxs_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    mode_t before;
    int fd;
    bool ok;

    if (strlen(path) >= sizeof(address.sun_path)) {
        wxs_fail(error, "the socket path is longer than %zu bytes: %s",
                 sizeof(address.sun_path) - 1, path);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    before = umask(0117);
    ok = fd >= 0 &&
         bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
         listen(fd, BACKLOG) == 0;
    umask(before);
    if (ok)
        return fd;
    wxs_fail(error, "cannot listen on %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int
open_socket(const struct options *options, wxs_error *error)
{
    int fd = STDIN_FILENO;
    int flags;

    if (!is_listening(fd)) {
        if (options->socket == NULL) {
            wxs_fail(error, "standard input is not a listening socket, and "
                            "there is no --socket");
            return -1;
        }
        fd = create_socket(options->socket, error);
        if (fd < 0)
            return -1;
    }
    flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
        return fd;
    wxs_fail(error, "cannot set up the socket: %s", strerror(errno));
    return -1;
}

static void *
run_worker(void *arg)
{
    struct worker *worker = arg;

    wxs_fcgi_serve(worker->service, &worker->context, worker->listen_fd,
                   worker->stop_fd);
    return NULL;
}

static bool
start_worker(struct worker *worker, const wxs_config *config, wxs_error *error)
{
    wxs_context *context = &worker->context;
    int rc;

    if (!wxs_context_open(context, worker->service, config->dir, error))
        return false;
    rc = pthread_create(&worker->thread, NULL, run_worker, worker);
    if (rc != 0)
        return wxs_fail(error, "cannot start a thread: %s", strerror(rc));
    worker->started = true;
    return true;
}

static void
stop_workers(struct worker *workers, size_t count, int stop_fd)
{
    const uint64_t one = 1;

    if (write(stop_fd, &one, sizeof(one)) < 0)
        wxs_log(WXS_LOG_ERROR, "cannot tell the threads to stop", NULL);
    for (size_t i = 0; i < count; i++) {
        if (workers[i].started)
            pthread_join(workers[i].thread, NULL);
        wxs_context_close(&workers[i].context);
    }
}

/* Serves until one of the signals arrives. */
static bool
serve(const wxs_service *service, const wxs_config *config, void *state,
      const struct options *options, const sigset_t *signals, wxs_error *error)
{
    struct worker workers[THREADS_MAX] = {0};
    int listen_fd = open_socket(options, error);
    int stop_fd = eventfd(0, EFD_CLOEXEC);
    bool ok = listen_fd >= 0;
    int received;

    if (ok && stop_fd < 0)
        ok = wxs_fail(error, "eventfd: %s", strerror(errno));
    for (size_t i = 0; ok && i < options->threads; i++) {
        workers[i] = (struct worker){
            .service = service,
            .context = {.config = config, .state = state},
            .listen_fd = listen_fd,
            .stop_fd = stop_fd,
        };
        ok = start_worker(&workers[i], config, error);
    }
    if (ok) {
        wxs_log(WXS_LOG_INFO, "ready", NULL);
        while (sigwait(signals, &received) != 0)
            ;
    }
    stop_workers(workers, options->threads, stop_fd);
    if (listen_fd > STDIN_FILENO)
        unlink(options->socket);
    if (listen_fd >= 0)
        close(listen_fd);
    if (stop_fd >= 0)
        close(stop_fd);
    return ok;
}

/* The library's own handlers of TERM and USR1 only set a flag that ends every
 * accept for good, so the signals are blocked, here and in all threads. */
static bool
block_signals(sigset_t *signals, wxs_error *error)
{
    if (sigemptyset(signals) == 0 && sigaddset(signals, SIGTERM) == 0 &&
        sigaddset(signals, SIGINT) == 0 && sigaddset(signals, SIGUSR1) == 0 &&
        pthread_sigmask(SIG_BLOCK, signals, NULL) == 0 &&
        signal(SIGPIPE, SIG_IGN) != SIG_ERR)
        return true;
    return wxs_fail(error, "cannot set up the signals");
}

static bool
run(const wxs_service *service, const struct options *options,
    wxs_config *config, wxs_error *error)
{
    sigset_t signals;
    void *state = NULL;
    bool ok;

    if (!block_signals(&signals, error) ||
        !wxs_config_load(config, options->dir, options->config, error) ||
        !wxs_write_open(config->dir, service->uses_events, error))
        return false;
    if (!wxs_admin_key_load(config, error) ||
        !wxs_rate_open(config->dir, error) ||
        !wxs_request_log_start(config, error)) {
        ok = false;
        goto out;
    }
    if (FCGX_Init() != 0) {
        ok = wxs_fail(error, "cannot set up FastCGI");
        goto out;
    }
    ok = service->start == NULL || service->start(config, &state, error);
    if (!ok)
        goto out;
    ok = serve(service, config, state, options, &signals, error);
    if (service->stop != NULL)
        service->stop(state);

out:
    wxs_request_log_stop();
    wxs_rate_close();
    wxs_write_close();
    return ok;
}

int
wxs_service_main(const wxs_service *service, int argc, char **argv)
{
    struct options options;
    wxs_config config;
    wxs_error error;

    wxs_log_init(service->name);
    if (!parse_options(argc, argv, &options)) {
        print_usage(stderr, service->name);
        return 2;
    }
    if (options.help) {
        print_usage(stdout, service->name);
        return 0;
    }
    if (run(service, &options, &config, &error))
        return 0;
    wxs_log(WXS_LOG_ERROR, "cannot serve", "error", error.text, NULL);
    return 1;
}
