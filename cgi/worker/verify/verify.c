#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "check.h"
#include "clock.h"
#include "db.h"
#include "dns_loop.h"
#include "log.h"
#include "store.h"
#include "worker.h"

#define POLL_MS     200
#define FLIGHT_MAX  256 /* domains that are checked at the same time */
#define LEASE_US    ((WXS_CHECK_MS + 3000) * INT64_C(1000))
#define DESCRIPTORS (FLIGHT_MAX * 24) /* 5 records at 4 nameservers, and more  \
                                       */
#define RETRY_MS 5000                 /* after the database failed */

typedef struct verifier verifier;

typedef struct {
    verifier *owner;
    wxs_job *job; /* NULL: free */
    wxs_check *check;
} slot;

struct verifier {
    const wxs_config *config;
    wxs_loop *loop;
    wxs_db *db;
    wxs_watch stop;
    wxs_timer poll;
    int64_t version;  /* of the database when next_due was read */
    int64_t next_due; /* microseconds */
    slot slots[FLIGHT_MAX];
};

/* ---- the end of a check ---- */

static wxs_state_settings
settings_of(const wxs_config *config)
{
    wxs_state_settings settings = {
        .window_ms = config->verify.window_ms,
        .min_interval_ms = config->verify.min_interval_ms,
        .max_interval_ms = config->verify.max_interval_ms,
        .watch_interval_ms = config->verify.watch_interval_ms};

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

static void
store_outcome(verifier *v, const wxs_job *job, const wxs_check_result *results)
{
    wxs_state_settings settings = settings_of(v->config);
    wxs_state_input inputs[WXS_CHECK_RECORDS_MAX];
    int64_t now = wxs_now_us();
    wxs_error error = {""};
    bool written = false;

    state_inputs(job, results, inputs);
    wxs_state_step step =
        wxs_state_next(&job->row, inputs, job->check.count, now, &settings);

    if (!wxs_store_write(v->db, job, results, inputs, &step, now, &written,
                         &error)) {
        /* The lease runs out, and the check is made again. */
        wxs_log(WXS_LOG_ERROR, "a check's outcome could not be stored",
                "domain", job->name, "error", error.text, NULL);
    } else if (written) {
        log_step(job, &step);
    }
}

static void
on_checked(void *data, const wxs_check_result *results)
{
    slot *s = data;
    verifier *v = s->owner;

    if (results == NULL) {
        wxs_log(WXS_LOG_ERROR, "a check ran out of memory", "domain",
                s->job->name, NULL);
    } else {
        store_outcome(v, s->job, results);
    }
    wxs_job_free(s->job);
    s->job = NULL;
    s->check = NULL;
    v->next_due = 0; /* own writes do not change the database's version */
}

/* ---- the beginning of checks ---- */

static bool
in_flight(const verifier *v, int64_t number)
{
    for (size_t i = 0; i < FLIGHT_MAX; i++) {
        if (v->slots[i].job != NULL && v->slots[i].job->number == number) {
            return true;
        }
    }
    return false;
}

static slot *
free_slot(verifier *v)
{
    for (size_t i = 0; i < FLIGHT_MAX; i++) {
        if (v->slots[i].job == NULL) {
            return &v->slots[i];
        }
    }
    return NULL;
}

/* Fills slots with the domains that are due, in one transaction. */
static bool
take_due(verifier *v, int64_t now, slot **taken, size_t *count,
         wxs_error *error)
{
    int64_t due[WXS_DUE_MAX];
    size_t due_count = 0;

    if (!wxs_store_due(v->db, now, due, &due_count, error)) {
        return false;
    }
    for (size_t i = 0; i < due_count; i++) {
        slot *s = in_flight(v, due[i]) ? NULL : free_slot(v);

        if (s == NULL) {
            continue;
        }
        s->job = wxs_store_take(v->db, due[i], now + LEASE_US, error);
        if (s->job == NULL) {
            return false;
        }
        taken[(*count)++] = s;
    }
    return true;
}

static bool
start_due(verifier *v, int64_t now, wxs_error *error)
{
    slot *taken[FLIGHT_MAX];
    size_t count = 0;

    if (!wxs_db_begin(v->db, error)) {
        return false;
    }
    bool ok =
        take_due(v, now, taken, &count, error) && wxs_db_commit(v->db, error);

    if (!ok) {
        wxs_db_rollback(v->db);
    }
    for (size_t i = 0; i < count; i++) {
        slot *s = taken[i];

        if (ok) {
            s->check = wxs_check_start(v->loop, v->config, &s->job->check,
                                       on_checked, s);
        }
        if (s->check == NULL) {
            wxs_job_free(s->job);
            s->job = NULL;
        }
    }
    return ok;
}

static bool
poll_due(verifier *v, wxs_error *error)
{
    int64_t version = wxs_db_data_version(v->db);
    int64_t now = wxs_now_us();

    if (version == v->version && now < v->next_due) {
        return true;
    }
    v->version = version;
    if (!wxs_store_next_due(v->db, &v->next_due, error)) {
        return false;
    }
    if (v->next_due > now) {
        return true;
    }
    if (!start_due(v, now, error)) {
        return false;
    }
    return wxs_store_next_due(v->db, &v->next_due, error);
}

static void
on_poll(void *data)
{
    verifier *v = data;
    wxs_error error = {""};
    bool ok = poll_due(v, &error);

    if (!ok) {
        v->next_due = 0;
        wxs_log(WXS_LOG_ERROR, "due domains could not be read", "error",
                error.text, NULL);
    }
    if (!wxs_loop_arm(v->loop, &v->poll, ok ? POLL_MS : RETRY_MS)) {
        wxs_loop_stop(v->loop);
    }
}

static void
on_stop(void *data, uint32_t events)
{
    verifier *v = data;

    if (events != 0) {
        wxs_loop_stop(v->loop);
    }
}

/* ---- the thread ---- */

/* Every question that is under way has a socket; the usual soft limit of 1024
 * descriptors would turn many domains with many nameservers into failures. */
static void
raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        limit.rlim_cur >= DESCRIPTORS) {
        return;
    }
    limit.rlim_cur =
        limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        wxs_log(WXS_LOG_WARN, "the limit of descriptors could not be raised",
                NULL);
    }
}

static bool
run(verifier *v, wxs_error *error)
{
    return wxs_db_open(&v->db, v->config->dir, WXS_DB_CONTROL, WXS_DB_WRITE,
                       error) &&
           (v->loop = wxs_loop_new(error)) != NULL &&
           ((wxs_loop_watch(v->loop, &v->stop, EPOLLIN) &&
             wxs_loop_arm(v->loop, &v->poll, 0)) ||
            wxs_fail(error, "the event loop cannot be set up")) &&
           wxs_loop_run(v->loop, error);
}

void
wxs_verify_run(const wxs_worker *worker)
{
    verifier *v = calloc(1, sizeof *v);
    wxs_error error = {"out of memory"};
    bool ok = false;

    if (v != NULL) {
        v->config = worker->config;
        v->stop =
            (wxs_watch){.fd = worker->stop_fd, .ready = on_stop, .data = v};
        v->poll = (wxs_timer){.fire = on_poll, .data = v};
        v->version = -1;
        for (size_t i = 0; i < FLIGHT_MAX; i++) {
            v->slots[i].owner = v;
        }
        raise_descriptor_limit();
        ok = run(v, &error);
    }
    if (!ok) {
        wxs_log(WXS_LOG_ERROR, "verification cannot go on", "error", error.text,
                NULL);
        exit(1);
    }
    for (size_t i = 0; i < FLIGHT_MAX; i++) {
        if (v->slots[i].check != NULL) {
            wxs_check_cancel(v->slots[i].check);
        }
        wxs_job_free(v->slots[i].job);
    }
    wxs_loop_free(v->loop);
    wxs_db_close(v->db);
    free(v);
}
