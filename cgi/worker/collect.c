#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "classify_event.h"
#include "clock.h"
#include "event_parts.h"
#include "event_store.h"
#include "journal_dir.h"
#include "log.h"
#include "store/closing.h"
#include "store/former_events.h"
#include "store/writers.h"
#include "worker.h"

#define POLL_MS      100
#define TIDY_MS      60000
#define COMPLAIN_MS  60000 /* between two complaints of one kind */
#define MARK_MS      1000
#define RETRY_MS     1000
#define RETRY_MAX_MS 5000
#define BATCH        16384 /* events */
#define STORE_MS     500   /* between syncs of what was stored */

/* Why each event is stored exactly once, whenever this process is killed:
 *
 * - Events, the positions behind them and the writers' sequence numbers are one
 *   transaction of one file, the newest partition. Killed before its commit,
 *   nothing of it exists and the next collector reads the same events from the
 *   same positions; killed after it, that one reads on behind them.
 * - Commits are not synced, but once in a while the partition's log is. When
 * the machine dies, SQLite finds the log whole up to some commit that is not
 *   older than the last sync, and what followed is as if it had not been: its
 *   events are in the journal, because
 * - a file is removed only when nothing can follow in it and after the sync
 * that follows the commit that holds its last events. Killed in between, the
 * next collector opens the file behind its last event, finds it finished and
 *   removes it. And
 * - events are closed, and so counted and told, only after such a sync, because
 *   those collected anew may come in another order and have other ids.
 * - A partition appears by a rename, with the positions of the one before it
 *   copied, when that one has had its last transaction and was synced. Killed
 *   before the rename, the next collector goes on in the former; killed after
 *   it, in the new one, which is then the only one whose positions count.
 * - A position is deleted only after its file is gone for good (the directory
 *   is synced first). So no file is ever read without the position that belongs
 *   to it, and a position too many does no harm: no other segment will ever
 *   have its random writer id and number.
 * - Writers only append, and a record counts once its commit word is there,
 *   which is stored last: it cannot be read half, nor change later.
 * - After any error the partition is opened and all positions are read again,
 *   because what is in memory may be ahead of it.
 *
 * Ids are given in the order of those transactions, so they have no gaps that
 * could be filled later: who has read up to an id has read all up to it. */

struct collector {
    const wxs_worker *worker;
    wxs_journal_dir dir;
    wxs_event_store store;
    wxs_classifier *classifier;
    wxs_closing closing;
    int64_t synced_id; /* events up to this one survive a power loss */
    int64_t store_due; /* the next sync of what was stored */
    bool is_stale;     /* the store is to be opened anew */
    bool is_synced;    /* all that was committed is */
    int64_t sync_due;  /* monotonic ms */
    int64_t tidy_due;
    int64_t mark_due;
    int64_t complain_due; /* of the same complaint once more */
    wxs_error complaint;  /* the last one */
    int64_t alarm_due; /* of a sync that failed */
    int64_t retry_due; /* nothing is read before that */
    int retry;         /* ms to wait after the next failure */
    bool in_batch;     /* a transaction is open */
};

/* Reads the writer's row, for the first change that a segment makes to it; the
 * transaction begins with the first change of all. */
static bool
begin_segment(struct collector *collector, const wxs_segment *segment,
              wxs_writer *writer, wxs_error *error)
{
    if (!collector->in_batch &&
        !wxs_event_store_begin(&collector->store, error))
        return false;
    collector->in_batch = true;
    return wxs_writer_read(collector->store.part.db, segment->writer_id, writer,
                           error);
}

static bool
end_segment(struct collector *collector, const wxs_segment *segment,
            const wxs_writer *writer, wxs_error *error)
{
    wxs_db *events = collector->store.part.db;

    return wxs_writer_save(events, segment->writer_id, writer, error) &&
           wxs_position_save(events, segment, error);
}

/* Takes note that all sequence numbers below this one have been seen. */
static void
count_lost(wxs_segment *segment, wxs_writer *writer, uint64_t below)
{
    uint64_t lost;

    if (below <= writer->sequence + 1)
        return;
    lost = below - writer->sequence - 1;
    segment->lost += lost;
    writer->lost += lost;
    writer->sequence = below - 1;
}

static void
count_event(wxs_segment *segment, wxs_writer *writer, uint64_t sequence)
{
    count_lost(segment, writer, sequence);
    if (sequence > writer->sequence)
        writer->sequence = sequence;
}

/* What a finished segment lacks at its end is lost. */
static bool
count_end(struct collector *collector, wxs_segment *segment, wxs_error *error)
{
    wxs_writer writer;
    uint64_t last;

    if (!segment->finished ||
        !wxs_journal_last_sequence(&segment->reader, &last))
        return true;
    if (!wxs_writer_read(collector->store.part.db, segment->writer_id, &writer,
                         error))
        return false;
    if (last <= writer.sequence)
        return true;
    if (!begin_segment(collector, segment, &writer, error))
        return false;
    count_lost(segment, &writer, last + 1);
    return end_segment(collector, segment, &writer, error);
}

/* Stores the events of one segment, as many as the batch has room for. */
static bool
read_segment(struct collector *collector, wxs_segment *segment, size_t *taken,
             wxs_error *error)
{
    size_t before = *taken;
    wxs_writer writer = {0};
    wxs_status status = WXS_OK;
    wxs_event event;

    while (*taken < BATCH &&
           (status = wxs_journal_next(&segment->reader, &event)) == WXS_OK) {
        if (*taken == before &&
            !begin_segment(collector, segment, &writer, error))
            return false;
        if (!wxs_classify_and_put(collector->classifier, &collector->store,
                                  &event, error))
            return false;
        count_event(segment, &writer, event.sequence);
        (*taken)++;
    }
    if (status == WXS_END)
        segment->finished = wxs_journal_finished(&segment->reader);
    else if (status != WXS_OK)
        return wxs_fail(error, "cannot read journal segment %s: %s",
                        segment->name, wxs_status_text(status));
    return (*taken == before ||
            end_segment(collector, segment, &writer, error)) &&
           count_end(collector, segment, error);
}

static bool
end_batch(struct collector *collector, wxs_error *error)
{
    if (collector->in_batch &&
        !wxs_event_store_commit(&collector->store, error))
        return false;
    if (collector->in_batch)
        collector->is_synced = false;
    collector->in_batch = false;
    wxs_closing_add(&collector->closing, collector->store.part.next_id - 1,
                    wxs_monotonic_ms());
    return true;
}

/* One batch of all segments. A writer's segments are read one after another,
 * so that a gap in its sequence numbers is a loss. */
static bool
read_batch(struct collector *collector, size_t *taken, wxs_error *error)
{
    const wxs_segment *unfinished = NULL;

    *taken = 0;
    for (size_t i = 0; i < collector->dir.count && *taken < BATCH; i++) {
        wxs_segment *segment = &collector->dir.segments[i];

        segment->lost = 0;
        if (segment->unreadable || segment->finished ||
            (unfinished != NULL && unfinished->writer_id == segment->writer_id))
            continue;
        if (!read_segment(collector, segment, taken, error))
            return false;
        if (!segment->finished)
            unfinished = segment;
    }
    return end_batch(collector, error);
}

static void
log_lost(struct collector *collector)
{
    for (size_t i = 0; i < collector->dir.count; i++) {
        wxs_segment *segment = &collector->dir.segments[i];
        char lost[24];

        if (segment->lost == 0)
            continue;
        (void)snprintf(lost, sizeof lost, "%" PRIu64, segment->lost);
        wxs_log(WXS_LOG_WARN, "events were lost", "segment", segment->name,
                "events", lost, NULL);
        segment->lost = 0;
    }
}

/* Goes on while events cannot be stored: then most of all. */
static void
sync_if_due(struct collector *collector)
{
    int64_t now = wxs_monotonic_ms();
    wxs_error error;

    if (now < collector->sync_due)
        return;
    collector->sync_due = now + collector->worker->config->journal.sync_ms;
    if (wxs_journal_dir_sync(&collector->dir, &error) ||
        now < collector->alarm_due)
        return;
    wxs_log(WXS_LOG_ERROR, "a power loss would lose events", "reason",
            error.text, NULL);
    collector->alarm_due = now + COMPLAIN_MS;
}

static bool
tidy_if_due(struct collector *collector, wxs_error *error)
{
    int64_t now = wxs_monotonic_ms();

    if (now < collector->tidy_due)
        return true;
    collector->tidy_due = now + TIDY_MS;
    wxs_classifier_refresh(collector->classifier);
    wxs_journal_dir_tidy(&collector->dir);
    return wxs_journal_dir_forget(&collector->dir, collector->store.part.db,
                                  error) &&
           wxs_writers_forget(collector->store.part.db, error);
}

/* For the metrics: at once after events, else now and then. */
static void
mark_if_due(struct collector *collector, bool has_news, uint64_t drained_ms)
{
    int64_t now = wxs_monotonic_ms();

    if (!has_news && now < collector->mark_due)
        return;
    collector->mark_due = now + MARK_MS;
    wxs_journal_dir_mark(&collector->dir, drained_ms);
}

/* Tells the finalizer which labels do not change any more. */
static void
close_if_due(struct collector *collector)
{
    int64_t id = wxs_closing_due(&collector->closing, wxs_monotonic_ms(),
                                 collector->synced_id);

    if (id <= collector->store.closed_id)
        return;
    collector->store.closed_id = id;
    wxs_closed_tell(id);
}

/* Syncs what was stored, now and then; what waits for that is done. */
static bool
settle_if_due(struct collector *collector, wxs_error *error)
{
    int64_t now = wxs_monotonic_ms();

    if (!collector->is_synced && now >= collector->store_due) {
        if (!wxs_partition_sync(&collector->store.part, error))
            return false;
        collector->store_due = wxs_monotonic_ms() + STORE_MS;
        collector->synced_id = collector->store.part.next_id - 1;
        collector->is_synced = true;
    }
    if (collector->is_synced)
        wxs_journal_dir_retire(&collector->dir);
    close_if_due(collector);
    return true;
}

/* Opens the store, again if it has failed. */
static bool
open_if_stale(struct collector *collector, wxs_error *error)
{
    const wxs_config *config = collector->worker->config;

    if (!collector->is_stale)
        return true;
    if (!wxs_former_events_move(config->dir, config->events.partition_events,
                                error) ||
        !wxs_event_store_open(&collector->store, config->dir, error) ||
        !wxs_classify_recall(collector->classifier, &collector->store, error))
        return false;
    collector->is_stale = false;
    collector->is_synced = false;
    collector->synced_id = 0;
    wxs_closing_begin(&collector->closing, config->events.hold_ms,
                      collector->store.part.next_id - 1, wxs_monotonic_ms());
    return true;
}

/* What is due between two batches. */
static bool
prepare_batch(struct collector *collector, wxs_error *error)
{
    const wxs_config *config = collector->worker->config;

    return wxs_event_store_day(&collector->store, error) &&
           wxs_event_store_switch(&collector->store,
                                  config->events.partition_events,
                                  config->events.partition_ms, error) &&
           tidy_if_due(collector, error);
}

/* Reads what there is, a batch at most; *more tells that there is more. */
static bool
collect_some(struct collector *collector, bool *more, wxs_error *error)
{
    uint64_t start = (uint64_t)wxs_now_us() / 1000;
    size_t taken;
    bool is_drained;

    *more = false;
    if (!wxs_journal_dir_scan(&collector->dir, collector->store.part.db, error))
        return false;
    sync_if_due(collector);
    if (wxs_monotonic_ms() < collector->retry_due)
        return true;
    if (!open_if_stale(collector, error) || !prepare_batch(collector, error) ||
        !read_batch(collector, &taken, error))
        return false;
    log_lost(collector);
    is_drained = taken < BATCH && collector->dir.count < WXS_OPEN_SEGMENTS;
    mark_if_due(collector, taken > 0, is_drained ? start : 0);
    *more = taken == BATCH;
    return settle_if_due(collector, error);
}

/* Collects all there is at present. */
static bool
collect(struct collector *collector, wxs_error *error)
{
    bool more;

    if (collector->store.part.db == NULL) {
        if (wxs_monotonic_ms() < collector->retry_due)
            return true;
        if (!open_if_stale(collector, error))
            return false;
    }
    do {
        if (!collect_some(collector, &more, error))
            return false;
    } while (more && wxs_worker_sleep(collector->worker, 0));
    if (wxs_monotonic_ms() < collector->retry_due)
        return true;
    collector->retry = RETRY_MS;
    collector->complain_due = 0;
    return true;
}

static void
give_up_for_now(struct collector *collector, const wxs_error *error)
{
    int64_t now = wxs_monotonic_ms();

    if (now >= collector->complain_due ||
        strcmp(error->text, collector->complaint.text) != 0) {
        wxs_log(WXS_LOG_ERROR, "events stay in the journal for now", "reason",
                error->text, NULL);
        collector->complain_due = now + COMPLAIN_MS;
        collector->complaint = *error;
    }
    wxs_db_rollback(collector->store.events);
    if (collector->store.part.db != NULL)
        wxs_db_rollback(collector->store.part.db);
    collector->in_batch = false;
    collector->is_stale = true;
    wxs_journal_dir_reset(&collector->dir);
    if (now < collector->retry_due)
        return;
    collector->retry_due = now + collector->retry;
    collector->retry *= 2;
    if (collector->retry > RETRY_MAX_MS)
        collector->retry = RETRY_MAX_MS;
}

/* How long to rest, in ms. */
static int
patience(const struct collector *collector)
{
    int64_t until_sync = collector->sync_due - wxs_monotonic_ms();

    if (until_sync < 0)
        return 0;
    return until_sync < POLL_MS ? (int)until_sync : POLL_MS;
}

static void
collect_loop(struct collector *collector)
{
    wxs_error error;

    do {
        if (!collect(collector, &error))
            give_up_for_now(collector, &error);
    } while (wxs_worker_sleep(collector->worker, patience(collector)));
}

/* What a former collector has closed stays so. */
static bool
read_closed(struct collector *collector, wxs_error *error)
{
    wxs_event_parts *parts;
    bool ok;

    if (!wxs_event_parts_open(&parts, collector->worker->config->dir, error))
        return false;
    ok = wxs_event_parts_final(parts, &collector->store.closed_id, error);
    wxs_event_parts_close(parts);
    return ok;
}

static bool
prepare(struct collector *collector, wxs_error *error)
{
    const wxs_config *config = collector->worker->config;
    char path[512];

    if (!wxs_config_path(config, "journal", path, sizeof path))
        return wxs_fail(error, "the path of %s is too long", config->dir);
    collector->classifier = wxs_classifier_open(config, error);
    return collector->classifier != NULL &&
           wxs_journal_dir_open(&collector->dir, path, error) &&
           wxs_db_open(&collector->store.events, config->dir, WXS_DB_EVENTS,
                       WXS_DB_WRITE, error) &&
           wxs_db_open(&collector->store.control, config->dir, WXS_DB_CONTROL,
                       WXS_DB_READ, error) &&
           read_closed(collector, error);
}

void
wxs_collect_run(const wxs_worker *worker)
{
    static struct collector collector; /* too large for a stack */
    wxs_error error;

    memset(&collector, 0, sizeof collector);
    collector.worker = worker;
    collector.retry = RETRY_MS;
    collector.is_stale = true;
    if (!prepare(&collector, &error))
        wxs_worker_fatal("collect", &error);
    collect_loop(&collector);
    wxs_journal_dir_close(&collector.dir);
    wxs_event_store_close(&collector.store);
    wxs_classifier_close(collector.classifier);
    wxs_db_close(collector.store.control);
    wxs_db_close(collector.store.events);
    OPENSSL_cleanse(&collector.store, sizeof collector.store);
}
