#include "domain_verify_all.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "output.h"

#define PATH        "/domains/verify"
#define POLL_US     500000
#define GIVE_UP     60 /* polls without an answer, in a row */
#define LINE_EVERY  10 /* polls, where the output is no terminal */
#define STATES_TEXT 160

typedef struct {
    json_int_t total;
    json_int_t waiting;
    char states[STATES_TEXT]; /* "90 verified, 10 pending" */
} progress;

static progress
progress_of(const json_t *answer)
{
    static const char *const names[] = {
        "verified", "pending", "temporary_failure", "failed", "not_started"};
    const json_t *states = json_object_get(answer, "states");
    progress p = {.total = json_integer_value(json_object_get(answer, "total")),
                  .waiting =
                      json_integer_value(json_object_get(answer, "waiting"))};
    size_t used = 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_int_t count =
            json_integer_value(json_object_get(states, names[i]));

        if (count > 0 && used < sizeof(p.states))
            used += (size_t)snprintf(p.states + used, sizeof(p.states) - used,
                                     "%s%lld %s", used > 0 ? ", " : "",
                                     (long long)count, names[i]);
    }
    return p;
}

static double
rate_of(json_int_t done, int64_t since_ms)
{
    int64_t ms = wxs_monotonic_ms() - since_ms;

    return ms > 0 ? (double)done * 1000 / (double)ms : 0;
}

static void
show(const progress *p, json_int_t asked, int64_t since_ms, int poll)
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    json_int_t done = asked - p->waiting;

    if (!terminal && poll % LINE_EVERY != 0)
        return;
    (void)fprintf(stderr, "%s%lld of %lld checked, %.0f a second; %s%s",
                  terminal ? "\r" : "", (long long)done, (long long)asked,
                  rate_of(done, since_ms), p->states,
                  terminal ? "\033[K" : "\n");
    (void)fflush(stderr);
}

/* Asks until nothing waits any more. An API that does not answer for a while
 * (it may be starting again) is asked again. */
static json_t *
watch(wxs_client *client, json_int_t asked, int64_t since_ms, wxs_error *error)
{
    int missed = 0;

    for (int poll = 0;; poll++) {
        long status = 0;
        json_t *answer =
            wxs_client_call(client, "GET", PATH, NULL, &status, error);

        missed = answer == NULL ? missed + 1 : 0;
        if (answer != NULL) {
            progress p = progress_of(answer);

            show(&p, asked, since_ms, p.waiting == 0 ? 0 : poll);
            if (p.waiting == 0)
                return answer;
        } else if (missed > GIVE_UP ||
                   (status > 0 && status != 502 && status != 503)) {
            return NULL;
        }
        json_decref(answer);
        (void)usleep(POLL_US);
    }
}

static bool
summarise(const json_t *answer, json_int_t asked, int64_t since_ms,
          bool as_json)
{
    progress p = progress_of(answer);

    if (as_json)
        return wxs_json_print(answer);
    return printf("%lld domain%s checked in %.1f s (%.0f a second): %s\n",
                  (long long)asked, asked == 1 ? "" : "s",
                  (double)(wxs_monotonic_ms() - since_ms) / 1000,
                  rate_of(asked, since_ms),
                  p.states[0] != '\0' ? p.states : "there are none") > 0;
}

bool
wxs_domain_verify_all(const wxs_client_options *access, bool as_json,
                      wxs_error *error)
{
    wxs_client *client = wxs_client_open(access, error);
    json_t *answer = NULL, *last = NULL;
    int64_t since_ms = wxs_monotonic_ms();
    bool ok = false;

    if (client != NULL)
        answer = wxs_client_call(client, "POST", PATH, NULL, NULL, error);
    if (answer != NULL) {
        json_int_t asked = progress_of(answer).waiting;

        last = watch(client, asked, since_ms, error);
        if (isatty(STDERR_FILENO) == 1)
            (void)fputc('\n', stderr);
        ok = last != NULL &&
             (summarise(last, asked, since_ms, as_json) ||
              wxs_fail(error, "standard output cannot be written to"));
    }
    json_decref(last);
    json_decref(answer);
    wxs_client_close(client);
    return ok;
}
