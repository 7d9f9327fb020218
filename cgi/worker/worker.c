#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

bool
wxs_worker_sleep(const wxs_worker *worker, int ms)
{
    struct pollfd wait = {.fd = worker->stop_fd, .events = POLLIN};
    int64_t end = wxs_monotonic_ms() + ms;
    int64_t left = ms;
    int ready;

    do {
        ready = poll(&wait, 1, left > 0 ? (int)left : 0);
        left = end - wxs_monotonic_ms();
    } while (ready == -1 && errno == EINTR);
    return ready == 0;
}

void
wxs_worker_fatal(const char *task, const wxs_error *error)
{
    wxs_log(WXS_LOG_ERROR, "the worker cannot go on", "task", task, "reason",
            error->text, NULL);
    /* not exit(): the other threads still use what it would tear down */
    _exit(1);
}
