#include "dns_loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"

#define BATCH 64

struct wxs_loop {
    int epoll_fd;
    bool stopped;
    struct epoll_event event[BATCH]; /* of this round, served one by one */
    int events;
    int served;
    wxs_timer **heap; /* heap[0] is the next to fire */
    size_t count;
    size_t capacity;
};

wxs_loop *
wxs_loop_new(wxs_error *error)
{
    wxs_loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL) {
        wxs_fail(error, "out of memory");
        return NULL;
    }
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        wxs_fail(error, "epoll_create1() failed: %s", strerror(errno));
        free(loop);
        return NULL;
    }
    return loop;
}

void
wxs_loop_free(wxs_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    close(loop->epoll_fd);
    free(loop->heap);
    free(loop);
}

void
wxs_loop_stop(wxs_loop *loop)
{
    loop->stopped = true;
}

/* ---- descriptors ---- */

static bool
control(wxs_loop *loop, int operation, wxs_watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    return epoll_ctl(loop->epoll_fd, operation, watch->fd, &event) == 0;
}

bool
wxs_loop_watch(wxs_loop *loop, wxs_watch *watch, uint32_t events)
{
    return control(loop, EPOLL_CTL_ADD, watch, events);
}

bool
wxs_loop_rewatch(wxs_loop *loop, wxs_watch *watch, uint32_t events)
{
    return control(loop, EPOLL_CTL_MOD, watch, events);
}

void
wxs_loop_close(wxs_loop *loop, wxs_watch *watch)
{
    close(watch->fd); /* which takes it out of the epoll set */
    watch->fd = -1;
    /* Serving one event may free the owner of a later one. */
    for (int i = loop->served; i < loop->events; i++) {
        if (loop->event[i].data.ptr == watch) {
            loop->event[i].data.ptr = NULL;
        }
    }
}

/* ---- timers: a binary heap ---- */

static void
place(wxs_loop *loop, wxs_timer *timer, size_t index)
{
    loop->heap[index] = timer;
    timer->slot = index + 1;
}

static void
sift_up(wxs_loop *loop, size_t index)
{
    wxs_timer *timer = loop->heap[index];

    while (index > 0 && loop->heap[(index - 1) / 2]->at > timer->at) {
        place(loop, loop->heap[(index - 1) / 2], index);
        index = (index - 1) / 2;
    }
    place(loop, timer, index);
}

static void
sift_down(wxs_loop *loop, size_t index)
{
    wxs_timer *timer = loop->heap[index];

    for (;;) {
        size_t child = index * 2 + 1;

        if (child + 1 < loop->count &&
            loop->heap[child + 1]->at < loop->heap[child]->at) {
            child++;
        }
        if (child >= loop->count || loop->heap[child]->at >= timer->at) {
            break;
        }
        place(loop, loop->heap[child], index);
        index = child;
    }
    place(loop, timer, index);
}

void
wxs_loop_disarm(wxs_loop *loop, wxs_timer *timer)
{
    if (timer->slot == 0) {
        return;
    }
    size_t index = timer->slot - 1;
    wxs_timer *last = loop->heap[--loop->count];

    timer->slot = 0;
    if (last != timer) {
        place(loop, last, index);
        sift_up(loop, index);
        sift_down(loop, last->slot - 1);
    }
}

bool
wxs_loop_arm(wxs_loop *loop, wxs_timer *timer, int64_t ms)
{
    wxs_loop_disarm(loop, timer);
    if (loop->count == loop->capacity) {
        size_t capacity = loop->capacity == 0 ? 64 : loop->capacity * 2;
        wxs_timer **heap = realloc(loop->heap, capacity * sizeof *heap);

        if (heap == NULL) {
            return false;
        }
        loop->heap = heap;
        loop->capacity = capacity;
    }
    timer->at = wxs_monotonic_ms() + ms;
    place(loop, timer, loop->count++);
    sift_up(loop, loop->count - 1);
    return true;
}

/* ---- running ---- */

static void
fire_due(wxs_loop *loop)
{
    /* A timer armed for "now" by one that fires waits for the next round, so
     * that descriptors are served in between. */
    int64_t now = wxs_monotonic_ms();
    size_t left = loop->count;

    while (left-- > 0 && loop->count > 0 && loop->heap[0]->at <= now &&
           !loop->stopped) {
        wxs_timer *timer = loop->heap[0];

        wxs_loop_disarm(loop, timer);
        timer->fire(timer->data);
    }
}

static int
wait_ms(const wxs_loop *loop)
{
    if (loop->count == 0) {
        return -1;
    }
    int64_t left = loop->heap[0]->at - wxs_monotonic_ms();

    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void
serve_events(wxs_loop *loop)
{
    while (loop->served < loop->events && !loop->stopped) {
        const struct epoll_event *event = &loop->event[loop->served++];
        wxs_watch *watch = event->data.ptr;

        if (watch != NULL) {
            watch->ready(watch->data, event->events);
        }
    }
}

bool
wxs_loop_run(wxs_loop *loop, wxs_error *error)
{
    loop->stopped = false;
    while (!loop->stopped) {
        loop->served = 0;
        loop->events =
            epoll_wait(loop->epoll_fd, loop->event, BATCH, wait_ms(loop));
        if (loop->events < 0 && errno != EINTR) {
            return wxs_fail(error, "epoll_wait() failed: %s", strerror(errno));
        }
        serve_events(loop);
        fire_due(loop);
    }
    return true;
}
