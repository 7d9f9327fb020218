#include "events_follow.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ask.h"
#include "events_filter.h"
#include "events_print.h"

#define POLL_MS     1000
#define POLL_MAX_MS 10000 /* while the server does not answer */
#define FIRST       "10"
#define PAGE        "100"

typedef struct {
    wxs_client *client;
    const char *path;
    wxs_events_table table;
    char last[64]; /* id of the last event seen, "" = none yet */
    bool is_waiting;
} follow;

static volatile sig_atomic_t is_stopped;

static void
on_signal(int number)
{
    (void)number;
    is_stopped = 1;
}

/* A second signal ends the program at once. */
static void
catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = (int)SA_RESETHAND};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static void
pause_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

    if (!is_stopped)
        (void)nanosleep(&pause, NULL); /* a signal ends it early */
}

/* Might the same request succeed later? */
static bool
is_passing(long status)
{
    return status == 0 || status == 429 || status >= 500;
}

/* Asks for a page until there is an answer; NULL if it is to stop, with error
 * filled if the server refuses. */
static json_t *
ask(follow *f, const char *path, bool *refused, wxs_error *error)
{
    long wait = POLL_MS, status;

    *refused = false;
    while (!is_stopped) {
        json_t *answer =
            wxs_client_call(f->client, "GET", path, NULL, &status, error);
        if (answer != NULL) {
            if (f->is_waiting)
                (void)fputs("The API answers again.\n", stderr);
            f->is_waiting = false;
            return answer;
        }
        if (!is_passing(status)) {
            *refused = true;
            return NULL;
        }
        if (!f->is_waiting && !is_stopped)
            (void)fprintf(stderr, "Waiting for the API: %s\n", error->text);
        f->is_waiting = true;
        pause_ms(wait);
        wait = wait * 2 < POLL_MAX_MS ? wait * 2 : POLL_MAX_MS;
    }
    return NULL;
}

static void
remember(follow *f, const char *id)
{
    if (id[0] != '\0')
        (void)snprintf(f->last, sizeof(f->last), "%s", id);
}

/* One page after the last event seen; *more tells whether it was not all. */
static bool
step(follow *f, const char *limit, bool newest, bool *more, wxs_error *error)
{
    char path[WXS_EVENTS_PATH];
    bool refused, ok;
    json_t *answer, *data;

    (void)snprintf(path, sizeof(path), "%s", f->path);
    if (!wxs_ask_parameter(path, sizeof(path), "order", newest ? "desc" : "asc",
                           error) ||
        !wxs_ask_parameter(path, sizeof(path), "limit", limit, error) ||
        !wxs_ask_parameter(path, sizeof(path), "after",
                           f->last[0] != '\0' ? f->last : NULL, error))
        return false;
    *more = false;
    answer = ask(f, path, &refused, error);
    if (answer == NULL)
        return !refused;
    data = json_object_get(answer, "data");
    ok = wxs_events_table_print(&f->table, data, newest) ||
         wxs_fail(error, "the output cannot be written");
    remember(f, wxs_json_text(json_array_get(
                                  data, newest ? 0 : json_array_size(data) - 1),
                              "id", ""));
    if (!newest && json_is_true(json_object_get(answer, "has_more"))) {
        remember(f, wxs_json_text(answer, "next", ""));
        *more = true;
    }
    json_decref(answer);
    return ok;
}

bool
wxs_events_follow(wxs_client *client, const char *path, const char *limit,
                  const char *after, bool as_json, wxs_error *error)
{
    follow f = {.client = client, .path = path};
    bool more = false, ok = true;

    catch_signals();
    wxs_events_table_begin(&f.table, as_json);
    if (after != NULL)
        remember(&f, after);
    else
        ok = step(&f, limit != NULL ? limit : FIRST, true, &more, error);
    while (ok && !is_stopped) {
        ok = step(&f, PAGE, false, &more, error);
        if (ok && !more)
            pause_ms(POLL_MS);
    }
    return ok;
}
