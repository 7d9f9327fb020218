#include "event_span.h"

#include <stdlib.h>
#include <string.h>

#define LIST_MAX   4096  /* ids of a message taken at a time */
#define WINDOW     16384 /* ids looked at without an index at a time */
#define OFFSET_MAX INT64_C(0xffffffff)

struct run {
    int64_t first;
    int64_t last;
};

/* The one row that the statement gives, as two numbers. */
static int
read_pair(wxs_db *db, sqlite3_stmt *row, int64_t *first, int64_t *second,
          wxs_error *error)
{
    int found = wxs_db_step(db, row, error);

    if (found == 1 && sqlite3_column_type(row, 0) != SQLITE_NULL) {
        *first = sqlite3_column_int64(row, 0);
        *second = sqlite3_column_int64(row, 1);
    } else if (found == 1) {
        found = 0;
    }
    wxs_db_done(row);
    return found;
}

/* The last run that begins at the id or before. */
static int
run_before(const wxs_event_part *part, int64_t id, struct run *run,
           wxs_error *error)
{
    static const char sql[] =
        "SELECT first_id, last_id FROM runs WHERE first_id <= ?1 "
        "ORDER BY first_id DESC LIMIT 1";
    sqlite3_stmt *row = wxs_db_prepare(part->db, sql, error);

    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, id);
    return read_pair(part->db, row, &run->first, &run->last, error);
}

/* Where the first run behind the id begins. */
static int
run_after(const wxs_event_part *part, int64_t id, int64_t *first,
          wxs_error *error)
{
    static const char sql[] =
        "SELECT min(first_id), 0 FROM runs WHERE first_id > ?1";
    sqlite3_stmt *row = wxs_db_prepare(part->db, sql, error);
    int64_t none;

    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, id);
    return read_pair(part->db, row, first, &none, error);
}

static int
has_merged(const wxs_event_part *part, wxs_error *error)
{
    static const char sql[] =
        "SELECT 1, 0 FROM message_events WHERE run = 0 LIMIT 1";
    sqlite3_stmt *row = wxs_db_prepare(part->db, sql, error);
    int64_t one, none;

    return row == NULL ? -1 : read_pair(part->db, row, &one, &none, error);
}

/* ---- without an index ---- */

/* Cuts the piece to a window that begins where there is an event. */
static bool
take_window(const wxs_event_part *part, bool ascending, wxs_event_span *span,
            wxs_error *error)
{
    static const char up[] =
        "SELECT min(id), 0 FROM events WHERE id BETWEEN ?1 AND ?2";
    static const char down[] =
        "SELECT max(id), 0 FROM events WHERE id BETWEEN ?1 AND ?2";
    sqlite3_stmt *row = wxs_db_prepare(part->db, ascending ? up : down, error);
    int64_t id = 0, none;
    int found;

    span->indexed = false;
    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, span->low);
    sqlite3_bind_int64(row, 2, span->high);
    found = read_pair(part->db, row, &id, &none, error);
    if (found == 1 && ascending && span->high - id >= WINDOW)
        span->high = id + WINDOW - 1;
    if (found == 1 && !ascending && id - span->low >= WINDOW)
        span->low = id - WINDOW + 1;
    return found >= 0;
}

/* ---- the index of messages ---- */

static sqlite3_stmt *
message_rows(const wxs_event_part *part, bool ascending, int64_t run,
             uint64_t from, uint64_t to, wxs_error *error)
{
    static const char up[] =
        "SELECT entries FROM message_events WHERE run = ?1 AND first >= "
        "coalesce((SELECT max(first) FROM message_events WHERE run = ?1 "
        "AND first <= ?2), ?2) AND first <= ?3 ORDER BY first";
    static const char down[] =
        "SELECT entries FROM message_events WHERE run = ?1 AND first >= "
        "coalesce((SELECT max(first) FROM message_events WHERE run = ?1 "
        "AND first <= ?2), ?2) AND first <= ?3 ORDER BY first DESC";
    sqlite3_stmt *rows = wxs_db_prepare(part->db, ascending ? up : down, error);

    if (rows == NULL)
        return NULL;
    sqlite3_bind_int64(rows, 1, run);
    sqlite3_bind_int64(rows, 2, (int64_t)from);
    sqlite3_bind_int64(rows, 3, (int64_t)to);
    return rows;
}

/* Adds what the row has of entries in [from, to], in the order of the scan. */
static void
take_entries(sqlite3_stmt *row, const wxs_event_part *part, bool ascending,
             uint64_t from, uint64_t to, wxs_event_span *span)
{
    const uint8_t *data = sqlite3_column_blob(row, 0);
    size_t count = (size_t)sqlite3_column_bytes(row, 0) / WXS_ENTRY_SIZE;

    for (size_t i = 0; i < count && span->count < LIST_MAX; i++) {
        size_t at = ascending ? i : count - 1 - i;
        uint64_t entry = wxs_get_le64(data + at * WXS_ENTRY_SIZE);

        if (entry >= from && entry <= to)
            span->id[span->count++] =
                part->first_id + (int64_t)(entry & OFFSET_MAX);
    }
}

static void
reverse(int64_t *id, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        int64_t other = id[i];

        id[i] = id[count - 1 - i];
        id[count - 1 - i] = other;
    }
}

/* Fills the list with the message's ids between low and high; if there are too
 * many, the piece becomes shorter. */
static bool
list_message(const wxs_event_part *part, const wxs_event_filter *filter,
             int64_t run, wxs_event_span *span, wxs_error *error)
{
    uint32_t hash = wxs_message_hash(filter->message);
    int64_t top = span->high - part->first_id;
    uint64_t from =
        wxs_message_entry(hash, (uint32_t)(span->low - part->first_id));
    uint64_t to = wxs_message_entry(
        hash, (uint32_t)(top < OFFSET_MAX ? top : OFFSET_MAX));
    sqlite3_stmt *rows =
        message_rows(part, filter->ascending, run, from, to, error);
    int more = 1;

    if (rows == NULL)
        return false;
    while (span->count < LIST_MAX &&
           (more = wxs_db_step(part->db, rows, error)) == 1)
        take_entries(rows, part, filter->ascending, from, to, span);
    wxs_db_done(rows);
    if (span->count == LIST_MAX && filter->ascending)
        span->high = span->id[LIST_MAX - 1];
    else if (span->count == LIST_MAX)
        span->low = span->id[LIST_MAX - 1];
    if (!filter->ascending)
        reverse(span->id, span->count);
    return more >= 0;
}

/* ---- the index of domains ---- */

static int
compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void
take_domain(sqlite3_stmt *row, int64_t run, wxs_event_span *span)
{
    const uint8_t *data = sqlite3_column_blob(row, 0);
    size_t count = (size_t)sqlite3_column_bytes(row, 0) / 2;

    for (size_t i = 0; i < count && span->count < WXS_RUN_IDS_MAX; i++) {
        int64_t id = run + wxs_get_le16(data + 2 * i);

        if (id >= span->low && id <= span->high)
            span->id[span->count++] = id;
    }
}

static bool
list_domain(const wxs_event_part *part, const wxs_event_filter *filter,
            int64_t run, wxs_event_span *span, wxs_error *error)
{
    static const char one[] =
        "SELECT ids FROM domain_events WHERE account = ?1 "
        "AND run = ?2 AND domain = ?3";
    static const char all[] =
        "SELECT ids FROM domain_events WHERE account = ?1 AND run = ?2";
    bool has_domain = filter->domain != 0;
    sqlite3_stmt *rows =
        wxs_db_prepare(part->db, has_domain ? one : all, error);
    int more, domains = 0;

    if (rows == NULL)
        return false;
    sqlite3_bind_int64(rows, 1, filter->account);
    sqlite3_bind_int64(rows, 2, run);
    if (has_domain)
        sqlite3_bind_int64(rows, 3, filter->domain);
    while ((more = wxs_db_step(part->db, rows, error)) == 1) {
        take_domain(rows, run, span);
        domains++;
    }
    wxs_db_done(rows);
    if (domains > 1)
        qsort(span->id, span->count, sizeof span->id[0], compare_ids);
    return more >= 0;
}

/* ---- the piece ---- */

/* Cuts the piece to what no run has. */
static bool
outside_runs(const wxs_event_part *part, bool ascending, int found,
             const struct run *before, wxs_event_span *span, wxs_error *error)
{
    int64_t next;

    if (!ascending) {
        if (found == 1 && before->last >= span->low)
            span->low = before->last + 1;
        return take_window(part, ascending, span, error);
    }
    found = run_after(part, span->low, &next, error);
    if (found == 1 && next <= span->high)
        span->high = next - 1;
    return found >= 0 && take_window(part, ascending, span, error);
}

bool
wxs_event_span_find(const wxs_event_part *part, const wxs_event_filter *filter,
                    int64_t bound, int64_t bottom, int64_t top,
                    wxs_event_span *span, wxs_error *error)
{
    struct run run = {0, 0};
    int found, merged;

    span->low = filter->ascending ? bound : bottom;
    span->high = filter->ascending ? top : bound;
    span->count = 0;
    span->indexed = filter->account != 0 || filter->message != NULL;
    if (!span->indexed)
        return take_window(part, filter->ascending, span, error);
    merged = filter->message == NULL ? 0 : has_merged(part, error);
    if (merged != 0)
        return merged > 0 &&
               list_message(part, filter, WXS_MERGED_RUN, span, error);
    found = run_before(part, bound, &run, error);
    if (found < 0)
        return false;
    if (found == 0 || bound > run.last)
        return outside_runs(part, filter->ascending, found, &run, span, error);
    if (filter->ascending && run.last < span->high)
        span->high = run.last;
    if (!filter->ascending && run.first > span->low)
        span->low = run.first;
    return filter->message != NULL
               ? list_message(part, filter, run.first, span, error)
               : list_domain(part, filter, run.first, span, error);
}
