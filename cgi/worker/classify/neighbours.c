#include "neighbours.h"

/* Spans in ms. People are not that fast; peers saw bursts of five and more
 * links within a second, half a minute after the pixel was fetched. */
#define PAIR_SPAN   300
#define BURST_SPAN  1000
#define SERIES_SPAN 10000
#define ECHO_SPAN   10000

#define PAIR_LINKS      2
#define BURST_LINKS     3
#define SERIES_LINKS    5
#define SWEEP_LINKS     4
#define ROTATION_AGENTS 3

/* The newest event with those of its neighbours that the rules look at. */
typedef struct {
    wxs_neighbour *event[WXS_NEIGHBOURS_MAX]; /* [0] is the newest */
    uint8_t bit[WXS_NEIGHBOURS_MAX];
    size_t count;
} group;

static uint64_t
gap(const wxs_neighbour *a, const wxs_neighbour *b)
{
    return a->time_ms > b->time_ms ? a->time_ms - b->time_ms
                                   : b->time_ms - a->time_ms;
}

static bool
same_source(const wxs_neighbour *a, const wxs_neighbour *b)
{
    return a->source != 0 && a->source == b->source;
}

/* Was it seen among others that were too fast for a person? */
static bool
is_in_burst(const wxs_neighbour *event)
{
    return event->judgement.reason == WXS_REASON_LINK_BURST ||
           event->judgement.reason == WXS_REASON_LINK_SWEEP ||
           event->judgement.reason == WXS_REASON_AGENT_ROTATION;
}

/* A click that counts: what only fetches ahead is no visit of the link. */
static bool
is_click(const wxs_neighbour *event)
{
    return !event->is_open &&
           event->judgement.reason != WXS_REASON_PREFETCH_HEADER;
}

static void
add(group *g, wxs_neighbour *event, size_t bit)
{
    g->event[g->count] = event;
    g->bit[g->count++] = (uint8_t)bit;
}

/* The clicks of `all` near the newest: of its source alone, or of any; without
 * those that a burst explains already, if so wanted. */
static group
near(const group *all, uint64_t span, bool of_source, bool unexplained)
{
    group g = {.count = 0};

    for (size_t i = 0; i < all->count; i++) {
        wxs_neighbour *event = all->event[i];

        if (!is_click(event) || gap(event, all->event[0]) > span ||
            (i > 0 && of_source && !same_source(event, all->event[0])) ||
            (unexplained && is_in_burst(event)))
            continue;
        add(&g, event, all->bit[i]);
    }
    return g;
}

static size_t
count_links(const group *g)
{
    size_t distinct = 0;

    for (size_t i = 0; i < g->count; i++) {
        size_t k = 0;

        while (k < i && g->event[k]->link != g->event[i]->link)
            k++;
        distinct += k == i;
    }
    return distinct;
}

static size_t
count_agents(const group *g)
{
    size_t distinct = 0;

    for (size_t i = 0; i < g->count; i++) {
        size_t k = 0;

        while (k < i && g->event[k]->agent != g->event[i]->agent)
            k++;
        distinct += k == i;
    }
    return distinct;
}

/* Were links 0, 1, 2 ... n - 1 all visited, and n enough? */
static bool
is_sweep(const group *g)
{
    uint64_t seen = 0, through = (UINT64_C(1) << SWEEP_LINKS) - 1;

    for (size_t i = 0; i < g->count; i++) {
        if (g->event[i]->link_index < WXS_NEIGHBOUR_LINKS)
            seen |= UINT64_C(1) << g->event[i]->link_index;
    }
    return (seen & through) == through && (seen & (seen + 1)) == 0 &&
           g->event[0]->link_index < WXS_NEIGHBOUR_LINKS;
}

/* A message that many people have (one copy for a whole list) sees clicks of
 * all of them at any time: there, only what comes from one network tells
 * something. A scanner's clicks stand alone, but for one of the recipient. */
static bool
stand_alone(const group *clicks, const group *some)
{
    return clicks->count <= some->count + 1;
}

/* Makes it a machine, unless it is one with as much certainty. */
static uint64_t
set(wxs_neighbour *event, size_t bit, wxs_reason reason, int certainty)
{
    wxs_verdict verdict = event->judgement.verdict;

    if (verdict == WXS_VERDICT_PROXY ||
        (verdict == WXS_VERDICT_MACHINE &&
         event->judgement.certainty >= certainty))
        return 0;
    event->judgement =
        (wxs_judgement){WXS_VERDICT_MACHINE, reason, (uint8_t)certainty};
    return UINT64_C(1) << bit;
}

static uint64_t
set_all(const group *g, wxs_reason reason, int certainty)
{
    uint64_t changed = 0;

    for (size_t i = 0; i < g->count; i++)
        changed |= set(g->event[i], g->bit[i], reason, certainty);
    return changed;
}

/* ---- rules: each returns what it changed ---- */

/* More links at once than a person visits. */
static uint64_t
judge_burst(const group *clicks, uint64_t span, size_t links, int certainty)
{
    group g = near(clicks, span, true, false);

    if (count_links(&g) >= links)
        return set_all(&g, WXS_REASON_LINK_BURST, certainty);
    g = near(clicks, span, false, false);
    if (count_links(&g) >= links && stand_alone(clicks, &g))
        return set_all(&g, WXS_REASON_LINK_BURST, certainty - 10);
    return 0;
}

/* One link after the other, more than a person reads. */
static uint64_t
judge_series(const group *clicks)
{
    group g = near(clicks, SERIES_SPAN, true, true);

    if (count_links(&g) < SERIES_LINKS)
        return 0;
    return set_all(&g, WXS_REASON_LINK_BURST, 85);
}

/* The links of the message from the first on, each of them. */
static uint64_t
judge_sweep(const group *clicks)
{
    group g = near(clicks, WXS_NEIGHBOUR_SPAN, true, true);

    return is_sweep(&g) ? set_all(&g, WXS_REASON_LINK_SWEEP, 80) : 0;
}

/* One network that calls itself by another name each time. */
static uint64_t
judge_rotation(const group *clicks)
{
    group g = near(clicks, SERIES_SPAN, true, true);

    if (count_agents(&g) < ROTATION_AGENTS || count_links(&g) < PAIR_LINKS)
        return 0;
    return set_all(&g, WXS_REASON_AGENT_ROTATION, 80);
}

/* Does the one event speak against the other, of the same network? */
static wxs_reason
guilt(const wxs_neighbour *by, const wxs_neighbour *event)
{
    if (by->judgement.reason == WXS_REASON_AGENT_ROTATION)
        return WXS_REASON_AGENT_ROTATION;
    if (by->agent != event->agent)
        return WXS_REASON_UNCLASSIFIED;
    if (by->judgement.reason == WXS_REASON_HEAD_REQUEST)
        return WXS_REASON_HEAD_THEN_GET;
    return is_in_burst(by) || by->judgement.reason == WXS_REASON_SAME_SOURCE
               ? WXS_REASON_SAME_SOURCE
               : WXS_REASON_UNCLASSIFIED;
}

/* What one that was found to be a machine does besides. */
static uint64_t
judge_company(const group *all)
{
    wxs_neighbour *newest = all->event[0];
    uint64_t changed = 0;

    for (size_t i = 1; i < all->count; i++) {
        wxs_neighbour *event = all->event[i];

        if (!same_source(event, newest) || gap(event, newest) > ECHO_SPAN)
            continue;
        if (guilt(event, newest) != WXS_REASON_UNCLASSIFIED)
            changed |= set(newest, 0, guilt(event, newest), 75);
        else if (guilt(newest, event) != WXS_REASON_UNCLASSIFIED)
            changed |= set(event, all->bit[i], guilt(newest, event), 75);
    }
    return changed;
}

/* Scanners fetch the pixel, and half a minute later the links. A mail client's
 * own agent speaks against it. */
static uint64_t
judge_open(wxs_neighbour *open, size_t bit, const wxs_neighbour *click)
{
    bool is_near = same_source(open, click);

    if (!open->is_open || gap(open, click) > WXS_NEIGHBOUR_SPAN ||
        open->judgement.reason == WXS_REASON_MAIL_CLIENT)
        return 0;
    if (is_in_burst(click))
        return set(open, bit, WXS_REASON_SCANNER_OPEN, is_near ? 85 : 60);
    if (click->judgement.reason == WXS_REASON_SCANNER_NETWORK && is_near)
        return set(open, bit, WXS_REASON_SCANNER_OPEN, 80);
    return 0;
}

static uint64_t
judge_opens(const group *all)
{
    uint64_t changed = 0;

    for (size_t i = 1; i < all->count; i++) {
        wxs_neighbour *event = all->event[i], *newest = all->event[0];

        if (newest->is_open && !event->is_open)
            changed |= judge_open(newest, 0, event);
        else if (!newest->is_open && event->is_open)
            changed |= judge_open(event, all->bit[i], newest);
    }
    return changed;
}

static uint64_t
judge_clicks(const group *all)
{
    group clicks = near(all, WXS_NEIGHBOUR_SPAN, false, false);
    uint64_t changed;

    if (count_links(&clicks) < PAIR_LINKS)
        return 0;
    changed = judge_burst(&clicks, BURST_SPAN, BURST_LINKS, 95);
    changed |= judge_burst(&clicks, PAIR_SPAN, PAIR_LINKS, 80);
    changed |= judge_series(&clicks);
    changed |= judge_sweep(&clicks);
    return changed | judge_rotation(&clicks);
}

uint64_t
wxs_neighbours_judge(wxs_neighbour *newest, wxs_neighbour *const *others,
                     size_t count)
{
    uint64_t changed = 0;
    group all = {.count = 0};

    add(&all, newest, 0);
    for (size_t i = 0; i < count && all.count < WXS_NEIGHBOURS_MAX; i++) {
        if (gap(others[i], newest) <= WXS_NEIGHBOUR_SPAN)
            add(&all, others[i], i + 1);
    }
    if (all.count == 1)
        return 0;
    if (is_click(newest))
        changed = judge_clicks(&all);
    changed |= judge_company(&all);
    return changed | judge_opens(&all);
}
