#ifndef WXS_WAXSEAL_CHILD_H
#define WXS_WAXSEAL_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "held.h"

#define WXS_CHILD_ARGS 10

/* A program that is kept running, in a process group of its own: a terminal's
 * Ctrl-C reaches the supervisor alone, and what a dead nginx master leaves
 * behind can be told by its group. */
typedef struct {
    const char *name;
    const char *argv[WXS_CHILD_ARGS]; /* argv[0] is the path; ends in NULL */
    int socket;                       /* becomes descriptor 0; -1 = /dev/null */
    const wxs_held *held; /* what it inherits as nginx does, or NULL */
    int stop_signal;      /* asks it to finish what it has and end */
    int hurry_signal;     /* asks it to end now */
    int orphan_signal;    /* sent by the kernel when the supervisor is gone */

    pid_t pid;         /* 0 while it does not run */
    pid_t group;       /* 0 once nobody of its group is left */
    bool asked;        /* its end is our wish, not worth a warning */
    unsigned quick;    /* deaths soon after the start, in a row */
    int64_t started;   /* monotonic ms, as the next two */
    int64_t due;       /* when to start it again */
    int64_t kill_rest; /* when the rest of its group is killed */
} wxs_child;

/* Starts the program at time now (monotonic ms). When that fails it counts as
 * dead at once and due again later. */
void wxs_child_start(wxs_child *child, int64_t now);

/* Takes note of the death of child->pid with wait()'s status: logs it, asks
 * what is left of its group to end, and sets when it is due again. */
void wxs_child_died(wxs_child *child, int status, int64_t now);

/* Has nobody of its group? Kills those who outstay their time. */
bool wxs_child_is_gone(wxs_child *child, int64_t now);

/* Signals its main process, or whoever is left of its group. */
void wxs_child_signal(const wxs_child *child, int number);

/* Kills its whole group. */
void wxs_child_kill(const wxs_child *child);

#endif
