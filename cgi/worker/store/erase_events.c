#include <stdlib.h>
#include <string.h>

#include "erase.h"
#include "event_part_files.h"
#include "item_id.h"
#include "part_list.h"

#define MS_A_DAY  INT64_C(86400000)
#define TEXTS_MAX 2 /* of an event that may be its own: link and agent */

/* A text that an erased event has. */
struct text {
    int64_t id;
    bool is_shared; /* with an event that stays */
};

/* What is to be done in one partition. */
struct work {
    wxs_db *db;
    const wxs_erased_event *event; /* ascending */
    size_t count;
    struct text *text; /* ascending once it is whole */
    size_t texts;
    int64_t seen; /* events up to this one were looked at for shared texts */
};

/* ---- finding ---- */

static bool
note(wxs_erased_events *erased, const wxs_event_row *row, wxs_error *error)
{
    wxs_erased_event *event;

    if (erased->count == erased->room) {
        size_t room = erased->room == 0 ? 64 : 2 * erased->room;

        event = realloc(erased->event, room * sizeof *event);
        if (event == NULL)
            return wxs_fail(error, "out of memory");
        erased->event = event;
        erased->room = room;
    }
    event = &erased->event[erased->count++];
    *event = (wxs_erased_event){.id = row->id,
                                .account = row->account,
                                .domain = row->domain,
                                .day = row->at / MS_A_DAY};
    if (row->type == 'c' && row->link != NULL)
        event->item = wxs_item_id(row->link, row->link_len, "", 0);
    return true;
}

static bool
find_of_message(wxs_event_parts *parts, int64_t account,
                const wxs_message_id *message, wxs_erased_events *erased,
                wxs_error *error)
{
    const wxs_event_filter filter = {
        .account = account, .message = message->id, .ascending = true};
    const wxs_event_row *row;
    wxs_event_scan *scan;
    bool ok = true;
    int found = 1;

    if (!wxs_event_scan_begin(parts, &filter, &scan, error))
        return false;
    while (ok && (found = wxs_event_scan_next(scan, &row, error)) == 1)
        ok = note(erased, row, error);
    wxs_event_scan_end(scan);
    return ok && found >= 0;
}

static int
compare_events(const void *a, const void *b)
{
    const wxs_erased_event *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

static int
compare_texts(const void *a, const void *b)
{
    const struct text *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

/* ---- texts ---- */

static bool
collect_texts(struct work *work, wxs_error *error)
{
    static const char sql[] = "SELECT link, agent FROM events WHERE id = ?1";

    for (size_t i = 0; i < work->count; i++) {
        sqlite3_stmt *row = wxs_db_prepare(work->db, sql, error);
        int found;

        if (row == NULL)
            return false;
        sqlite3_bind_int64(row, 1, work->event[i].id);
        found = wxs_db_step(work->db, row, error);
        for (int column = 0; found == 1 && column < TEXTS_MAX; column++)
            if (sqlite3_column_type(row, column) != SQLITE_NULL)
                work->text[work->texts++].id =
                    sqlite3_column_int64(row, column);
        wxs_db_done(row);
        if (found < 0)
            return false;
    }
    if (work->texts > 0)
        qsort(work->text, work->texts, sizeof *work->text, compare_texts);
    return true;
}

static void
mark_shared(struct work *work, int64_t id)
{
    const struct text wanted = {.id = id};
    struct text *found = bsearch(&wanted, work->text, work->texts,
                                 sizeof *work->text, compare_texts);

    if (found == NULL)
        return;
    while (found > work->text && found[-1].id == id)
        found--;
    for (; found < work->text + work->texts && found->id == id; found++)
        found->is_shared = true;
}

/* Looks which texts events have that stay; of those not yet looked at. */
static bool
find_shared(struct work *work, wxs_error *error)
{
    static const char sql[] =
        "SELECT id, link, agent FROM events WHERE id > ?1 ORDER BY id";
    sqlite3_stmt *row = wxs_db_prepare(work->db, sql, error);
    int more = -1;

    if (row != NULL)
        sqlite3_bind_int64(row, 1, work->seen);
    while (row != NULL && (more = wxs_db_step(work->db, row, error)) == 1) {
        const wxs_erased_event event = {.id = sqlite3_column_int64(row, 0)};

        work->seen = event.id;
        if (bsearch(&event, work->event, work->count, sizeof event,
                    compare_events) != NULL)
            continue;
        for (int column = 1; column <= TEXTS_MAX; column++)
            if (sqlite3_column_type(row, column) != SQLITE_NULL)
                mark_shared(work, sqlite3_column_int64(row, column));
    }
    wxs_db_done(row);
    return more >= 0;
}

/* ---- deleting ---- */

static bool
delete_row(wxs_db *db, const char *sql, int64_t id, wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(db, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, id);
    return wxs_db_run(db, statement, error);
}

static bool
delete_all(struct work *work, wxs_error *error)
{
    static const char event[] = "DELETE FROM events WHERE id = ?1";
    static const char text[] = "DELETE FROM texts WHERE id = ?1";

    for (size_t i = 0; i < work->count; i++)
        if (!delete_row(work->db, event, work->event[i].id, error))
            return false;
    for (size_t i = 0; i < work->texts; i++)
        if (!work->text[i].is_shared &&
            !delete_row(work->db, text, work->text[i].id, error))
            return false;
    return true;
}

/* Most of the looking is done before the partition is locked: the collector may
 * want it. */
static bool
erase_here(struct work *work, wxs_error *error)
{
    work->text = calloc(TEXTS_MAX * work->count + 1, sizeof *work->text);
    if (work->text == NULL)
        return wxs_fail(error, "out of memory");
    if (!collect_texts(work, error) || !find_shared(work, error) ||
        !wxs_db_begin(work->db, error))
        return false;
    if (find_shared(work, error) && delete_all(work, error) &&
        wxs_db_commit(work->db, error))
        return wxs_erase_settle(work->db, error);
    wxs_db_rollback(work->db);
    return false;
}

static bool
erase_in(const char *dir, int64_t part, const wxs_erased_event *event,
         size_t count, wxs_error *error)
{
    struct work work = {.event = event, .count = count};
    char path[WXS_PART_PATH];
    bool ok =
        wxs_part_path(dir, part, path, error) &&
        wxs_db_open_file(&work.db, path, WXS_DB_PART, WXS_DB_WRITE, error) &&
        erase_here(&work, error);

    free(work.text);
    wxs_db_close(work.db);
    return ok;
}

/* The events, in order, partition by partition. */
static bool
erase_found(const char *dir, const wxs_event_parts *parts,
            const wxs_erased_events *erased, wxs_error *error)
{
    size_t n;

    for (size_t i = 0; i < erased->count; i += n) {
        const wxs_event_part *part =
            &parts->part[wxs_event_parts_find(parts, erased->event[i].id)];

        n = 1;
        while (i + n < erased->count &&
               erased->event[i + n].id <= part->last_id)
            n++;
        if (!erase_in(dir, part->first_id, &erased->event[i], n, error))
            return false;
    }
    return true;
}

bool
wxs_erase_events(const char *dir, int64_t account,
                 const wxs_message_id *message, size_t count,
                 wxs_erased_events *erased, wxs_error *error)
{
    wxs_event_parts *parts;
    bool ok = true;

    if (!wxs_event_parts_open(&parts, dir, error))
        return false;
    for (size_t i = 0; ok && i < count; i++)
        ok = find_of_message(parts, account, &message[i], erased, error);
    if (ok && erased->count > 0)
        qsort(erased->event, erased->count, sizeof *erased->event,
              compare_events);
    ok = ok && erase_found(dir, parts, erased, error);
    wxs_event_parts_close(parts);
    return ok;
}
