#include "state.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)

typedef enum {
    ALL_GOOD,
    SOME_MISS,    /* definitely missing or wrong */
    SOME_PARTIAL, /* on its way between nameservers */
    NOT_KNOWN,
} summary;

static const char *const names[] = {
    [WXS_NOT_STARTED] = "not_started",
    [WXS_PENDING] = "pending",
    [WXS_VERIFIED] = "verified",
    [WXS_FAILED] = "failed",
    [WXS_TEMPORARY_FAILURE] = "temporary_failure",
};

const char *
wxs_state_name(wxs_state state)
{
    return names[state];
}

wxs_state
wxs_state_parse(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return (wxs_state)i;
        }
    }
    return WXS_NOT_STARTED;
}

static bool
required(const wxs_state_input *input)
{
    return !input->optional &&
           (input->kind == WXS_RECORD_DKIM || input->kind == WXS_RECORD_SPF ||
            input->kind == WXS_RECORD_MX);
}

static summary
summarise(const wxs_state_input *inputs, size_t count, bool want_confirmed)
{
    bool has[3] = {false, false, false};
    bool miss = false;
    bool partial = false;
    bool unknown = false;

    for (size_t i = 0; i < count; i++) {
        const wxs_state_input *input = &inputs[i];

        if (!required(input)) {
            continue;
        }
        has[input->kind] = true;
        miss = miss || wxs_class_miss(input->class);
        partial = partial || input->class == WXS_PROPAGATING;
        unknown = unknown || input->class == WXS_TEMP ||
                  (want_confirmed && wxs_class_good(input->class) &&
                   !input->confirmed);
    }
    if (miss) {
        return SOME_MISS;
    }
    if (partial) {
        return SOME_PARTIAL;
    }
    if (unknown || !has[WXS_RECORD_DKIM] || !has[WXS_RECORD_SPF] ||
        !has[WXS_RECORD_MX]) {
        return NOT_KNOWN;
    }
    return ALL_GOOD;
}

static bool
any_definite(const wxs_state_input *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (inputs[i].definite && required(&inputs[i])) {
            return true;
        }
    }
    return false;
}

/* ---- intervals ---- */

static int64_t
bounded(int64_t ms, const wxs_state_settings *settings)
{
    if (ms < settings->min_interval_ms) {
        ms = settings->min_interval_ms;
    }
    return ms > settings->max_interval_ms ? settings->max_interval_ms : ms;
}

static int64_t
back_off(int64_t checks, const wxs_state_settings *settings)
{
    static const int seconds[] = {0, 15, 30, 60, 120, 300, 600, 1200, 1800};
    int64_t last = (int64_t)(sizeof seconds / sizeof *seconds) - 1;

    checks = checks < 0 ? 0 : checks > last ? last : checks;
    return bounded(INT64_C(1000) * seconds[checks], settings);
}

/* How long a first definite miss waits for its confirmation. */
static int64_t
recheck_ms(const wxs_state_settings *settings)
{
    int64_t ms = 10 * MINUTE_MS;

    ms = ms < settings->max_interval_ms ? ms : settings->max_interval_ms;
    return ms > settings->stale_ms ? ms : settings->stale_ms;
}

static int64_t
hourly_ms(const wxs_state_settings *settings)
{
    return bounded(60 * MINUTE_MS, settings);
}

/* The watch interval give or take a quarter. */
static int64_t
watch_ms(const wxs_state_settings *settings)
{
    int64_t quarter = settings->watch_interval_ms / 4;

    return settings->watch_interval_ms - quarter +
           (int64_t)((uint64_t)quarter * 2 * (settings->chance & 0xffff) /
                     0xffff);
}

/* What was added lately to a verified domain, a tracking host or a DKIM key, is
 * looked for as eagerly as a pending domain: at an eighth of its age. */
static int64_t
new_record_ms(const wxs_state_input *inputs, size_t count, int64_t now,
              const wxs_state_settings *settings)
{
    int64_t soonest = INT64_MAX;

    for (size_t i = 0; i < count; i++) {
        int64_t age = (now - inputs[i].created_at) / 1000;

        if (inputs[i].created_at == 0 || age > settings->window_ms ||
            inputs[i].verified ||
            (wxs_class_good(inputs[i].class) && inputs[i].confirmed)) {
            continue;
        }
        int64_t ms = bounded(age / 8, settings);

        soonest = ms < soonest ? ms : soonest;
    }
    return soonest;
}

/* ---- transitions ---- */

static void
enter(wxs_state_step *step, wxs_state state, int64_t now, const char *cause)
{
    step->cause = cause;
    step->row = (wxs_state_row){.state = state, .since = now};
}

static void
wait_ms(wxs_state_step *step, int64_t now, int64_t ms)
{
    step->row.next_check_at = now + ms * 1000;
}

static void
enter_verified(wxs_state_step *step, int64_t now, int64_t soonest,
               const wxs_state_settings *settings)
{
    int64_t ms = watch_ms(settings);

    enter(step, WXS_VERIFIED, now, "check");
    wait_ms(step, now, soonest < ms ? soonest : ms);
}

static void
from_pending(wxs_state_step *step, summary sum, bool definite, int64_t soonest,
             int64_t now, const wxs_state_settings *settings)
{
    wxs_state_row *row = &step->row;
    int64_t end = row->since + settings->window_ms * 1000;

    if (definite && row->definite_since == 0) {
        row->definite_since = now;
    }
    if (sum == ALL_GOOD) {
        enter_verified(step, now, soonest, settings);
    } else if (now >= end) {
        step->unreachable = row->definite_since == 0;
        enter(step, WXS_FAILED, now, "window");
    } else {
        wait_ms(step, now, back_off(row->checks, settings));
        if (row->next_check_at > end) {
            row->next_check_at = end;
        }
    }
}

static void
from_verified(wxs_state_step *step, summary sum, int64_t soonest, int64_t now,
              const wxs_state_settings *settings)
{
    wxs_state_row *row = &step->row;
    int64_t recheck = recheck_ms(settings);
    int64_t ms = recheck;

    if (sum != NOT_KNOWN) {
        row->unknown_since = 0;
    } else if (row->unknown_since == 0) {
        row->unknown_since = now;
    }
    if (sum == ALL_GOOD) {
        row->definite_since = 0;
        ms = watch_ms(settings);
    } else if (sum == SOME_MISS && row->definite_since == 0) {
        row->definite_since = now;
    } else if (sum == SOME_MISS) {
        /* A check that a user asked for must not shorten the wait. */
        int64_t waited = (now - row->definite_since) / 1000;

        if (waited >= recheck) {
            enter(step, WXS_TEMPORARY_FAILURE, now, "check");
            row->definite_since = now;
            wait_ms(step, now, hourly_ms(settings));
            return;
        }
        ms = waited < 0 ? recheck : recheck - waited;
    }
    wait_ms(step, now, soonest < ms ? soonest : ms);
}

static void
from_temporary_failure(wxs_state_step *step, summary sum, int64_t soonest,
                       int64_t now, const wxs_state_settings *settings)
{
    wxs_state_row *row = &step->row;
    int64_t ms = hourly_ms(settings);

    if (sum == ALL_GOOD) {
        enter_verified(step, now, soonest, settings);
        return;
    }
    if (sum == NOT_KNOWN || sum == SOME_PARTIAL) {
        row->definite_since = 0;
    } else {
        /* Time during which nobody checked counts for two checks at most. */
        int64_t passed =
            row->definite_since == 0 ? 0 : (now - row->definite_since) / 1000;

        if (passed > 0) {
            row->missing_ms += passed < 2 * ms ? passed : 2 * ms;
        }
        row->definite_since = now;
    }
    int64_t left = settings->window_ms - row->missing_ms;

    if (left <= 0) {
        enter(step, WXS_FAILED, now, "window");
    } else {
        wait_ms(step, now,
                left < ms && row->definite_since != 0 ? bounded(left, settings)
                                                      : ms);
    }
}

wxs_state_step
wxs_state_next(const wxs_state_row *row, const wxs_state_input *inputs,
               size_t count, int64_t now, const wxs_state_settings *settings)
{
    wxs_state_step step = {.row = *row};
    int64_t soonest = new_record_ms(inputs, count, now, settings);
    summary sum = summarise(inputs, count, row->state != WXS_VERIFIED);

    step.row.checks++;
    switch (row->state) {
    case WXS_PENDING:
        from_pending(&step, sum, any_definite(inputs, count), soonest, now,
                     settings);
        break;
    case WXS_VERIFIED:
        from_verified(&step, sum, soonest, now, settings);
        break;
    case WXS_TEMPORARY_FAILURE:
        from_temporary_failure(&step, sum, soonest, now, settings);
        break;
    case WXS_NOT_STARTED:
    case WXS_FAILED:
        step.row.next_check_at = 0;
        break;
    }
    return step;
}

wxs_state
wxs_state_of_record(wxs_state before, const wxs_state_input *input,
                    wxs_state domain)
{
    bool was_good = before == WXS_VERIFIED || before == WXS_TEMPORARY_FAILURE;

    if (wxs_class_good(input->class) &&
        (input->confirmed || before == WXS_VERIFIED)) {
        return WXS_VERIFIED;
    }
    if (before == WXS_VERIFIED &&
        (input->class == WXS_TEMP || input->class == WXS_PROPAGATING)) {
        return WXS_VERIFIED;
    }
    if (domain == WXS_FAILED) {
        return WXS_FAILED;
    }
    return was_good ? WXS_TEMPORARY_FAILURE : WXS_PENDING;
}
