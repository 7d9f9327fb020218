#include "run_index.h"

#include <stdlib.h>
#include <string.h>

static int
compare_entries(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static int
compare_places(const void *a, const void *b)
{
    const struct wxs_run_place *x = a, *y = b;

    if (x->account != y->account)
        return x->account < y->account ? -1 : 1;
    if (x->domain != y->domain)
        return x->domain < y->domain ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* ---- messages ---- */

static bool
insert_entries(wxs_db *part, int64_t run, const uint64_t *entry, size_t count,
               wxs_error *error)
{
    static const char sql[] = "INSERT INTO message_events (run, first, entries)"
                              " VALUES (?1, ?2, ?3)";
    sqlite3_stmt *insert = wxs_db_prepare(part, sql, error);
    uint8_t data[WXS_ENTRIES_A_ROW * WXS_ENTRY_SIZE];

    if (insert == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        wxs_put_le64(data + i * WXS_ENTRY_SIZE, entry[i]);
    sqlite3_bind_int64(insert, 1, run);
    sqlite3_bind_int64(insert, 2, (int64_t)entry[0]);
    sqlite3_bind_blob(insert, 3, data, (int)(count * WXS_ENTRY_SIZE),
                      SQLITE_STATIC);
    return wxs_db_run(part, insert, error);
}

static bool
write_messages(wxs_db *part, int64_t run, uint64_t *entry, size_t count,
               wxs_error *error)
{
    if (count > 0)
        qsort(entry, count, sizeof *entry, compare_entries);
    for (size_t i = 0; i < count; i += WXS_ENTRIES_A_ROW) {
        size_t some = count - i;

        if (some > WXS_ENTRIES_A_ROW)
            some = WXS_ENTRIES_A_ROW;
        if (!insert_entries(part, run, entry + i, some, error))
            return false;
    }
    return true;
}

/* ---- domains ---- */

/* Inserts the row of the domain that the first place is of; *count is how many
 * of the places are. */
static bool
insert_domain(wxs_db *part, const wxs_run *run, size_t from, size_t *count,
              wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO domain_events (account, run, domain, ids) "
        "VALUES (?1, ?2, ?3, ?4)";
    const struct wxs_run_place *place = &run->place[from];
    sqlite3_stmt *insert = wxs_db_prepare(part, sql, error);
    uint8_t ids[2 * WXS_RUN_EVENTS];
    size_t n = 0;

    if (insert == NULL)
        return false;
    while (from + n < run->count && place[n].account == place->account &&
           place[n].domain == place->domain) {
        wxs_put_le16(ids + 2 * n, place[n].offset);
        n++;
    }
    *count = n;
    sqlite3_bind_int64(insert, 1, place->account);
    sqlite3_bind_int64(insert, 2, run->first);
    sqlite3_bind_int64(insert, 3, place->domain);
    sqlite3_bind_blob(insert, 4, ids, (int)(2 * n), SQLITE_STATIC);
    return wxs_db_run(part, insert, error);
}

static bool
write_domains(wxs_db *part, wxs_run *run, wxs_error *error)
{
    size_t count = 0;

    qsort(run->place, run->count, sizeof run->place[0], compare_places);
    for (size_t i = 0; i < run->count; i += count)
        if (!insert_domain(part, run, i, &count, error))
            return false;
    return true;
}

/* ---- runs ---- */

bool
wxs_run_write(wxs_run *run, wxs_db *part, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO runs (first_id, last_id) VALUES (?1, ?2)";
    sqlite3_stmt *insert;

    if (run->count == 0)
        return true;
    insert = wxs_db_prepare(part, sql, error);
    if (insert == NULL)
        return false;
    sqlite3_bind_int64(insert, 1, run->first);
    sqlite3_bind_int64(insert, 2, run->last);
    if (!wxs_db_run(part, insert, error) ||
        !write_messages(part, run->first, run->entry, run->entries, error) ||
        !write_domains(part, run, error))
        return false;
    run->count = run->entries = 0;
    return true;
}

static void
note(wxs_run *run, int64_t id, int64_t account, int64_t domain,
     const uint8_t *message)
{
    if (run->count == 0)
        run->first = id;
    run->last = id;
    run->place[run->count++] =
        (struct wxs_run_place){account, domain, (uint16_t)(id - run->first)};
    if (message != NULL)
        run->entry[run->entries++] = wxs_message_entry(
            wxs_message_hash(message), (uint32_t)(id - run->part_first));
}

bool
wxs_run_add(wxs_run *run, wxs_db *part, int64_t id, int64_t account,
            int64_t domain, const uint8_t *message, wxs_error *error)
{
    if (run->count > 0 && id - run->first >= WXS_RUN_IDS_MAX &&
        !wxs_run_write(run, part, error))
        return false;
    note(run, id, account, domain, message);
    return run->count < WXS_RUN_EVENTS || wxs_run_write(run, part, error);
}

/* Takes up events behind the last run, as many as one run can have; *more tells
 * that there are others. */
static bool
load_some(wxs_run *run, wxs_db *part, bool *more, wxs_error *error)
{
    static const char sql[] =
        "SELECT id, account, domain, message FROM events "
        "WHERE id > coalesce((SELECT max(last_id) FROM runs), 0) ORDER BY id";
    sqlite3_stmt *row = wxs_db_prepare(part, sql, error);
    int found = -1;

    *more = false;
    run->count = run->entries = 0;
    while (row != NULL && (found = wxs_db_step(part, row, error)) == 1) {
        int64_t id = sqlite3_column_int64(row, 0);

        *more = run->count == WXS_RUN_EVENTS ||
                (run->count > 0 && id - run->first >= WXS_RUN_IDS_MAX);
        if (*more)
            break;
        note(run, id, sqlite3_column_int64(row, 1),
             sqlite3_column_int64(row, 2), sqlite3_column_blob(row, 3));
    }
    wxs_db_done(row);
    return found >= 0;
}

bool
wxs_run_load(wxs_run *run, wxs_db *part, int64_t part_first, wxs_error *error)
{
    bool more;

    run->part_first = part_first;
    while (load_some(run, part, &more, error)) {
        if (!more)
            return true;
        if (!wxs_run_write(run, part, error))
            return false;
    }
    return false;
}

/* ---- merging ---- */

static bool
count_entries(wxs_db *part, size_t *count, wxs_error *error)
{
    static const char sql[] =
        "SELECT coalesce(sum(length(entries)), 0) FROM message_events";
    sqlite3_stmt *row = wxs_db_prepare(part, sql, error);
    int found = row == NULL ? -1 : wxs_db_step(part, row, error);

    *count = 0;
    if (found == 1)
        *count = (size_t)sqlite3_column_int64(row, 0) / WXS_ENTRY_SIZE;
    wxs_db_done(row);
    return found >= 0;
}

static bool
read_entries(wxs_db *part, uint64_t *entry, size_t count, wxs_error *error)
{
    static const char sql[] = "SELECT entries FROM message_events";
    sqlite3_stmt *row = wxs_db_prepare(part, sql, error);
    size_t n = 0;
    int more = -1;

    while (row != NULL && (more = wxs_db_step(part, row, error)) == 1) {
        const uint8_t *data = sqlite3_column_blob(row, 0);
        size_t some = (size_t)sqlite3_column_bytes(row, 0) / WXS_ENTRY_SIZE;

        for (size_t i = 0; i < some && n < count; i++)
            entry[n++] = wxs_get_le64(data + i * WXS_ENTRY_SIZE);
    }
    wxs_db_done(row);
    return more >= 0;
}

static bool
delete_entries(wxs_db *part, wxs_error *error)
{
    sqlite3_stmt *all =
        wxs_db_prepare(part, "DELETE FROM message_events", error);

    return all != NULL && wxs_db_run(part, all, error);
}

bool
wxs_runs_merge(wxs_db *part, wxs_error *error)
{
    uint64_t *entry;
    size_t count;
    bool ok;

    if (!count_entries(part, &count, error))
        return false;
    if (count == 0)
        return true;
    entry = malloc(count * sizeof *entry);
    if (entry == NULL)
        return wxs_fail(error, "out of memory");
    ok = read_entries(part, entry, count, error) &&
         delete_entries(part, error) &&
         write_messages(part, WXS_MERGED_RUN, entry, count, error);
    free(entry);
    return ok;
}
