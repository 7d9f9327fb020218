#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include "check.h"
#include "clock.h"
#include "db.h"
#include "dns_loop.h"
#include "flight.h"
#include "log.h"
#include "probe_resolver.h"
#include "store.h"
#include "worker.h"

/* Takes domains that are due, has them checked, and writes the outcomes down,
 * many in one transaction. */

#define POLL_MS    200
#define GATHER_MS  10   /* how long outcomes wait for others */
#define RETRY_MS   5000 /* after the database failed */
#define LEASE_US   ((WXS_CHECK_MS + 3000) * INT64_C(1000))
#define FLIGHT_MAX 4096 /* domains that are checked at the same time */

#define BUCKETS 8192 /* of domains under way, by their number */

typedef struct verifier verifier;

typedef struct slot slot;

struct slot {
    verifier *owner;
    slot *next;   /* of the same bucket */
    wxs_job *job; /* NULL: free */
    wxs_check *check;
    const wxs_check_result *results; /* NULL: under way, or memory was out */
    int64_t checked_at;
};

struct verifier {
    const wxs_config *config;
    wxs_db *db;
    wxs_checker checker;
    wxs_resolver_probe *probe;
    wxs_watch stop;
    wxs_timer poll;
    int64_t version;  /* of the database when next_due was read */
    int64_t next_due; /* microseconds */
    size_t flight_max;
    slot *slot[FLIGHT_MAX]; /* the free ones first */
    size_t free_slots;
    slot *done[FLIGHT_MAX]; /* their outcomes are to be written */
    size_t done_count;
    slot *bucket[BUCKETS];
    slot slots[FLIGHT_MAX];
};

/* ---- the end of a check ---- */

static wxs_state_settings
settings_of(const wxs_job *job, const wxs_check_result *results,
            const wxs_config *config)
{
    wxs_state_settings settings = {
        .window_ms = config->verify.window_ms,
        .min_interval_ms = config->verify.min_interval_ms,
        .max_interval_ms = config->verify.max_interval_ms,
        .watch_interval_ms = config->verify.watch_interval_ms};

    for (size_t i = 0; i < job->check.count; i++) {
        if (results[i].stale_ms > settings.stale_ms) {
            settings.stale_ms = results[i].stale_ms;
        }
    }
    /* Only spreads checks over time; a failure means no spread. */
    (void)!getrandom(&settings.chance, sizeof settings.chance, 0);
    return settings;
}

static void
state_inputs(const wxs_job *job, const wxs_check_result *results,
             wxs_state_input *inputs)
{
    for (size_t i = 0; i < job->check.count; i++) {
        bool verified = job->check.verified[i];

        inputs[i] = (wxs_state_input){
            .kind = job->check.record[i].kind,
            .class = results[i].verdict.class,
            .confirmed = verified || results[i].confirmed_by != NULL,
            .definite = results[i].verdict.definite > 0,
            .verified = verified,
            .optional = job->record[i].optional,
            .created_at = job->record[i].added_at};
    }
}

static void
log_step(const wxs_job *job, const wxs_state_step *step)
{
    if (step->cause != NULL) {
        wxs_log(WXS_LOG_INFO, "domain changed its state", "domain", job->name,
                "from", wxs_state_name(job->row.state), "to",
                wxs_state_name(step->row.state), "cause", step->cause, NULL);
    } else {
        wxs_log(WXS_LOG_DEBUG, "domain checked", "domain", job->name, "state",
                wxs_state_name(step->row.state), NULL);
    }
}

static bool
store_outcome(verifier *v, const slot *s, wxs_error *error)
{
    const wxs_job *job = s->job;
    wxs_state_settings settings = settings_of(job, s->results, v->config);
    wxs_state_input inputs[WXS_CHECK_RECORDS_MAX];
    bool written = false;

    state_inputs(job, s->results, inputs);
    wxs_state_step step = wxs_state_next(&job->row, inputs, job->check.count,
                                         s->checked_at, &settings);

    if (!wxs_store_write(v->db, job, s->results, inputs, &step, s->checked_at,
                         &written, error)) {
        return false;
    }
    if (written) {
        log_step(job, &step);
    }
    return true;
}

static bool
store_outcomes(verifier *v, wxs_error *error)
{
    for (size_t i = 0; i < v->done_count; i++) {
        if (v->done[i]->results != NULL &&
            !store_outcome(v, v->done[i], error)) {
            return false;
        }
    }
    return true;
}

static void
free_slot(slot *s)
{
    verifier *v = s->owner;
    slot **at = &v->bucket[s->job->number % BUCKETS];

    while (*at != s) {
        at = &(*at)->next;
    }
    *at = s->next;
    if (s->check != NULL) {
        wxs_check_free(s->check);
    }
    wxs_job_free(s->job);
    s->job = NULL;
    s->check = NULL;
    s->results = NULL;
    v->slot[v->free_slots++] = s;
}

static void
on_checked(void *data, wxs_check *check, const wxs_check_result *results)
{
    slot *s = data;
    verifier *v = s->owner;

    (void)check;
    if (results == NULL) {
        wxs_log(WXS_LOG_ERROR, "a check ran out of memory", "domain",
                s->job->name, NULL);
    }
    s->results = results;
    s->checked_at = wxs_now_us();
    v->done[v->done_count++] = s;
    if (v->done_count == 1 &&
        !wxs_loop_arm(v->checker.loop, &v->poll, GATHER_MS)) {
        wxs_loop_stop(v->checker.loop);
    }
}

/* ---- the beginning of checks ---- */

static slot *
in_flight(const verifier *v, int64_t number)
{
    slot *s = v->bucket[number % BUCKETS];

    while (s != NULL && s->job->number != number) {
        s = s->next;
    }
    return s;
}

/* A domain that is due although its check is under way: that takes long, or
 * somebody wants another. Both come back when the lease is over. */
static bool
take_domain(verifier *v, int64_t number, int64_t now, slot **taken,
            size_t *count, wxs_error *error)
{
    slot *s = in_flight(v, number);

    if (s != NULL) {
        return wxs_store_extend(v->db, s->job, now + LEASE_US, error);
    }
    if (v->free_slots == 0) {
        return true;
    }
    s = v->slot[v->free_slots - 1];
    s->job = wxs_store_take(v->db, number, now, now + LEASE_US, error);
    if (s->job == NULL) {
        return false;
    }
    v->free_slots--;
    s->next = v->bucket[number % BUCKETS];
    v->bucket[number % BUCKETS] = s;
    taken[(*count)++] = s;
    return true;
}

static bool
take_due(verifier *v, int64_t now, slot **taken, size_t *count,
         wxs_error *error)
{
    int64_t due[WXS_DUE_MAX];
    size_t due_count = 0;

    if (v->next_due > now || v->free_slots == 0) {
        return true;
    }
    if (!wxs_store_due(v->db, now, due, &due_count, error)) {
        return false;
    }
    for (size_t i = 0; i < due_count; i++) {
        if (!take_domain(v, due[i], now, taken, count, error)) {
            return false;
        }
    }
    return wxs_store_next_due(v->db, &v->next_due, error);
}

static void
start_checks(slot **taken, size_t count, bool ok)
{
    for (size_t i = 0; i < count; i++) {
        slot *s = taken[i];

        if (ok) {
            s->check = wxs_check_start(&s->owner->checker, &s->job->check,
                                       on_checked, s);
        }
        if (s->check == NULL) {
            free_slot(s); /* the lease runs out, and it is taken again */
        }
    }
}

/* ---- a turn ---- */

/* Writes what was found and takes what is due, in one transaction. */
static bool
take_turn(verifier *v, int64_t now, wxs_error *error)
{
    slot *taken[WXS_DUE_MAX];
    size_t count = 0;

    if (!wxs_db_begin(v->db, error)) {
        return false;
    }
    bool ok = store_outcomes(v, error);

    if (ok && v->done_count > 0) {
        /* own writes do not change the database's version */
        ok = wxs_store_next_due(v->db, &v->next_due, error);
    }
    ok = ok && take_due(v, now, taken, &count, error) &&
         wxs_db_commit(v->db, error);
    if (!ok) {
        wxs_db_rollback(v->db);
    }
    for (size_t i = 0; i < v->done_count; i++) {
        free_slot(v->done[i]);
    }
    v->done_count = 0;
    start_checks(taken, count, ok);
    return ok;
}

/* With nothing to write and nothing due, this reads one number. */
static bool
poll_due(verifier *v, wxs_error *error)
{
    int64_t version = wxs_db_data_version(v->db);
    int64_t now = wxs_now_us();

    if (version != v->version) {
        v->version = version;
        if (!wxs_store_next_due(v->db, &v->next_due, error)) {
            return false;
        }
    }
    if (v->done_count == 0 && (v->next_due > now || v->free_slots == 0)) {
        return true;
    }
    return take_turn(v, now, error);
}

static void
on_poll(void *data)
{
    verifier *v = data;
    wxs_error error = {""};
    bool ok = poll_due(v, &error);
    int ms = POLL_MS;

    if (!ok) {
        /* The leases run out, and the checks are made again. */
        v->next_due = 0;
        ms = RETRY_MS;
        wxs_log(WXS_LOG_ERROR, "verification cannot use the database", "error",
                error.text, NULL);
    } else if (v->next_due <= wxs_now_us() && v->free_slots > 0) {
        ms = 0; /* more than one turn takes */
    }
    if (!wxs_loop_arm(v->checker.loop, &v->poll, ms)) {
        wxs_loop_stop(v->checker.loop);
    }
}

static void
on_stop(void *data, uint32_t events)
{
    verifier *v = data;

    if (events != 0) {
        wxs_loop_stop(v->checker.loop);
    }
}

/* ---- the thread ---- */

static bool
run(verifier *v, wxs_error *error)
{
    if (!wxs_db_open(&v->db, v->config->dir, WXS_DB_CONTROL, WXS_DB_WRITE,
                     error) ||
        !wxs_store_resume(v->db, wxs_now_us(), error)) {
        return false;
    }
    wxs_loop *loop = wxs_loop_new(error);

    v->checker.config = v->config;
    v->checker.loop = loop;
    if (loop == NULL || !wxs_checker_open(&v->checker)) {
        return loop != NULL && wxs_fail(error, "out of memory");
    }

    v->probe = wxs_resolver_probe_start(loop, v->config);
    return ((wxs_loop_watch(loop, &v->stop, EPOLLIN) &&
             wxs_loop_arm(loop, &v->poll, 0)) ||
            wxs_fail(error, "the event loop cannot be set up")) &&
           wxs_loop_run(loop, error);
}

static verifier *
make_verifier(const wxs_worker *worker)
{
    verifier *v = calloc(1, sizeof *v);

    if (v == NULL) {
        return NULL;
    }
    v->config = worker->config;
    v->stop = (wxs_watch){.fd = worker->stop_fd, .ready = on_stop, .data = v};
    v->poll = (wxs_timer){.fire = on_poll, .data = v};
    v->version = -1;
    v->flight_max = wxs_flight_limit(FLIGHT_MAX);
    while (v->free_slots < v->flight_max) {
        slot *s = &v->slots[v->free_slots];

        s->owner = v;
        v->slot[v->free_slots++] = s;
    }
    return v;
}

static void
free_verifier(verifier *v)
{
    for (size_t i = 0; i < v->flight_max; i++) {
        if (v->slots[i].job != NULL) {
            free_slot(&v->slots[i]);
        }
    }
    wxs_resolver_probe_free(v->probe);
    wxs_checker_close(&v->checker);
    wxs_loop_free(v->checker.loop);
    wxs_db_close(v->db);
    free(v);
}

void
wxs_verify_run(const wxs_worker *worker)
{
    verifier *v = make_verifier(worker);
    wxs_error error = {"out of memory"};

    if (v == NULL || !run(v, &error)) {
        wxs_log(WXS_LOG_ERROR, "verification cannot go on", "error", error.text,
                NULL);
        exit(1);
    }
    /* what was found but not written yet is checked again */
    free_verifier(v);
}
