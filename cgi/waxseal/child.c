#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

#define QUICK_MS      5000 /* a life shorter than this is a quick death */
#define BACKOFF_MS    50
#define BACKOFF_MAX   900
#define KILL_REST_MS  500
#define EXIT_NO_START 127

/* Gives the held sockets the numbers from 3 on, and tells nginx of them in the
 * way in which it tells its own successor in a binary upgrade. Returns the
 * first number that is free, -1 on failure. */
static int
sockets_pass(const wxs_held *held)
{
    char list[WXS_HELD_MAX * 12 + 1] = "";
    size_t len = 0;
    int next = 3;

    for (size_t i = 0; i < held->count; i++, next++) {
        if (dup2(held->fd[i], next) < 0)
            return -1;
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%d;", next);
    }
    if (held->count > 0 && setenv("NGINX", list, 1) != 0)
        return -1;
    return next;
}

/* In the child, between fork and exec. */
static void
child_prepare(const wxs_child *child, pid_t supervisor)
{
    sigset_t none;
    int next = 3;
    int input = child->socket >= 0 ? child->socket
                                   : open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)sigemptyset(&none);
    if (setpgid(0, 0) != 0 || input < 0 || dup2(input, 0) < 0 ||
        dup2(2, 1) < 0 ||
        (child->held != NULL && (next = sockets_pass(child->held)) < 0) ||
        close_range((unsigned)next, ~0U, 0) != 0 ||
        signal(SIGPIPE, SIG_DFL) == SIG_ERR ||
        prctl(PR_SET_PDEATHSIG, child->orphan_signal) != 0 ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        _exit(EXIT_NO_START);
    /* the supervisor may have died before the kernel knew whom to tell */
    if (getppid() != supervisor)
        _exit(EXIT_NO_START);
}

static void
child_exec(const wxs_child *child, pid_t supervisor)
{
    char *argv[WXS_CHILD_ARGS];

    child_prepare(child, supervisor);
    /* execv() promises not to write to them */
    memcpy(argv, child->argv, sizeof(argv));
    (void)execv(argv[0], argv);
    (void)dprintf(2, "cannot start %s: %s\n", argv[0], strerror(errno));
    _exit(EXIT_NO_START);
}

static void
child_wait(wxs_child *child, int64_t now, bool was_quick)
{
    int64_t delay = 0;

    child->quick = was_quick ? child->quick + 1 : 0;
    if (child->quick > 1) {
        unsigned steps = child->quick - 2 < 5 ? child->quick - 2 : 5;
        delay = (int64_t)BACKOFF_MS << steps;
    }
    child->due = now + (delay < BACKOFF_MAX ? delay : BACKOFF_MAX);
}

void
wxs_child_start(wxs_child *child, int64_t now)
{
    pid_t supervisor = getpid();
    pid_t pid = fork();

    if (pid == 0)
        child_exec(child, supervisor);
    child->started = now;
    if (pid < 0) {
        wxs_log(WXS_LOG_ERROR, "cannot start a process", "child", child->name,
                "cause", strerror(errno), NULL);
        child_wait(child, now, true);
        return;
    }
    /* here as well as in the child, so that neither has to wait; it fails once
     * the child has come to exec, which is fine */
    (void)setpgid(pid, pid);
    child->pid = pid;
    child->group = pid;
    child->asked = false;
}

static void
log_death(const wxs_child *child, int status, int64_t delay)
{
    char pid[16], how[16], wait_ms[24];
    bool killed = WIFSIGNALED(status);

    (void)snprintf(pid, sizeof(pid), "%d", (int)child->pid);
    (void)snprintf(how, sizeof(how), "%d",
                   killed ? WTERMSIG(status) : WEXITSTATUS(status));
    (void)snprintf(wait_ms, sizeof(wait_ms), "%lld", (long long)delay);
    wxs_log(child->asked ? WXS_LOG_INFO : WXS_LOG_WARN,
            child->asked ? "program ended" : "program died, starting it again",
            "child", child->name, "pid", pid, killed ? "signal" : "exit_code",
            how, child->asked ? NULL : "delay_ms", wait_ms, NULL);
}

void
wxs_child_died(wxs_child *child, int status, int64_t now)
{
    child_wait(child, now, !child->asked && now - child->started < QUICK_MS);
    log_death(child, status, child->due - now);
    child->pid = 0;
    /* workers without their nginx master would keep its ports */
    if (kill(-child->group, SIGQUIT) != 0)
        child->group = 0;
    child->kill_rest = now + KILL_REST_MS;
}

bool
wxs_child_is_gone(wxs_child *child, int64_t now)
{
    if (child->pid != 0)
        return false;
    if (child->group == 0)
        return true;
    if (kill(-child->group, now >= child->kill_rest ? SIGKILL : 0) != 0 &&
        errno == ESRCH)
        child->group = 0;
    return child->group == 0;
}

void
wxs_child_signal(const wxs_child *child, int number)
{
    if (child->pid != 0)
        (void)kill(child->pid, number);
    else if (child->group != 0)
        (void)kill(-child->group, number);
}

void
wxs_child_kill(const wxs_child *child)
{
    if (child->group != 0)
        (void)kill(-child->group, SIGKILL);
}
