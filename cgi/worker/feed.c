#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "db.h"
#include "log.h"
#include "table_build.h"
#include "table_entry.h"
#include "table_killed.h"
#include "table_secrets.h"
#include "worker.h"

#define POLL_MS      50
#define RETRY_MS     1000
#define RETRY_MAX_MS 30000
#define BATCH        500   /* changes */
#define FEED_NICE    15    /* a million changes must not delay nginx */
#define KEPT         10000 /* applied changes that are kept in control.db */

/* A row of changes. */
struct change {
    uint64_t sequence;
    enum {
        CHANGE_HOST,
        CHANGE_LINK,
        CHANGE_MESSAGE
    } kind;
    char host[WXS_HOST_MAX + 1];
    int64_t link;
    uint8_t message[WXS_MESSAGE_ID_SIZE];
};

struct feed {
    const wxs_worker *worker;
    wxs_db *control;
    wxs_seal_key link_key;
    char path[512];
    wxs_table_writer *writer; /* NULL = no table is open */
    uint64_t applied;
    int64_t seen; /* data version of control.db whose changes are applied */
    bool has_old; /* applied changes that can go */
    struct change batch[BATCH];
};

static uint64_t
applied_by(const wxs_table_writer *writer)
{
    wxs_table_info info;

    wxs_table_get_info(wxs_table_writer_view(writer), &info);
    return info.applied;
}

static void
close_table(struct feed *feed)
{
    if (feed->writer != NULL)
        wxs_table_writer_close(feed->writer);
    feed->writer = NULL;
}

/* Builds the table anew. The former one is served until the new one is there,
 * and goes on being served if there is no room for another. */
static bool
rebuild(struct feed *feed, const char *cause, wxs_error *error)
{
    wxs_table_writer *writer;
    int64_t start = wxs_monotonic_ms();
    wxs_table_info info;
    char live[24], took[24];

    wxs_log(WXS_LOG_INFO, "building the lookup table", "cause", cause, NULL);
    if (!wxs_table_rebuild(feed->control, &feed->link_key, feed->path, NULL,
                           &writer, error))
        return false;
    close_table(feed);
    feed->writer = writer;
    feed->applied = applied_by(writer);
    wxs_table_get_info(wxs_table_writer_view(writer), &info);
    (void)snprintf(live, sizeof live, "%" PRIu64, info.live);
    (void)snprintf(took, sizeof took, "%" PRId64, wxs_monotonic_ms() - start);
    wxs_log(WXS_LOG_INFO, "lookup table built", "entries", live, "took_ms",
            took, NULL);
    return true;
}

/* The number of the oldest change, or of the next one if there is none. */
static bool
oldest_change(struct feed *feed, int64_t *sequence, wxs_error *error)
{
    static const char sql[] = "SELECT min(sequence) FROM changes";
    sqlite3_stmt *statement = wxs_db_prepare(feed->control, sql, error);
    uint64_t newest;
    int row;

    if (statement == NULL ||
        !wxs_table_newest_change(feed->control, &newest, error))
        return false;
    row = wxs_db_step(feed->control, statement, error);
    *sequence = sqlite3_column_type(statement, 0) == SQLITE_NULL
                    ? (int64_t)newest + 1
                    : sqlite3_column_int64(statement, 0);
    wxs_db_done(statement);
    return row == 1;
}

/* Do the changes lead on from where the table stands? A control.db that has
 * fewer of them than the table was put back from an older copy, or made anew:
 * to build from it could end links that were delivered, so a person must say
 * so. */
static bool
leads_on(struct feed *feed, bool *answer, wxs_error *error)
{
    uint64_t newest;
    int64_t oldest;

    if (!wxs_table_newest_change(feed->control, &newest, error) ||
        !oldest_change(feed, &oldest, error))
        return false;
    if (feed->applied > newest)
        return wxs_fail(error,
                        "control.db is older than %s, which stays in service "
                        "as it is; `waxseal table build` replaces it by what "
                        "control.db has",
                        feed->path);
    *answer = feed->applied + 1 >= (uint64_t)oldest;
    return true;
}

/* Takes the table that is there if it can be gone on with; *cause tells why it
 * cannot. A machine that went down may have torn it. */
static bool
take_table(struct feed *feed, const char **cause, wxs_error *error)
{
    bool same_boot = false, complete = false;
    wxs_status status =
        wxs_table_writer_open(feed->path, &same_boot, &feed->writer);

    *cause = NULL;
    if (status == WXS_NOT_FOUND || status == WXS_BAD_FORMAT ||
        status == WXS_BAD_VERSION) {
        *cause = wxs_status_text(status);
        return true;
    }
    if (status != WXS_OK)
        return wxs_fail(error, "cannot open %s: %s", feed->path,
                        wxs_table_reason(status));
    feed->applied = applied_by(feed->writer);
    if (!leads_on(feed, &complete, error))
        return false;
    if (!same_boot)
        *cause = "the machine was started since";
    else if (!complete)
        *cause = "it is older than the changes that control.db still has";
    return true;
}

/* Writes into the table that is there, if there is one, since when changes do
 * not reach it. */
static void
tell_failing(struct feed *feed, bool failing)
{
    wxs_table_info info;

    if (feed->writer == NULL)
        return;
    wxs_table_get_info(wxs_table_writer_view(feed->writer), &info);
    if (failing != (info.failing_since_ms != 0))
        wxs_table_set_failing(feed->writer,
                              failing ? (uint64_t)(wxs_now_us() / 1000) : 0);
}

static bool
open_table(struct feed *feed, wxs_error *error)
{
    const char *cause;

    if (take_table(feed, &cause, error) &&
        (cause == NULL || rebuild(feed, cause, error)))
        return true;
    tell_failing(feed, true);
    close_table(feed);
    return false;
}

static void
read_change(sqlite3_stmt *row, struct change *change)
{
    const char *host = (const char *)sqlite3_column_text(row, 2);
    const void *message = sqlite3_column_blob(row, 4);

    *change = (struct change){
        .sequence = (uint64_t)sqlite3_column_int64(row, 0),
        .kind = sqlite3_column_int(row, 1),
        .link = sqlite3_column_int64(row, 3),
    };
    (void)snprintf(change->host, sizeof change->host, "%s",
                   host == NULL ? "" : host);
    if (sqlite3_column_bytes(row, 4) == sizeof change->message)
        memcpy(change->message, message, sizeof change->message);
}

/* Reads the changes behind the applied ones, in order. */
static bool
read_batch(struct feed *feed, size_t *count, wxs_error *error)
{
    static const char sql[] =
        "SELECT sequence, CASE kind WHEN 'host' THEN ?3 WHEN 'link' THEN ?4 "
        "ELSE ?5 END, host, link, message FROM changes "
        "WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";
    sqlite3_stmt *statement = wxs_db_prepare(feed->control, sql, error);
    struct change *change = feed->batch;
    int row = 0;

    *count = 0;
    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)feed->applied);
    sqlite3_bind_int(statement, 2, BATCH);
    sqlite3_bind_int(statement, 3, CHANGE_HOST);
    sqlite3_bind_int(statement, 4, CHANGE_LINK);
    sqlite3_bind_int(statement, 5, CHANGE_MESSAGE);
    while (*count < BATCH &&
           (row = wxs_db_step(feed->control, statement, error)) == 1) {
        read_change(statement, change++);
        (*count)++;
    }
    wxs_db_done(statement);
    return *count == BATCH || row == 0;
}

/* A host goes into the table only with the link secrets of all its domains:
 * whoever mints links on it finds them made. */
static wxs_status
apply_change(struct feed *feed, const struct change *change, wxs_error *error)
{
    if (change->kind == CHANGE_LINK)
        return wxs_table_entry_link(feed->writer, feed->control, change->link,
                                    error);
    if (change->kind == CHANGE_MESSAGE)
        return wxs_table_killed_message(feed->writer, feed->control,
                                        change->message, error);
    if (!wxs_table_secrets_supply(feed->control, &feed->link_key, change->host,
                                  error))
        return WXS_IO;
    return wxs_table_entry_host(feed->writer, feed->control, &feed->link_key,
                                change->host, error);
}

/* Applies what is read; a table that cannot take it is built anew, which
 * applies all there is. */
static bool
apply_batch(struct feed *feed, size_t count, wxs_error *error)
{
    for (size_t i = 0; i < count; i++) {
        wxs_status status = apply_change(feed, &feed->batch[i], error);

        if (status == WXS_FULL || status == WXS_BAD_FORMAT)
            return rebuild(feed, wxs_status_text(status), error);
        if (status != WXS_OK)
            return false;
        feed->applied = feed->batch[i].sequence;
    }
    wxs_table_set_applied(feed->writer, feed->applied);
    return true;
}

/* Deletes changes that are long applied, some at a time: each look goes on. */
static bool
delete_applied(struct feed *feed, wxs_error *error)
{
    static const char sql[] =
        "DELETE FROM changes WHERE sequence <= min(?1, ?2)";
    int64_t last = (int64_t)feed->applied - KEPT;
    sqlite3_stmt *statement;
    int64_t oldest;

    if (!oldest_change(feed, &oldest, error))
        return false;
    feed->has_old = last - oldest >= KEPT;
    if (!feed->has_old)
        return true;
    statement = wxs_db_prepare(feed->control, sql, error);
    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, last);
    sqlite3_bind_int64(statement, 2, oldest + KEPT);
    return wxs_db_run(feed->control, statement, error);
}

/* One look at control.db: applies all that is new. */
static bool
look(struct feed *feed, wxs_error *error)
{
    int64_t version = wxs_db_data_version(feed->control);
    size_t count;

    if (feed->writer != NULL &&
        wxs_table_superseded(wxs_table_writer_view(feed->writer)))
        close_table(feed);
    if (feed->writer == NULL) {
        feed->seen = -1;
        if (!open_table(feed, error))
            return false;
    }
    if (version == feed->seen && version != -1)
        return !feed->has_old || delete_applied(feed, error);
    do {
        if (!read_batch(feed, &count, error) ||
            !apply_batch(feed, count, error))
            return false;
    } while (count == BATCH && wxs_worker_sleep(feed->worker, 0));
    feed->seen = count == BATCH ? -1 : version;
    return delete_applied(feed, error);
}

static void
feed_loop(struct feed *feed)
{
    int wait = 0, retry = RETRY_MS;
    wxs_error error;

    while (wxs_worker_sleep(feed->worker, wait)) {
        bool up_to_date = look(feed, &error);

        tell_failing(feed, !up_to_date);
        if (up_to_date) {
            wait = POLL_MS;
            retry = RETRY_MS;
            continue;
        }
        wxs_log(WXS_LOG_ERROR, "the lookup table is not up to date", "reason",
                error.text, NULL);
        feed->seen = -1;
        wait = retry;
        retry = retry * 2 < RETRY_MAX_MS ? retry * 2 : RETRY_MAX_MS;
    }
}

static bool
prepare(struct feed *feed, const wxs_config *config, wxs_error *error)
{
    char key_path[512];

    if (!wxs_config_path(config, "table.wxt", feed->path, sizeof feed->path) ||
        !wxs_config_path(config, "link.key", key_path, sizeof key_path))
        return wxs_fail(error, "the path of %s is too long", config->dir);
    return wxs_seal_key_load(&feed->link_key, key_path, error) &&
           wxs_db_open(&feed->control, config->dir, WXS_DB_CONTROL,
                       WXS_DB_WRITE, error);
}

void
wxs_feed_run(const wxs_worker *worker)
{
    static struct feed feed; /* too large for a stack; there is one feed */
    wxs_error error;

    if (setpriority(PRIO_PROCESS, (id_t)gettid(), FEED_NICE) != 0)
        wxs_log(WXS_LOG_WARN, "cannot lower the priority", "task", "feed",
                NULL);
    feed = (struct feed){.worker = worker, .seen = -1};
    if (!prepare(&feed, worker->config, &error))
        wxs_worker_fatal("feed", &error);
    feed_loop(&feed);
    close_table(&feed);
    wxs_db_close(feed.control);
    wxs_seal_key_clear(&feed.link_key);
}
