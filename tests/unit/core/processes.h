#ifndef PROCESSES_H
#define PROCESSES_H

/* Children that a test starts, shares a number with and kills. */

#include <check.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

static inline void
nap(long ns)
{
    struct timespec t = {0, ns};

    (void)nanosleep(&t, NULL);
}

static inline void
kill_child(pid_t pid)
{
    int status;

    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSIGNALED(status), "the writer failed");
}

static inline uint64_t *
shared_counter(void)
{
    uint64_t *counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert(counter != MAP_FAILED);
    return counter;
}

#endif
