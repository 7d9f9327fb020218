#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "intake.h"
#include "log.h"
#include "sender.h"
#include "target.h"
#include "worker.h"

#define POLL_MS      50
#define COMMIT_MS    10 /* ends of deliveries are written down together */
#define PURGE_MS     60000
#define RETRY_MS     1000
#define RETRY_MAX_MS 30000
#define BATCH        64 /* webhooks that deliveries are taken for at once */

/* Why each delivery is made at least once: it is due in webhooks.db until the
 * commit that has its end. One that is under way is marked as taken, and the
 * marks mean nothing to the next process, since a lock keeps workers from
 * running side by side. Killed between an endpoint's answer and the commit, the
 * worker delivers again, under the same svix-id. */

/* Deliveries to one webhook, taken and not yet started. */
typedef struct {
    wxs_target target;
    size_t count;
    wxs_delivery delivery[WXS_ENDPOINT_FLIGHT];
} parcel;

typedef struct {
    const wxs_worker *worker;
    const wxs_config *config;
    wxs_seal_key key;
    wxs_schedule schedule;
    wxs_intake intake; /* its connections are used for all else, too */
    wxs_sender *sender;
    int64_t control_version;
    int64_t events_version;
    int64_t events_at;  /* look at events then, whether there are new ones */
    int64_t queue_at;   /* something is due then */
    int64_t commit_due; /* monotonic ms */
    int64_t purge_due;  /* the same */
    size_t parcels;
    parcel parcel[BATCH];
    size_t failing; /* webhooks that have failed for too long */
    struct {
        int64_t webhook;
        int64_t since;
    } failed[BATCH];
} deliverer;

/* ---- what ended ---- */

static bool
finish(deliverer *d, const wxs_outcome *outcome, wxs_error *error)
{
    int64_t limit = d->config->webhook.disable_after_ms * 1000;
    int64_t since;

    if (!wxs_queue_finish(d->intake.queue, outcome, &d->schedule, &since,
                          error))
        return false;
    if (since == 0 || outcome->ended_at - since < limit || d->failing == BATCH)
        return true;
    d->failed[d->failing].webhook = outcome->webhook;
    d->failed[d->failing++].since = since;
    return true;
}

static bool
finish_all(deliverer *d, wxs_error *error)
{
    wxs_outcome outcome;

    while (wxs_sender_ended(d->sender, &outcome)) {
        if (!finish(d, &outcome, error))
            return false;
    }
    return true;
}

static bool
disable_failed(deliverer *d, wxs_error *error)
{
    static wxs_target target;
    char reason[96], at[WXS_TIME_TEXT];
    bool done;

    for (size_t i = 0; i < d->failing; i++) {
        wxs_time_iso(d->failed[i].since, at);
        (void)snprintf(reason, sizeof reason,
                       "Every delivery since %s has failed.", at);
        if (!wxs_target_load(d->intake.control, &d->key, d->failed[i].webhook,
                             wxs_now_us(), &target, error))
            return false;
        if (target.state != WXS_TARGET_ENABLED)
            continue;
        if (!wxs_target_disable(d->intake.control, &target, reason, &done,
                                error))
            return false;
        if (done)
            wxs_log(WXS_LOG_WARN, "webhook disabled", "webhook", target.id,
                    "reason", reason, NULL);
    }
    d->failing = 0;
    return true;
}

/* ---- what is due ---- */

static void
drop_parcels(deliverer *d)
{
    for (size_t i = 0; i < d->parcels; i++) {
        for (size_t j = 0; j < d->parcel[i].count; j++)
            free(d->parcel[i].delivery[j].payload);
    }
    d->parcels = 0;
}

/* Takes what is due to a webhook, or ends it if there is no webhook any more
 * that could get it. */
static bool
take(deliverer *d, int64_t webhook, int64_t now, size_t *room, wxs_error *error)
{
    parcel *p = &d->parcel[d->parcels];
    size_t cap = *room < WXS_ENDPOINT_FLIGHT ? *room : WXS_ENDPOINT_FLIGHT;
    bool ok;

    if (!wxs_target_load(d->intake.control, &d->key, webhook, now, &p->target,
                         error))
        return false;
    if (p->target.state != WXS_TARGET_ENABLED)
        return wxs_queue_stop(d->intake.queue, webhook,
                              p->target.state == WXS_TARGET_DELETED, error);
    ok = wxs_queue_take(d->intake.queue, webhook, now, p->delivery, cap,
                        &p->count, error);
    d->parcels++;
    *room -= p->count;
    return ok;
}

static bool
take_all(deliverer *d, int64_t now, wxs_error *error)
{
    size_t room = wxs_sender_room(d->sender);
    int64_t ready[BATCH];
    size_t count;

    if (room == 0)
        return true;
    if (!wxs_queue_ready(d->intake.queue, now, ready, BATCH, &count, error))
        return false;
    for (size_t i = 0; i < count && room > 0; i++) {
        if (!take(d, ready[i], now, &room, error))
            return false;
    }
    return true;
}

/* A request that cannot even be made is an attempt that failed. */
static bool
give_up(deliverer *d, const parcel *p, const wxs_delivery *delivery,
        const wxs_error *why, wxs_error *error)
{
    wxs_outcome outcome = {.webhook = delivery->webhook,
                           .message = delivery->message,
                           .sent_at = wxs_now_us(),
                           .ended_at = wxs_now_us(),
                           .enabled_at = p->target.enabled_at,
                           .response = "The request could not be made."};

    wxs_log(WXS_LOG_ERROR, "a webhook was not delivered", "webhook",
            p->target.id, "reason", why->text, NULL);
    if (!wxs_db_begin(d->intake.queue, error))
        return false;
    return finish(d, &outcome, error) && wxs_db_commit(d->intake.queue, error);
}

static bool
start_all(deliverer *d, wxs_error *error)
{
    bool ok = true;

    for (size_t i = 0; i < d->parcels; i++) {
        parcel *p = &d->parcel[i];

        for (size_t j = 0; ok && j < p->count; j++) {
            wxs_error why;

            if (!wxs_sender_start(d->sender, &p->target, &p->delivery[j],
                                  wxs_now_us(), &why))
                ok = give_up(d, p, &p->delivery[j], &why, error);
        }
    }
    drop_parcels(d);
    return ok;
}

/* Writes down what ended and takes what is due, in one transaction. */
static bool
turn_over(deliverer *d, wxs_error *error)
{
    wxs_db *queue = d->intake.queue;

    return wxs_db_begin(queue, error) && finish_all(d, error) &&
           take_all(d, wxs_now_us(), error) && wxs_db_commit(queue, error) &&
           start_all(d, error) && disable_failed(d, error) &&
           wxs_queue_next(queue, &d->queue_at, error);
}

/* ---- the loop ---- */

static bool
take_in(deliverer *d, wxs_error *error)
{
    int64_t control = wxs_db_data_version(d->intake.control);
    int64_t events = wxs_db_data_version(d->intake.counts);
    int64_t now = wxs_now_us();
    bool more;

    if (control != d->control_version) {
        if (!wxs_intake_outbox(&d->intake, now, &more, error))
            return false;
        d->control_version = more ? -1 : control;
        d->queue_at = 0;
    }
    if (events != d->events_version || now >= d->events_at) {
        if (!wxs_intake_events(&d->intake, now, &d->events_at, error))
            return false;
        d->events_version = events;
        d->queue_at = 0;
    }
    return true;
}

static bool
purge_if_due(deliverer *d, wxs_error *error)
{
    int64_t before = wxs_now_us() - d->config->webhook.retention_ms * 1000;
    int64_t now = wxs_monotonic_ms();
    int count;

    if (now < d->purge_due)
        return true;
    if (!wxs_db_begin(d->intake.queue, error) ||
        !wxs_queue_purge(d->intake.queue, before, &count, error) ||
        !wxs_db_commit(d->intake.queue, error))
        return false;
    d->purge_due = now + (count > 0 ? POLL_MS : PURGE_MS);
    return true;
}

/* How long there is nothing to do but for curl, in ms. */
static int
patience(const deliverer *d)
{
    int64_t now = wxs_now_us();
    int64_t until = d->queue_at < d->events_at ? d->queue_at : d->events_at;

    if (wxs_sender_room(d->sender) == 0 || until > now + POLL_MS * 1000)
        return POLL_MS;
    return until <= now ? COMMIT_MS : (int)((until - now) / 1000) + 1;
}

static bool
step(deliverer *d, wxs_error *error)
{
    int64_t now = wxs_monotonic_ms();

    if (!take_in(d, error) || !purge_if_due(d, error))
        return false;
    if (now >= d->commit_due) {
        d->commit_due = now + COMMIT_MS;
        if ((wxs_sender_waiting(d->sender) || wxs_now_us() >= d->queue_at) &&
            !turn_over(d, error))
            return false;
    }
    return wxs_sender_run(d->sender, d->worker->stop_fd, patience(d), error);
}

/* Delivers until the worker is to stop; false after an error, when everything
 * under way has been broken off and is due again. */
static bool
deliver(deliverer *d, int *retry, wxs_error *error)
{
    wxs_db *queue = d->intake.queue;
    bool ok;

    d->control_version = d->events_version = -1;
    d->queue_at = d->events_at = d->commit_due = 0;
    d->failing = 0;
    d->sender = wxs_sender_new(d->config, error);
    ok = d->sender != NULL && wxs_db_begin(queue, error) &&
         wxs_queue_recover(queue, error) && wxs_db_commit(queue, error) &&
         wxs_intake_begin(&d->intake, error);
    while (ok && wxs_worker_sleep(d->worker, 0)) {
        ok = step(d, error);
        if (ok)
            *retry = RETRY_MS;
    }
    wxs_db_rollback(queue);
    drop_parcels(d);
    wxs_sender_free(d->sender);
    return ok;
}

static void
deliver_loop(deliverer *d)
{
    int retry = RETRY_MS;
    wxs_error error;

    while (!deliver(d, &retry, &error)) {
        wxs_log(WXS_LOG_ERROR, "webhooks wait for now", "reason", error.text,
                NULL);
        if (!wxs_worker_sleep(d->worker, retry))
            break;
        retry = retry * 2 < RETRY_MAX_MS ? retry * 2 : RETRY_MAX_MS;
    }
}

static bool
prepare(deliverer *d, wxs_error *error)
{
    const char *dir = d->config->dir;

    wxs_schedule_read(d->config, &d->schedule);
    d->intake.schedule = &d->schedule;
    d->intake.verdicts = d->config->webhook.verdicts;
    d->intake.psl = psl_latest(NULL);
    if (d->intake.psl == NULL)
        return wxs_fail(error, "there is no public suffix list: install the "
                               "package publicsuffix");
    return wxs_webhook_key_load(&d->key, d->config, error) &&
           wxs_db_open(&d->intake.control, dir, WXS_DB_CONTROL, WXS_DB_WRITE,
                       error) &&
           wxs_db_open(&d->intake.events, dir, WXS_DB_EVENTS, WXS_DB_READ,
                       error) &&
           wxs_db_open(&d->intake.counts, dir, WXS_DB_COUNTS, WXS_DB_READ,
                       error) &&
           wxs_event_parts_open(&d->intake.parts, dir, error) &&
           wxs_db_open(&d->intake.queue, dir, WXS_DB_WEBHOOKS, WXS_DB_WRITE,
                       error);
}

void
wxs_deliver_run(const wxs_worker *worker)
{
    static deliverer d; /* too large for a stack */
    sigset_t pipe;
    wxs_error error;

    /* an endpoint that hangs up must not end the worker */
    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    memset(&d, 0, sizeof d);
    d.worker = worker;
    d.config = worker->config;
    if (!prepare(&d, &error))
        wxs_worker_fatal("deliver", &error);
    deliver_loop(&d);
    wxs_db_close(d.intake.control);
    wxs_event_parts_close(d.intake.parts);
    wxs_db_close(d.intake.counts);
    wxs_db_close(d.intake.events);
    wxs_db_close(d.intake.queue);
    psl_free((psl_ctx_t *)d.intake.psl);
    wxs_seal_key_clear(&d.key);
}
