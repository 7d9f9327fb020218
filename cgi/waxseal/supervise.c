#include "supervise.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "log.h"

#define READY_EVERY_MS 100
#define REST_EVERY_MS  20 /* while members of a dead group are awaited */
#define IDLE_MS        60000
#define FRONT_MS       5000 /* how long front may take to finish */
#define STOP_MS        10000
#define HURRY_MS       1000

typedef struct {
    wxs_child *children; /* the first is front */
    size_t count;
    const wxs_supervise_hooks *hooks;
    bool ready;
    bool stopping;
    bool rest_asked;     /* all but front have been asked to end */
    int64_t front_until; /* when the others are asked in any case */
    int64_t stop_until;  /* when all are killed */
} supervisor;

static void
wanted_signals(sigset_t *set)
{
    static const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP};

    (void)sigemptyset(set);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        (void)sigaddset(set, numbers[i]);
}

bool
wxs_supervise_prepare(void)
{
    sigset_t set;

    wanted_signals(&set);
    return signal(SIGPIPE, SIG_IGN) != SIG_ERR &&
           signal(SIGCHLD, SIG_DFL) != SIG_ERR &&
           sigprocmask(SIG_BLOCK, &set, NULL) == 0 &&
           prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

/* Collects the dead: children and the orphans that came to us. */
static void
reap(supervisor *self, int64_t now)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < self->count; i++) {
            if (self->children[i].pid == pid) {
                wxs_child_died(&self->children[i], status, now);
                break;
            }
        }
    }
}

/* Asks children to end, from the first-th to the end-th. */
static void
ask(supervisor *self, size_t first, size_t end, bool hurry)
{
    for (size_t i = first; i < end; i++) {
        wxs_child *child = &self->children[i];
        child->asked = true;
        wxs_child_signal(child,
                         hurry ? child->hurry_signal : child->stop_signal);
    }
}

static void
stop(supervisor *self, int64_t now)
{
    if (!self->stopping) {
        wxs_log(WXS_LOG_INFO, "stopping", NULL);
        self->stopping = true;
        self->hooks->stopping(self->hooks->user);
        self->front_until = now + FRONT_MS;
        self->stop_until = now + STOP_MS;
        ask(self, 0, 1, false);
        return;
    }
    self->front_until = now;
    self->rest_asked = true;
    ask(self, 0, self->count, true);
    if (self->stop_until > now + HURRY_MS)
        self->stop_until = now + HURRY_MS;
}

/* New settings: nginx reads them in place, the others start anew while their
 * requests wait at the sockets. */
static void
reload(supervisor *self)
{
    if (self->stopping || !self->hooks->reload(self->hooks->user))
        return;
    wxs_log(WXS_LOG_INFO, "reloading", NULL);
    if (self->children[0].pid != 0)
        wxs_child_signal(&self->children[0], SIGHUP);
    ask(self, 1, self->count, false);
}

/* One step towards the end; true when nobody is left. */
static bool
stop_step(supervisor *self, int64_t now)
{
    bool gone = true;

    if (!self->rest_asked && (now >= self->front_until ||
                              wxs_child_is_gone(&self->children[0], now))) {
        self->rest_asked = true;
        if (self->children[0].pid != 0)
            ask(self, 0, 1, true);
        ask(self, 1, self->count, false);
    }
    for (size_t i = 0; i < self->count; i++) {
        if (now >= self->stop_until)
            wxs_child_kill(&self->children[i]);
        gone = wxs_child_is_gone(&self->children[i], now) && gone;
    }
    return gone;
}

static void
start_due(supervisor *self, int64_t now)
{
    for (size_t i = 0; i < self->count; i++) {
        wxs_child *child = &self->children[i];
        if (wxs_child_is_gone(child, now) && now >= child->due)
            wxs_child_start(child, now);
    }
}

/* How long nothing is to be done but to wait for signals, in ms. */
static int64_t
patience(const supervisor *self, int64_t now)
{
    int64_t wait = self->ready ? IDLE_MS : READY_EVERY_MS;

    if (self->stopping)
        return REST_EVERY_MS;
    for (size_t i = 0; i < self->count; i++) {
        const wxs_child *child = &self->children[i];
        if (child->pid != 0)
            continue;
        int64_t until = child->group != 0 ? now + REST_EVERY_MS : child->due;
        if (until - now < wait)
            wait = until - now;
    }
    return wait > 0 ? wait : 0;
}

/* Waits for a signal; 0 when none came in time. */
static int
next_signal(int64_t ms)
{
    struct timespec wait = {.tv_sec = ms / 1000,
                            .tv_nsec = (ms % 1000) * 1000000};
    sigset_t set;

    wanted_signals(&set);
    int number = sigtimedwait(&set, NULL, &wait);
    return number > 0 ? number : 0;
}

void
wxs_supervise(wxs_child *children, size_t count,
              const wxs_supervise_hooks *hooks)
{
    supervisor self = {.children = children, .count = count, .hooks = hooks};

    self.ready = hooks->ready == NULL;
    for (;;) {
        int64_t now = wxs_monotonic_ms();
        reap(&self, now);
        if (self.stopping && stop_step(&self, now))
            return;
        if (!self.stopping)
            start_due(&self, now);
        if (!self.ready && !self.stopping)
            self.ready = hooks->ready(hooks->user);
        switch (next_signal(patience(&self, wxs_monotonic_ms()))) {
        case SIGTERM:
        case SIGINT:
        case SIGQUIT:
            stop(&self, wxs_monotonic_ms());
            break;
        case SIGHUP:
            reload(&self);
            break;
        default: /* a death, or time for what is due */
            break;
        }
    }
}
