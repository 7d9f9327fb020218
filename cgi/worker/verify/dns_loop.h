#ifndef WXS_VERIFY_DNS_LOOP_H
#define WXS_VERIFY_DNS_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* One thread's epoll loop with timers. Watches and timers are embedded in
 * their owner's structure, which must stay where it is while they are set. */
typedef struct wxs_loop wxs_loop;

typedef struct {
    int fd;
    void (*ready)(void *data, uint32_t events);
    void *data;
} wxs_watch;

typedef struct {
    void (*fire)(void *data);
    void *data;
    int64_t at;  /* monotonic ms */
    size_t slot; /* place in the loop's heap, counted from 1; 0 = not set */
} wxs_timer;

/* NULL with error filled. */
wxs_loop *wxs_loop_new(wxs_error *error);
void wxs_loop_free(wxs_loop *loop); /* accepts NULL */

/* Runs until wxs_loop_stop() is called; false if epoll fails. */
bool wxs_loop_run(wxs_loop *loop, wxs_error *error);
void wxs_loop_stop(wxs_loop *loop);

/* The descriptor belongs to the caller, who closes it with wxs_loop_close(). */
bool wxs_loop_watch(wxs_loop *loop, wxs_watch *watch, uint32_t events);
bool wxs_loop_rewatch(wxs_loop *loop, wxs_watch *watch, uint32_t events);

/* Closes a descriptor, watched or not, and forgets what happened on it. */
void wxs_loop_close(wxs_loop *loop, wxs_watch *watch);

/* Sets the timer, again if it was set already, to fire once in ms; false if
 * memory is out. A timer that has fired may be freed by its own function. */
bool wxs_loop_arm(wxs_loop *loop, wxs_timer *timer, int64_t ms);
void wxs_loop_disarm(wxs_loop *loop, wxs_timer *timer); /* set or not */

#endif
