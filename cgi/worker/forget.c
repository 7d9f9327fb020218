#include "forget.h"

#include <stddef.h>

#include "clock.h"
#include "log.h"
#include "store/erase.h"
#include "store/retention.h"
#include "worker.h"

#define PERIOD_MS 60000
#define ASK_MS    1000 /* for erasures */
#define OLD_MS    600000
#define PAUSE_MS  20 /* between batches, so that other writers get in */
#define BATCH     1000

bool
wxs_forget_metadata(wxs_db *events, int64_t before, int batch, int *forgotten,
                    wxs_error *error)
{
    /* the condition is that of the index messages_metadata */
    static const char sql[] =
        "UPDATE messages SET sender = NULL, recipients = NULL, subject = NULL, "
        "tags = NULL WHERE id IN (SELECT id FROM messages "
        "INDEXED BY messages_metadata WHERE created_at < ?1 "
        "AND (sender IS NOT NULL OR recipients IS NOT NULL "
        "OR subject IS NOT NULL OR tags IS NOT NULL) LIMIT ?2)";
    sqlite3_stmt *statement = wxs_db_prepare(events, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, before);
    sqlite3_bind_int(statement, 2, batch);
    if (!wxs_db_run(events, statement, error))
        return false;
    *forgotten = wxs_db_changes(events);
    return true;
}

/* False when the worker is to stop. */
static bool
forget_metadata(const wxs_worker *worker, wxs_db *events)
{
    int64_t keep = worker->config->messages.keep_metadata_ms;
    int forgotten = BATCH;
    wxs_error error;

    while (forgotten == BATCH) {
        if (!wxs_forget_metadata(events, wxs_now_us() - keep * 1000, BATCH,
                                 &forgotten, &error)) {
            wxs_log(WXS_LOG_ERROR, "cannot forget metadata of messages",
                    "error", error.text, NULL);
            return true;
        }
        if (forgotten == BATCH && !wxs_worker_sleep(worker, PAUSE_MS))
            return false;
    }
    return true;
}

static bool
is_anything_due(wxs_db *events)
{
    static const char sql[] = "SELECT 1 FROM erasures WHERE done_at IS NULL";
    sqlite3_stmt *row = wxs_db_prepare(events, sql, NULL);
    bool due = row != NULL && wxs_db_step(events, row, NULL) == 1;

    wxs_db_done(row);
    return due;
}

static void
erase_all(const wxs_worker *worker, wxs_db *events)
{
    wxs_error error;
    bool more = is_anything_due(events);

    while (more && wxs_worker_sleep(worker, 0)) {
        if (!wxs_erase(worker->config->dir, &more, &error)) {
            wxs_log(WXS_LOG_ERROR, "an erasure waits for now", "reason",
                    error.text, NULL);
            return;
        }
    }
}

/* Counts of messages go when partitions went, and the first time, because a
 * former worker may have been killed between the two. */
static void
forget_events(const wxs_worker *worker, bool is_first)
{
    const wxs_config *config = worker->config;
    int64_t now = wxs_now_us() / 1000, keep = config->events.retention_ms;
    int64_t keep_rollups = config->events.keep_rollups_ms;
    size_t dropped = 0;
    wxs_error error;

    if ((keep > 0 &&
         !wxs_retention_drop(config->dir, now - keep, &dropped, &error)) ||
        (keep > 0 && (dropped > 0 || is_first) &&
         !wxs_retention_forget_messages(config->dir, now - keep, &error)) ||
        (keep_rollups > 0 && !wxs_retention_forget_rollups(
                                 config->dir, now - keep_rollups, &error)))
        wxs_log(WXS_LOG_ERROR, "old events are still kept", "reason",
                error.text, NULL);
}

/* How often old events are looked for: in short times more often. */
static int64_t
old_period(const wxs_config *config)
{
    int64_t keep = config->events.retention_ms;

    return keep > 0 && keep / 10 < OLD_MS ? keep / 10 + ASK_MS : OLD_MS;
}

void
wxs_forget_run(const wxs_worker *worker)
{
    int64_t metadata_due = 0, old_due = 0, now;
    wxs_error error;
    wxs_db *events;

    if (!wxs_db_open(&events, worker->config->dir, WXS_DB_EVENTS, WXS_DB_WRITE,
                     &error))
        wxs_worker_fatal("forget", &error);
    do {
        now = wxs_monotonic_ms();
        if (now >= metadata_due) {
            if (!forget_metadata(worker, events))
                break;
            metadata_due = now + PERIOD_MS;
        }
        if (now >= old_due) {
            forget_events(worker, old_due == 0);
            old_due = now + old_period(worker->config);
        }
        erase_all(worker, events);
    } while (wxs_worker_sleep(worker, ASK_MS));
    wxs_db_close(events);
}
