#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define CALL_MS      120000
#define KILL_MS      2000
#define OUTPUT_MAX   16384
#define ARGUMENTS    16
#define EXIT_MISSING 127 /* of the child: there is no such program */
#define EXIT_TRUST   126 /* of the child: acme.ca_file cannot be used */
#define SYSTEM_TRUST "/etc/ssl/certs/ca-certificates.crt"

typedef struct {
    const char *argument[ARGUMENTS];
    size_t count;
} arguments;

/* ---- in the child, between fork() and exec(): system calls only ---- */

static bool
write_file(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd != -1 && write(fd, text, len) == (ssize_t)len;

    if (fd != -1)
        (void)close(fd);
    return ok;
}

/* uacme trusts what the system trusts and has no option for more: it is shown
 * another file in the place of the system's, in a mount namespace of its own
 * (which takes a user namespace unless we are root). */
static bool
replace_trust(const char *ca_file, const char *uid_map)
{
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           write_file("/proc/self/uid_map", uid_map, strlen(uid_map)) &&
           mount(ca_file, SYSTEM_TRUST, NULL, MS_BIND, NULL) == 0;
}

_Noreturn static void
become_client(char **argv, char **environment, int output, const char *ca_file,
              const char *uid_map)
{
    sigset_t none;
    int null = open("/dev/null", O_RDONLY);

    (void)setsid();
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
        dup2(output, STDOUT_FILENO) == -1 || dup2(output, STDERR_FILENO) == -1)
        _exit(EXIT_MISSING);
    if (*ca_file != '\0' && !replace_trust(ca_file, uid_map))
        _exit(EXIT_TRUST);
    /* it must not outlive a worker that is killed: its order is made again */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execvpe(argv[0], argv, environment);
    _exit(EXIT_MISSING);
}

/* ---- its environment: nothing of ours but the way out ---- */

static void
fill_environment(char *environment[8])
{
    static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
    static char language[] = "LC_ALL=C";
    static const char *const passed[] = {
        "https_proxy=", "HTTPS_PROXY=", "no_proxy=", "NO_PROXY="};
    size_t used = 0;

    environment[used++] = path;
    environment[used++] = language;
    for (char **entry = environ; *entry != NULL; entry++)
        for (size_t i = 0; i < 4 && used < 7; i++)
            if (strncmp(*entry, passed[i], strlen(passed[i])) == 0)
                environment[used++] = *entry;
    environment[used] = NULL;
}

/* ---- the parent ---- */

/* Reads until the child closes its output; false when time is over or the
 * worker is to stop (*stopped). */
static bool
read_output(int fd, int stop_fd, char *text, size_t *len, bool *stopped)
{
    int64_t end = wxs_monotonic_ms() + CALL_MS;
    char rest[512];

    for (;;) {
        struct pollfd wait[] = {{.fd = fd, .events = POLLIN},
                                {.fd = stop_fd, .events = POLLIN}};
        int64_t left = end - wxs_monotonic_ms();
        ssize_t got;

        if (left <= 0)
            return false;
        if (poll(wait, 2, (int)left) == -1)
            continue;
        if (wait[1].revents != 0) {
            *stopped = true;
            return false;
        }
        if (wait[0].revents == 0)
            continue;
        got = *len < OUTPUT_MAX ? read(fd, text + *len, OUTPUT_MAX - *len)
                                : read(fd, rest, sizeof rest);
        if (got == 0 || (got == -1 && errno != EINTR))
            return true;
        if (got > 0 && *len < OUTPUT_MAX)
            *len += (size_t)got;
    }
}

/* The exit code, or -1 if it did not exit by itself. The output may be closed
 * a moment before. */
static int
reap(pid_t pid, bool at_once)
{
    int64_t end = wxs_monotonic_ms() + KILL_MS;
    int status = 0;
    pid_t got;

    if (at_once)
        (void)kill(-pid, SIGKILL);
    while ((got = waitpid(pid, &status, WNOHANG)) == 0 ||
           (got == -1 && errno == EINTR)) {
        if (wxs_monotonic_ms() >= end)
            (void)kill(-pid, SIGKILL);
        (void)usleep(2000);
    }
    return got == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
say(wxs_acme_outcome *outcome, wxs_acme_end end, const char *code,
    const char *message)
{
    outcome->end = end;
    (void)snprintf(outcome->code, sizeof outcome->code, "%s", code);
    (void)snprintf(outcome->message, sizeof outcome->message, "%s", message);
}

static void
judge(int code, bool over, bool stopped, const char *text, size_t len,
      wxs_acme_outcome *outcome)
{
    if (stopped)
        say(outcome, WXS_ACME_STOPPED, "stopped", "The worker stops.");
    else if (over)
        say(outcome, WXS_ACME_UNREACHABLE, "timeout",
            "The certification authority took longer than two minutes.");
    else if (code == 0)
        say(outcome, WXS_ACME_DONE, "ok", "");
    else if (code == EXIT_MISSING)
        say(outcome, WXS_ACME_BROKEN, "no_client",
            "The program uacme cannot be run: install the package uacme.");
    else if (code == EXIT_TRUST)
        say(outcome, WXS_ACME_BROKEN, "ca_file",
            "acme.ca_file cannot be used here (no user namespaces, or there "
            "is no " SYSTEM_TRUST "): add the authority's certificate to the "
            "system's with update-ca-certificates and leave it empty.");
    else
        wxs_acme_read_output(text, len, outcome);
}

static void
run(const wxs_acme_client *client, arguments *call, wxs_acme_outcome *outcome)
{
    const char *ca_file = client->config->acme.ca_file;
    char *text = malloc(OUTPUT_MAX), *environment[8], uid_map[48];
    int ends[2] = {-1, -1};
    bool stopped = false, closed = false;
    size_t len = 0;
    pid_t pid = -1;

    fill_environment(environment);
    (void)snprintf(uid_map, sizeof uid_map, "%u %u 1\n", (unsigned)geteuid(),
                   (unsigned)geteuid());
    call->argument[call->count] = NULL;
    if (text != NULL && pipe2(ends, O_CLOEXEC) == 0)
        pid = fork();
    if (pid == 0)
        become_client((char **)call->argument, environment, ends[1], ca_file,
                      uid_map);
    if (ends[1] != -1)
        (void)close(ends[1]);
    if (pid > 0) {
        closed = read_output(ends[0], client->stop_fd, text, &len, &stopped);
        judge(reap(pid, !closed), !closed, stopped, text, len, outcome);
    } else {
        say(outcome, WXS_ACME_BROKEN, "no_client",
            "The program uacme cannot be started: no processes, descriptors or "
            "memory are left.");
    }
    if (ends[0] != -1)
        (void)close(ends[0]);
    free(text);
}

/* ---- commands ---- */

static void
add(arguments *call, const char *argument)
{
    if (call->count < ARGUMENTS - 1)
        call->argument[call->count++] = argument;
}

static void
begin(arguments *call, const wxs_acme_client *client)
{
    call->count = 0;
    add(call, "uacme");
    add(call, "-a");
    add(call, client->config->acme.directory);
    add(call, "-c");
    add(call, client->folder);
    add(call, "-n"); /* never make the account's key */
}

bool
wxs_acme_open(wxs_acme_client *client, const wxs_config *config, int stop_fd,
              wxs_error *error)
{
    static const char script[] =
        "#!/bin/sh\n"
        "# uacme: METHOD TYPE IDENTIFIER TOKEN AUTHORIZATION. nginx answers\n"
        "# HTTP challenges by itself; others are declined.\n"
        "[ \"$2\" = http-01 ]\n";
    char path[512];
    FILE *file;
    bool ok;

    *client = (wxs_acme_client){.config = config, .stop_fd = stop_fd};
    if (!wxs_config_path(config, "acme", client->folder, sizeof client->folder))
        return wxs_fail(error, "the path of %s is too long", config->dir);
    (void)snprintf(path, sizeof path, "%s/hook", client->folder);
    file = fopen(path, "we");
    if (file == NULL)
        return wxs_fail(error, "cannot write %s: %s", path, strerror(errno));
    ok = fputs(script, file) >= 0 && fchmod(fileno(file), 0700) == 0;
    ok = fclose(file) == 0 && ok;
    return ok || wxs_fail(error, "cannot write %s: %s", path, strerror(errno));
}

void
wxs_acme_register(const wxs_acme_client *client, wxs_acme_outcome *outcome)
{
    arguments call;

    begin(&call, client);
    add(&call, "-y"); /* only with acme.accept_terms */
    add(&call, "new");
    if (client->config->acme.email[0] != '\0')
        add(&call, client->config->acme.email);
    run(client, &call, outcome);
    if (strstr(outcome->message, "Account already exists") != NULL)
        say(outcome, WXS_ACME_DONE, "ok", "");
}

void
wxs_acme_issue(const wxs_acme_client *client, const char *request,
               wxs_acme_outcome *outcome)
{
    arguments call;
    char hook[512];

    begin(&call, client);
    (void)snprintf(hook, sizeof hook, "%s/hook", client->folder);
    add(&call, "-h");
    add(&call, hook);
    add(&call, "issue");
    add(&call, request);
    run(client, &call, outcome);
}
