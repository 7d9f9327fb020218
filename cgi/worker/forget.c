#include "forget.h"

#include <stddef.h>

#include "clock.h"
#include "log.h"
#include "worker.h"

#define PERIOD_MS 60000
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
forget(const wxs_worker *worker, wxs_db *events)
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

void
wxs_forget_run(const wxs_worker *worker)
{
    wxs_error error;
    wxs_db *events;

    if (!wxs_db_open(&events, worker->config->dir, WXS_DB_EVENTS, WXS_DB_WRITE,
                     &error))
        wxs_worker_fatal("forget", &error);
    while (forget(worker, events) && wxs_worker_sleep(worker, PERIOD_MS))
        ;
    wxs_db_close(events);
}
