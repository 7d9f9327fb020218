#include "request_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "idempotency.h"
#include "log.h"
#include "redact.h"

#define WAITING_MAX    8192
#define FLUSH_MS       200
#define TIDY_MS        60000
#define TIDY_ROWS      "1000"
#define AGENT_MAX      256
#define KEEP_SECRET_US INT64_C(86400000000) /* idempotent answers: a day */

typedef struct entry {
    struct entry *next;
    int64_t account;
    int64_t at;
    int status;
    char *request_body;
    char *response_body;
    char id[37];
    char key_id[37];
    char method[8];
    const char *agent;
    char endpoint[]; /* behind it the agent */
} entry;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool is_running;
    bool is_stopping;
    entry *first;
    entry **last;
    size_t waiting;
    size_t lost;
    int64_t retention_us;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void
free_entry(entry *e)
{
    free(e->request_body);
    free(e->response_body);
    free(e);
}

static bool
insert(wxs_db *db, const entry *e, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(
        db,
        "INSERT OR IGNORE INTO log (id, account, key_id, created_at, method, "
        "endpoint, status, user_agent, request_body, response_body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);

    if (row == NULL)
        return false;
    sqlite3_bind_text(row, 1, e->id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, e->account);
    sqlite3_bind_text(row, 3, e->key_id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 4, e->at);
    sqlite3_bind_text(row, 5, e->method, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 6, e->endpoint, -1, SQLITE_STATIC);
    sqlite3_bind_int(row, 7, e->status);
    if (e->agent[0] != '\0')
        sqlite3_bind_text(row, 8, e->agent, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 9, e->request_body, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 10, e->response_body, -1, SQLITE_STATIC);
    return wxs_db_run(db, row, error);
}

static bool
store(const entry *entries, wxs_error *error)
{
    wxs_db *db = wxs_write_begin(WXS_DB_REQUESTS, error);

    if (db == NULL)
        return false;
    for (; entries != NULL; entries = entries->next) {
        if (!insert(db, entries, error)) {
            wxs_write_abort(db);
            return false;
        }
    }
    return wxs_write_commit(db, error);
}

static bool
delete_before(wxs_db *db, const char *sql, int64_t before, bool *more,
              wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, before);
    if (!wxs_db_run(db, row, error))
        return false;
    *more = *more || wxs_db_changes(db) > 0;
    return true;
}

/* Removes some of what is too old; *more tells that there may be more. */
static bool
tidy(bool *more, wxs_error *error)
{
    static const char log[] =
        "DELETE FROM log WHERE number IN (SELECT number FROM log "
        "WHERE created_at < ? LIMIT " TIDY_ROWS ")";
    static const char idempotency[] =
        "DELETE FROM idempotency WHERE (caller, name) IN (SELECT caller, name "
        "FROM idempotency WHERE started_at < ? LIMIT " TIDY_ROWS ")";
    int64_t now = wxs_now_us();
    wxs_db *db = wxs_write_begin(WXS_DB_REQUESTS, error);

    *more = false;
    if (db == NULL)
        return false;
    if (delete_before(db, log, now - queue.retention_us, more, error) &&
        delete_before(db, idempotency, now - KEEP_SECRET_US, more, error))
        return wxs_write_commit(db, error);
    wxs_write_abort(db);
    return false;
}

/* The same for the answers that are kept elsewhere. */
static bool
tidy_answers(bool *more, wxs_error *error)
{
    return wxs_idempotency_tidy(WXS_DB_CONTROL, more, error) &&
           (!wxs_write_is_open(WXS_DB_EVENTS) ||
            wxs_idempotency_tidy(WXS_DB_EVENTS, more, error));
}

/* Takes what has been noted. Waits for it, until FLUSH_MS have passed or it is
 * time to stop; *stop tells. */
static entry *
take(bool *stop, size_t *lost)
{
    struct timespec until;
    entry *taken;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += FLUSH_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&queue.lock);
    while (!queue.is_stopping && queue.waiting < WAITING_MAX / 2) {
        if (pthread_cond_timedwait(&queue.wake, &queue.lock, &until) ==
            ETIMEDOUT)
            break;
    }
    taken = queue.first;
    queue.first = NULL;
    queue.last = &queue.first;
    queue.waiting = 0;
    *lost = queue.lost;
    queue.lost = 0;
    *stop = queue.is_stopping;
    pthread_mutex_unlock(&queue.lock);
    return taken;
}

static void
tell_lost(size_t lost)
{
    char text[24];

    snprintf(text, sizeof(text), "%zu", lost);
    wxs_log(WXS_LOG_WARN, "requests are missing in the list of requests",
            "count", text, NULL);
}

static void
store_and_free(entry *entries)
{
    wxs_error error;

    if (entries != NULL && !store(entries, &error))
        wxs_log(WXS_LOG_ERROR, "the list of requests was not stored", "error",
                error.text, NULL);
    while (entries != NULL) {
        entry *next = entries->next;
        free_entry(entries);
        entries = next;
    }
}

static void *
run(void *arg)
{
    int64_t tidied = 0;
    bool stop = false;
    bool more = false;
    size_t lost;
    wxs_error error;

    (void)arg;
    while (!stop) {
        store_and_free(take(&stop, &lost));
        if (lost > 0)
            tell_lost(lost);
        if (stop ||
            (!more && tidied != 0 && wxs_monotonic_ms() - tidied < TIDY_MS))
            continue;
        tidied = wxs_monotonic_ms();
        if (!tidy(&more, &error) || !tidy_answers(&more, &error))
            wxs_log(WXS_LOG_ERROR, "old requests were not removed", "error",
                    error.text, NULL);
    }
    return NULL;
}

bool
wxs_request_log_start(const wxs_config *config, wxs_error *error)
{
    int rc;

    queue.retention_us = config->logs.retention_ms * 1000;
    queue.first = NULL;
    queue.last = &queue.first;
    queue.is_stopping = false;
    rc = pthread_create(&queue.thread, NULL, run, NULL);
    if (rc != 0)
        return wxs_fail(error, "cannot start a thread: %s", strerror(rc));
    queue.is_running = true;
    return true;
}

void
wxs_request_log_stop(void)
{
    if (!queue.is_running)
        return;
    pthread_mutex_lock(&queue.lock);
    queue.is_stopping = true;
    pthread_cond_signal(&queue.wake);
    pthread_mutex_unlock(&queue.lock);
    pthread_join(queue.thread, NULL);
    queue.is_running = false;
}

static entry *
make_entry(const wxs_request *request, const wxs_identity *identity,
           bool keeps_bodies, const wxs_response *response)
{
    char agent[AGENT_MAX];
    size_t path_size = strlen(request->path) + 1;
    size_t agent_size;
    entry *e;

    wxs_redact_text(request->user_agent, agent, sizeof(agent));
    agent_size = strlen(agent) + 1;
    e = malloc(sizeof(*e) + path_size + agent_size);
    if (e == NULL)
        return NULL;
    *e = (entry){
        .account = identity->account,
        .at = wxs_now_us(),
        .status = response->status,
        .agent = e->endpoint + path_size,
    };
    snprintf(e->id, sizeof(e->id), "%s", request->id);
    snprintf(e->key_id, sizeof(e->key_id), "%s", identity->key_id);
    snprintf(e->method, sizeof(e->method), "%s", request->method);
    memcpy(e->endpoint, request->path, path_size);
    memcpy(e->endpoint + path_size, agent, agent_size);
    if (keeps_bodies) {
        e->request_body = wxs_redact_body(request->body, request->body_len);
        e->response_body = wxs_redact_json(response->json);
    }
    return e;
}

void
wxs_request_log_note(const wxs_request *request, const wxs_identity *identity,
                     bool keeps_bodies, const wxs_response *response)
{
    entry *e = queue.is_running
                   ? make_entry(request, identity, keeps_bodies, response)
                   : NULL;

    if (e == NULL)
        return;
    pthread_mutex_lock(&queue.lock);
    if (queue.waiting >= WAITING_MAX) {
        queue.lost++;
        pthread_mutex_unlock(&queue.lock);
        free_entry(e);
        return;
    }
    *queue.last = e;
    queue.last = &e->next;
    queue.waiting++;
    if (queue.waiting == WAITING_MAX / 2)
        pthread_cond_signal(&queue.wake);
    pthread_mutex_unlock(&queue.lock);
}
