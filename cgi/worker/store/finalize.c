#include "finalize.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "closing.h"
#include "event_part_files.h"
#include "item_id.h"
#include "log.h"
#include "message_sums.h"
#include "worker.h"

/* Events; the more, the less often a page is written. */
#define BATCH 262144

#define LINKS_KEPT  65536 /* a power of two */
#define MS_AN_HOUR  INT64_C(3600000)
#define MS_A_DAY    INT64_C(86400000)
#define POLL_MS     50
#define RETRY_MS    1000
#define COMPLAIN_MS 60000

struct wxs_finalizer {
    wxs_db *counts;
    wxs_db *events;
    wxs_event_parts *parts;
    int64_t cursor;
    wxs_sums sums;
    int64_t links_of; /* partition that the kept links are of */
    struct {
        int64_t text; /* 0 = nothing */
        int64_t item;
    } kept[LINKS_KEPT];
};

enum {
    ID,
    ACCOUNT,
    DOMAIN,
    TYPE,
    AT,
    MESSAGE,
    LINK,
    VERDICT
};

static bool
execute(wxs_db *db, const char *sql, wxs_error *error)
{
    return sqlite3_exec(wxs_db_handle(db), sql, NULL, NULL, NULL) ==
               SQLITE_OK ||
           wxs_db_fail(db, error, sql);
}

bool
wxs_finalizer_open(wxs_finalizer **finalizer, const char *dir, wxs_error *error)
{
    /* room for the counts of the million messages that most events are of */
    static const char pragmas[] =
        "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -262144; "
        "PRAGMA wal_autocheckpoint = 16000";
    wxs_finalizer *made = calloc(1, sizeof *made);

    if (made == NULL)
        return wxs_fail(error, "out of memory");
    made->sums.seen = calloc(BATCH, sizeof *made->sums.seen);
    if (made->sums.seen == NULL)
        (void)wxs_fail(error, "out of memory");
    else if (wxs_db_open(&made->counts, dir, WXS_DB_COUNTS, WXS_DB_WRITE,
                         error) &&
             execute(made->counts, pragmas, error) &&
             wxs_db_open(&made->events, dir, WXS_DB_EVENTS, WXS_DB_READ,
                         error) &&
             wxs_event_parts_open(&made->parts, dir, error) &&
             wxs_event_parts_final(made->parts, &made->cursor, error)) {
        *finalizer = made;
        return true;
    }
    wxs_finalizer_close(made);
    return false;
}

void
wxs_finalizer_close(wxs_finalizer *finalizer)
{
    if (finalizer == NULL)
        return;
    wxs_event_parts_close(finalizer->parts);
    wxs_db_close(finalizer->events);
    wxs_db_close(finalizer->counts);
    wxs_tallies_free(&finalizer->sums.hours);
    wxs_tallies_free(&finalizer->sums.links);
    wxs_tallies_free(&finalizer->sums.tags);
    wxs_tag_sets_clear(&finalizer->sums.sets);
    free(finalizer->sums.seen);
    free(finalizer);
}

int64_t
wxs_finalizer_cursor(const wxs_finalizer *finalizer)
{
    return finalizer->cursor;
}

/* ---- reading ---- */

/* The item of a link, by the id of its text; 0 if the text is gone. */
static bool
item_of_text(wxs_db *part, int64_t id, int64_t *item, wxs_error *error)
{
    static const char sql[] = "SELECT text FROM texts WHERE id = ?1";
    sqlite3_stmt *row = wxs_db_prepare(part, sql, error);
    int found;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, id);
    found = wxs_db_step(part, row, error);
    *item = found == 1
                ? wxs_item_id((const char *)sqlite3_column_text(row, 0),
                              (size_t)sqlite3_column_bytes(row, 0), "", 0)
                : 0;
    wxs_db_done(row);
    return found >= 0;
}

static bool
find_item(wxs_finalizer *finalizer, wxs_db *part, int64_t text, int64_t *item,
          wxs_error *error)
{
    size_t place = (size_t)text & (LINKS_KEPT - 1);

    if (finalizer->kept[place].text != text) {
        if (!item_of_text(part, text, item, error))
            return false;
        finalizer->kept[place].text = text;
        finalizer->kept[place].item = *item;
    }
    *item = finalizer->kept[place].item;
    return true;
}

static bool
count_link(wxs_finalizer *finalizer, wxs_db *part, sqlite3_stmt *row,
           const wxs_tally_key *hour, wxs_seen *seen, wxs_error *error)
{
    wxs_tally_key key = *hour;
    int64_t text = sqlite3_column_int64(row, LINK);
    wxs_tallies *links = &finalizer->sums.links;
    size_t i;

    seen->item = 0;
    if (hour->type != 'c' || sqlite3_column_type(row, LINK) == SQLITE_NULL)
        return true;
    if (!find_item(finalizer, part, text, &key.item, error))
        return false;
    if (key.item == 0)
        return true;
    key.span = sqlite3_column_int64(row, AT) / MS_A_DAY;
    i = wxs_tallies_find(links, &key);
    if (i == SIZE_MAX)
        return wxs_fail(error, "out of memory");
    links->tally[i].of.text = text;
    wxs_tally_add(&links->tally[i],
                  (wxs_verdict)sqlite3_column_int(row, VERDICT));
    seen->link = (uint32_t)i;
    seen->item = key.item;
    return true;
}

static bool
count_row(wxs_finalizer *finalizer, wxs_db *part, sqlite3_stmt *row,
          uint32_t order, wxs_error *error)
{
    wxs_sums *sums = &finalizer->sums;
    wxs_seen *seen = &sums->seen[sums->count];
    const void *message = sqlite3_column_blob(row, MESSAGE);
    wxs_verdict verdict = (wxs_verdict)sqlite3_column_int(row, VERDICT);
    wxs_tally_key key = {sqlite3_column_int64(row, ACCOUNT),
                         sqlite3_column_int64(row, DOMAIN),
                         sqlite3_column_int64(row, AT) / MS_AN_HOUR, 0,
                         sqlite3_column_int(row, TYPE)};
    size_t i = wxs_tallies_find(&sums->hours, &key);

    if (i == SIZE_MAX)
        return wxs_fail(error, "out of memory");
    wxs_tally_add(&sums->hours.tally[i], verdict);
    if (!count_link(finalizer, part, row, &key, seen, error))
        return false;
    if (message == NULL || sqlite3_column_bytes(row, MESSAGE) != 16)
        return true;
    memcpy(seen->message, message, sizeof seen->message);
    seen->at = sqlite3_column_int64(row, AT);
    seen->order = order;
    seen->hour = (uint32_t)i;
    seen->type = (uint8_t)key.type;
    seen->verdict = (uint8_t)verdict;
    sums->count++;
    return true;
}

/* Reads events of one partition; *last is the last one. */
static bool
read_events(wxs_finalizer *finalizer, wxs_db *part, int64_t up_to,
            int64_t *last, uint32_t *count, wxs_error *error)
{
    static const char sql[] =
        "SELECT id, account, domain, type, at, message, link, verdict "
        "FROM events WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3";
    sqlite3_stmt *row = wxs_db_prepare(part, sql, error);
    bool ok = row != NULL;
    int more = -1;

    *count = 0;
    if (ok) {
        sqlite3_bind_int64(row, 1, finalizer->cursor);
        sqlite3_bind_int64(row, 2, up_to);
        sqlite3_bind_int(row, 3, BATCH);
    }
    while (ok && (more = wxs_db_step(part, row, error)) == 1) {
        ok = count_row(finalizer, part, row, (*count)++, error);
        *last = sqlite3_column_int64(row, ID);
    }
    wxs_db_done(row);
    return ok && more >= 0;
}

/* ---- a batch ---- */

static void
clear(wxs_finalizer *finalizer, int64_t part)
{
    wxs_sums *sums = &finalizer->sums;

    wxs_tallies_clear(&sums->hours);
    wxs_tallies_clear(&sums->links);
    wxs_tallies_clear(&sums->tags);
    wxs_tag_sets_trim(&sums->sets);
    sums->count = 0;
    if (finalizer->links_of == part)
        return;
    memset(finalizer->kept, 0, sizeof finalizer->kept);
    finalizer->links_of = part;
}

static bool
save_cursor(wxs_finalizer *finalizer, int64_t event, wxs_error *error)
{
    sqlite3_stmt *update = wxs_db_prepare(
        finalizer->counts, "UPDATE cursor SET event = ?1", error);

    if (update == NULL)
        return false;
    sqlite3_bind_int64(update, 1, event);
    return wxs_db_run(finalizer->counts, update, error);
}

/* In one read transaction of each database: to lock it anew for each message
 * takes longer than to look it up. */
static bool
begin_reading(wxs_finalizer *finalizer, wxs_db *part, wxs_error *error)
{
    return wxs_db_begin_read(part, error) &&
           wxs_db_begin_read(finalizer->events, error);
}

static void
end_reading(wxs_finalizer *finalizer, wxs_db *part)
{
    wxs_db_rollback(finalizer->events);
    wxs_db_rollback(part);
}

static bool
count_part(wxs_finalizer *finalizer, wxs_db *part, int64_t up_to, int64_t *last,
           wxs_error *error)
{
    wxs_sums *sums = &finalizer->sums;
    uint32_t count;

    *last = up_to;
    if (!read_events(finalizer, part, up_to, last, &count, error))
        return false;
    if (count < BATCH)
        *last = up_to;
    return wxs_message_sums(sums, finalizer->counts, finalizer->events,
                            error) &&
           wxs_rollup_hours(finalizer->counts, &sums->hours, error) &&
           wxs_rollup_links(finalizer->counts, part, &sums->links, error) &&
           wxs_rollup_tags(finalizer->counts, &sums->tags, error);
}

/* Inside a transaction that began before anything is read: what is erased of
 * the events meanwhile is erased of the counts after it. */
static bool
count_batch(wxs_finalizer *finalizer, int64_t up_to, int64_t *last,
            wxs_error *error)
{
    wxs_event_parts *parts = finalizer->parts;
    wxs_event_part *part;
    size_t i;
    int found;
    bool ok;

    *last = up_to;
    if (parts->count == 0)
        return true;
    i = wxs_event_parts_find(parts, finalizer->cursor + 1);
    part = &parts->part[i];
    if (part->last_id < up_to)
        up_to = part->last_id;
    *last = up_to;
    found = wxs_event_parts_use(parts, i, error);
    if (found <= 0)
        return found == 0;
    clear(finalizer, part->first_id);
    ok = begin_reading(finalizer, part->db, error) &&
         count_part(finalizer, part->db, up_to, last, error);
    end_reading(finalizer, part->db);
    return ok;
}

bool
wxs_finalize(wxs_finalizer *finalizer, int64_t up_to, bool *more,
             wxs_error *error)
{
    int64_t last;

    *more = false;
    if (up_to <= finalizer->cursor)
        return true;
    if (!wxs_event_parts_refresh(finalizer->parts, error) ||
        !wxs_db_begin(finalizer->counts, error))
        return false;
    if (count_batch(finalizer, up_to, &last, error) &&
        save_cursor(finalizer, last, error) &&
        wxs_db_commit(finalizer->counts, error)) {
        finalizer->cursor = last;
        *more = last < up_to;
        return true;
    }
    wxs_db_rollback(finalizer->counts);
    return false;
}

/* ---- the thread ---- */

static bool
finalize_all(const wxs_worker *worker, wxs_finalizer *finalizer,
             wxs_error *error)
{
    bool more;

    do {
        if (!wxs_finalize(finalizer, wxs_closed_hear(), &more, error))
            return false;
    } while (more && wxs_worker_sleep(worker, 0));
    return true;
}

void
wxs_finalize_run(const wxs_worker *worker)
{
    wxs_finalizer *finalizer;
    int64_t complain_due = 0;
    wxs_error error;
    int pause;

    if (!wxs_finalizer_open(&finalizer, worker->config->dir, &error))
        wxs_worker_fatal("finalize", &error);
    do {
        pause = POLL_MS;
        if (!finalize_all(worker, finalizer, &error)) {
            pause = RETRY_MS;
            if (wxs_monotonic_ms() >= complain_due) {
                wxs_log(WXS_LOG_ERROR, "events cannot be counted for now",
                        "reason", error.text, NULL);
                complain_due = wxs_monotonic_ms() + COMPLAIN_MS;
            }
        }
    } while (wxs_worker_sleep(worker, pause));
    wxs_finalizer_close(finalizer);
}
