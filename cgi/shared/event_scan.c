#include <stdlib.h>
#include <string.h>

#include "event_part_files.h"
#include "event_span.h"

#define ROWS_MAX 128 /* kept at a time */

/* Where a text of a kept row is in the scan's bytes; NONE = absent. */
#define NONE SIZE_MAX

struct kept {
    wxs_event_row row;
    size_t message, link, address, agent, reason, device, country;
};

struct wxs_event_scan {
    wxs_event_parts *parts;
    wxs_event_filter filter;
    int64_t bound; /* the first id in the order of the scan not done with */
    bool ended;    /* nothing can follow */
    struct kept kept[ROWS_MAX];
    size_t count;
    size_t next;
    char *bytes; /* of the kept rows */
    size_t used;
    size_t room;
    wxs_event_span span;
};

enum {
    ID,
    ACCOUNT,
    DOMAIN,
    TYPE,
    AT,
    MESSAGE,
    LINK,
    LINK_INDEX,
    ADDRESS,
    AGENT,
    FLAGS,
    MODE,
    VERDICT,
    REASON,
    CERTAINTY,
    DEVICE,
    COUNTRY
};

#define COLUMNS                                                                \
    "SELECT e.id, e.account, e.domain, e.type, e.at, e.message, "              \
    "(SELECT text FROM texts WHERE texts.id = e.link), e.link_index, "         \
    "e.address, (SELECT text FROM texts WHERE texts.id = e.agent), "           \
    "e.flags, e.mode, e.verdict, "                                             \
    "(SELECT text FROM texts WHERE texts.id = e.reason), e.certainty, "        \
    "(SELECT text FROM texts WHERE texts.id = e.device), e.country "           \
    "FROM events AS e "
#define CONDITIONS                                                             \
    " AND (?3 = 0 OR e.account = ?3) AND (?4 = 0 OR e.domain = ?4) "           \
    "AND (?5 IS NULL OR e.message = ?5) AND (?6 = 0 OR e.type = ?6) "          \
    "AND (?7 = 0 OR (?7 >> e.verdict) & 1) AND e.at >= ?8 "                    \
    "AND (?9 = 0 OR e.at < ?9) "

static const char one_sql[] = COLUMNS "WHERE e.id = ?1" CONDITIONS;
static const char up_sql[] =
    COLUMNS "WHERE e.id BETWEEN ?1 AND ?2" CONDITIONS "ORDER BY e.id LIMIT ?10";
static const char down_sql[] = COLUMNS "WHERE e.id BETWEEN ?1 AND ?2" CONDITIONS
                                       "ORDER BY e.id DESC LIMIT ?10";

bool
wxs_event_scan_begin(wxs_event_parts *parts, const wxs_event_filter *filter,
                     wxs_event_scan **scan, wxs_error *error)
{
    wxs_event_scan *made;

    if (!wxs_event_parts_refresh(parts, error))
        return false;
    made = malloc(sizeof(*made));
    if (made == NULL)
        return wxs_fail(error, "out of memory");
    made->parts = parts;
    made->filter = *filter;
    if (filter->ascending) {
        made->bound = filter->after + 1;
    } else {
        made->bound = filter->after == 0 ? INT64_MAX : filter->after - 1;
        if (filter->up_to != 0 && filter->up_to < made->bound)
            made->bound = filter->up_to;
    }
    made->ended = filter->ascending && filter->after == INT64_MAX;
    made->count = made->next = made->used = made->room = 0;
    made->bytes = NULL;
    *scan = made;
    return true;
}

void
wxs_event_scan_end(wxs_event_scan *scan)
{
    if (scan == NULL)
        return;
    free(scan->bytes);
    free(scan);
}

/* ---- keeping rows ---- */

static bool
keep_bytes(wxs_event_scan *scan, sqlite3_stmt *row, int column, size_t *at,
           size_t *len)
{
    const void *data = sqlite3_column_blob(row, column);
    char *grown;

    *at = NONE;
    *len = (size_t)sqlite3_column_bytes(row, column);
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        return true;
    if (scan->used + *len + 1 > scan->room) {
        size_t room = 2 * scan->room + *len + 4096;

        grown = realloc(scan->bytes, room);
        if (grown == NULL)
            return false;
        scan->bytes = grown;
        scan->room = room;
    }
    *at = scan->used;
    if (*len > 0)
        memcpy(scan->bytes + *at, data, *len);
    scan->bytes[*at + *len] = '\0';
    scan->used += *len + 1;
    return true;
}

static bool
keep_texts(wxs_event_scan *scan, sqlite3_stmt *row, struct kept *kept)
{
    size_t len;

    if (!keep_bytes(scan, row, MESSAGE, &kept->message, &len))
        return false;
    if (len != 16)
        kept->message = NONE;
    return keep_bytes(scan, row, LINK, &kept->link, &kept->row.link_len) &&
           keep_bytes(scan, row, ADDRESS, &kept->address,
                      &kept->row.address_len) &&
           keep_bytes(scan, row, AGENT, &kept->agent, &kept->row.agent_len) &&
           keep_bytes(scan, row, REASON, &kept->reason, &len) &&
           keep_bytes(scan, row, DEVICE, &kept->device, &len) &&
           keep_bytes(scan, row, COUNTRY, &kept->country, &len);
}

static int64_t
integer_or_none(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL
               ? -1
               : sqlite3_column_int64(row, column);
}

static bool
keep_row(wxs_event_scan *scan, sqlite3_stmt *row, wxs_error *error)
{
    struct kept *kept = &scan->kept[scan->count];

    memset(kept, 0, sizeof(*kept));
    kept->row.id = sqlite3_column_int64(row, ID);
    kept->row.account = sqlite3_column_int64(row, ACCOUNT);
    kept->row.domain = sqlite3_column_int64(row, DOMAIN);
    kept->row.type = sqlite3_column_int(row, TYPE);
    kept->row.at = sqlite3_column_int64(row, AT);
    kept->row.link_index = integer_or_none(row, LINK_INDEX);
    kept->row.flags = sqlite3_column_int(row, FLAGS);
    kept->row.mode = sqlite3_column_int(row, MODE);
    kept->row.verdict = (wxs_verdict)sqlite3_column_int(row, VERDICT);
    kept->row.certainty = (int)integer_or_none(row, CERTAINTY);
    if (!keep_texts(scan, row, kept))
        return wxs_fail(error, "out of memory");
    scan->count++;
    return true;
}

static const char *
at_offset(const wxs_event_scan *scan, size_t offset)
{
    return offset == NONE ? NULL : scan->bytes + offset;
}

/* Points a kept row to its bytes, which move while rows are added. */
static const wxs_event_row *
point(const wxs_event_scan *scan, struct kept *kept)
{
    wxs_event_row *row = &kept->row;

    row->message = (const uint8_t *)at_offset(scan, kept->message);
    row->link = at_offset(scan, kept->link);
    row->address = (const uint8_t *)at_offset(scan, kept->address);
    row->agent = at_offset(scan, kept->agent);
    row->reason = at_offset(scan, kept->reason);
    if (row->reason == NULL)
        row->reason = "";
    row->device = at_offset(scan, kept->device);
    row->country = at_offset(scan, kept->country);
    return row;
}

/* ---- reading ---- */

static void
bind_conditions(sqlite3_stmt *row, const wxs_event_filter *filter)
{
    sqlite3_bind_int64(row, 3, filter->account);
    sqlite3_bind_int64(row, 4, filter->domain);
    if (filter->message != NULL)
        sqlite3_bind_blob(row, 5, filter->message, 16, SQLITE_STATIC);
    sqlite3_bind_int(row, 6, filter->type);
    sqlite3_bind_int64(row, 7, filter->verdicts);
    sqlite3_bind_int64(row, 8,
                       filter->from_ms != 0 ? filter->from_ms : INT64_MIN);
    sqlite3_bind_int64(row, 9, filter->to_ms);
}

/* Moves the bound behind the id; false if there is nothing behind it. */
static bool
move_behind(wxs_event_scan *scan, int64_t id)
{
    bool ascending = scan->filter.ascending;

    if (id == (ascending ? INT64_MAX : INT64_MIN)) {
        scan->ended = true;
        return false;
    }
    scan->bound = ascending ? id + 1 : id - 1;
    return true;
}

static bool
load_all(wxs_event_scan *scan, wxs_db *db, wxs_error *error)
{
    bool ascending = scan->filter.ascending, ok = true;
    sqlite3_stmt *row =
        wxs_db_prepare(db, ascending ? up_sql : down_sql, error);
    int more = 1;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, scan->span.low);
    sqlite3_bind_int64(row, 2, scan->span.high);
    sqlite3_bind_int(row, 10, ROWS_MAX);
    bind_conditions(row, &scan->filter);
    while (ok && (more = wxs_db_step(db, row, error)) == 1)
        ok = keep_row(scan, row, error);
    wxs_db_done(row);
    if (scan->count == ROWS_MAX)
        move_behind(scan, scan->kept[ROWS_MAX - 1].row.id);
    else
        move_behind(scan, ascending ? scan->span.high : scan->span.low);
    return ok && more >= 0;
}

static bool
load_one(wxs_event_scan *scan, wxs_db *db, int64_t id, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(db, one_sql, error);
    int found;
    bool ok;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, id);
    bind_conditions(row, &scan->filter);
    found = wxs_db_step(db, row, error);
    ok = found == 0 || (found == 1 && keep_row(scan, row, error));
    wxs_db_done(row);
    return ok;
}

static bool
load_listed(wxs_event_scan *scan, wxs_db *db, wxs_error *error)
{
    const wxs_event_span *span = &scan->span;
    bool ascending = scan->filter.ascending;

    for (size_t i = 0; i < span->count; i++) {
        int64_t id = span->id[ascending ? i : span->count - 1 - i];

        if (!load_one(scan, db, id, error))
            return false;
        if (scan->count == ROWS_MAX) {
            move_behind(scan, id);
            return true;
        }
    }
    move_behind(scan, ascending ? span->high : span->low);
    return true;
}

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Loads the next piece of the partition; moves the bound behind it. */
static bool
load_piece(wxs_event_scan *scan, const wxs_event_part *part, wxs_error *error)
{
    const wxs_event_filter *filter = &scan->filter;
    int64_t up_to = filter->up_to != 0 ? filter->up_to : INT64_MAX;
    int64_t top = least(part->last_id, up_to), bottom = part->first_id;
    int64_t bound = scan->bound;
    bool ok;

    if (filter->ascending && bound < bottom)
        bound = bottom;
    if (!filter->ascending && bound > top)
        bound = top;
    if (!wxs_db_begin_read(part->db, error))
        return false;
    ok = wxs_event_span_find(part, filter, bound, bottom, top, &scan->span,
                             error) &&
         (scan->span.indexed ? load_listed(scan, part->db, error)
                             : load_all(scan, part->db, error));
    wxs_db_rollback(part->db);
    return ok;
}

/* No event of the partition is of the time that is wanted. */
static bool
is_of_other_time(const wxs_event_part *part, const wxs_event_filter *filter)
{
    return part->sealed &&
           (part->last_at < filter->from_ms ||
            (filter->to_ms != 0 && part->first_at >= filter->to_ms));
}

/* True if an event may still be at the bound or beyond it. */
static bool
is_within(const wxs_event_scan *scan)
{
    const wxs_event_parts *parts = scan->parts;

    if (scan->ended || parts->count == 0)
        return false;
    if (!scan->filter.ascending)
        return scan->bound >= parts->part[0].first_id;
    return scan->filter.up_to == 0 || scan->bound <= scan->filter.up_to;
}

static void
skip(wxs_event_scan *scan, const wxs_event_part *part)
{
    move_behind(scan, scan->filter.ascending ? part->last_id : part->first_id);
}

/* Where events are added: reading on from its end would never end. */
static int
load_newest(wxs_event_scan *scan, size_t i, wxs_error *error)
{
    wxs_event_part *part = &scan->parts->part[i];
    int64_t last = part->first_id - 1, bound = scan->bound;
    sqlite3_stmt *row =
        wxs_db_prepare(part->db, "SELECT max(id) FROM events", error);
    int found = row == NULL ? -1 : wxs_db_step(part->db, row, error);
    int64_t top = part->last_id;
    bool ok;

    if (found == 1 && sqlite3_column_type(row, 0) != SQLITE_NULL)
        last = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    if (found < 0)
        return -1;
    if (bound > last)
        return 0;
    part->last_id = last;
    ok = load_piece(scan, part, error);
    part->last_id = top;
    return ok ? 1 : -1;
}

/* Loads more rows: 1 something was looked at, 0 there is no more, -1 error. */
static int
load(wxs_event_scan *scan, wxs_error *error)
{
    wxs_event_parts *parts = scan->parts;
    size_t i;
    int found;

    scan->count = scan->next = scan->used = 0;
    if (!is_within(scan))
        return 0;
    i = wxs_event_parts_find(parts, scan->bound);
    found = wxs_event_parts_use(parts, i, error);
    if (found < 0)
        return -1;
    if (found == 1 && scan->filter.ascending && i + 1 == parts->count)
        return load_newest(scan, i, error);
    if (found == 0 || is_of_other_time(&parts->part[i], &scan->filter)) {
        skip(scan, &parts->part[i]);
        return 1;
    }
    return load_piece(scan, &parts->part[i], error) ? 1 : -1;
}

/* At the end of what there was: are there new partitions? */
static int
look_again(wxs_event_scan *scan, wxs_error *error)
{
    size_t count = scan->parts->count;

    if (!scan->filter.ascending || scan->ended)
        return 0;
    if (!wxs_event_parts_refresh(scan->parts, error))
        return -1;
    return scan->parts->count != count;
}

int
wxs_event_scan_next(wxs_event_scan *scan, const wxs_event_row **row,
                    wxs_error *error)
{
    while (scan->next == scan->count) {
        int more = load(scan, error);

        if (more == 0)
            more = look_again(scan, error);
        if (more <= 0)
            return more;
        if (scan->filter.pauses && scan->count == 0)
            return 2;
    }
    *row = point(scan, &scan->kept[scan->next++]);
    return 1;
}

int64_t
wxs_event_scan_place(const wxs_event_scan *scan)
{
    return scan->filter.ascending ? scan->bound - 1 : scan->bound + 1;
}
