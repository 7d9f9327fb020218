#include "closing.h"

#include <stdatomic.h>

static _Atomic int64_t closed;

void
wxs_closed_tell(int64_t id)
{
    if (id > atomic_load_explicit(&closed, memory_order_relaxed))
        atomic_store_explicit(&closed, id, memory_order_release);
}

int64_t
wxs_closed_hear(void)
{
    return atomic_load_explicit(&closed, memory_order_acquire);
}

/* Marks are that far apart, so that there are enough for all that is held. */
static int64_t
step(const wxs_closing *closing)
{
    return closing->hold_ms / (WXS_CLOSING_MARKS / 2);
}

static void
push(wxs_closing *closing, int64_t last_id, int64_t now_ms)
{
    size_t at = (closing->first + closing->count) % WXS_CLOSING_MARKS;

    closing->mark[at].begun_ms = now_ms;
    closing->mark[at].last_id = last_id;
    closing->count++;
}

void
wxs_closing_begin(wxs_closing *closing, int64_t hold_ms, int64_t last_id,
                  int64_t now_ms)
{
    *closing = (wxs_closing){.hold_ms = hold_ms, .last_id = last_id};
    if (last_id > 0)
        push(closing, last_id, now_ms);
}

void
wxs_closing_add(wxs_closing *closing, int64_t last_id, int64_t now_ms)
{
    size_t newest = (closing->first + closing->count + WXS_CLOSING_MARKS - 1) %
                    WXS_CLOSING_MARKS;

    if (last_id == closing->last_id)
        return;
    closing->last_id = last_id;
    if (closing->count == WXS_CLOSING_MARKS ||
        (closing->count > 0 &&
         now_ms - closing->mark[newest].begun_ms < step(closing)))
        closing->mark[newest].last_id = last_id;
    else
        push(closing, last_id, now_ms);
}

int64_t
wxs_closing_due(wxs_closing *closing, int64_t now_ms, int64_t synced_id)
{
    int64_t wait = closing->hold_ms + step(closing), id = 0;

    while (closing->count > 0 &&
           now_ms - closing->mark[closing->first].begun_ms >= wait &&
           closing->mark[closing->first].last_id <= synced_id) {
        id = closing->mark[closing->first].last_id;
        closing->first = (closing->first + 1) % WXS_CLOSING_MARKS;
        closing->count--;
    }
    return id;
}
