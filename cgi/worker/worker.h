#ifndef WXS_WORKER_WORKER_H
#define WXS_WORKER_WORKER_H

#include <stdbool.h>

#include "config.h"

/* What the threads of the worker share. */
typedef struct {
    const wxs_config *config;
    int stop_fd; /* eventfd: readable once the worker is to stop */
} wxs_worker;

/* Waits ms milliseconds, or less when the worker is to stop: then false. */
bool wxs_worker_sleep(const wxs_worker *worker, int ms);

/* Ends the process at once with exit code 1, after logging what it was about
 * and why: for a thread that cannot go on. */
_Noreturn void wxs_worker_fatal(const char *task, const wxs_error *error);

/* The threads. Each opens its own connections, returns when the worker is to
 * stop, and ends the process with a logged sentence on what it cannot mend: the
 * supervisor starts it again. */
void wxs_verify_run(const wxs_worker *worker);
void wxs_feed_run(const wxs_worker *worker);
void wxs_collect_run(const wxs_worker *worker);
void wxs_finalize_run(const wxs_worker *worker);
void wxs_keys_run(const wxs_worker *worker);
void wxs_deliver_run(const wxs_worker *worker);
void wxs_forget_run(const wxs_worker *worker);
void wxs_certs_run(const wxs_worker *worker);
void wxs_probe_run(const wxs_worker *worker);

#endif
