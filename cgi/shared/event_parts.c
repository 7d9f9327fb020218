#include "event_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event_part_files.h"
#include "part_list.h"

#define OPEN_MAX_PARTS 32 /* a thread, with three descriptors each */

bool
wxs_event_parts_open(wxs_event_parts **parts, const char *dir, wxs_error *error)
{
    wxs_event_parts *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return wxs_fail(error, "out of memory");
    if (snprintf(made->dir, sizeof(made->dir), "%s", dir) >=
        (int)sizeof(made->dir)) {
        free(made);
        return wxs_fail(error, "the path of the state directory is too long");
    }
    *parts = made;
    return true;
}

static void
shut(wxs_event_parts *parts, wxs_event_part *part)
{
    if (part->db == NULL)
        return;
    wxs_db_close(part->db);
    part->db = NULL;
    parts->open--;
}

void
wxs_event_parts_close(wxs_event_parts *parts)
{
    if (parts == NULL)
        return;
    for (size_t i = 0; i < parts->count; i++)
        shut(parts, &parts->part[i]);
    wxs_db_close(parts->counts);
    free(parts->part);
    free(parts);
}

/* Takes over from the former list what is known of partitions in the new. */
static void
take_over(wxs_event_parts *parts, wxs_event_part *made, size_t count)
{
    size_t from = 0;

    for (size_t i = 0; i < count; i++) {
        for (; from < parts->count &&
               parts->part[from].first_id < made[i].first_id;
             from++)
            shut(parts, &parts->part[from]);
        if (from < parts->count &&
            parts->part[from].first_id == made[i].first_id) {
            int64_t last_id = made[i].last_id;
            made[i] = parts->part[from++];
            made[i].last_id = last_id;
        }
    }
    for (; from < parts->count; from++)
        shut(parts, &parts->part[from]);
}

bool
wxs_event_parts_refresh(wxs_event_parts *parts, wxs_error *error)
{
    wxs_part_list list;
    wxs_event_part *made;

    if (!wxs_part_list_read(&list, parts->dir, error))
        return false;
    made = calloc(list.count + 1, sizeof(*made));
    if (made == NULL) {
        wxs_part_list_free(&list);
        return wxs_fail(error, "out of memory");
    }
    for (size_t i = 0; i < list.count; i++) {
        made[i].first_id = list.first_id[i];
        made[i].last_id =
            i + 1 < list.count ? list.first_id[i + 1] - 1 : INT64_MAX;
    }
    take_over(parts, made, list.count);
    free(parts->part);
    parts->part = made;
    parts->count = list.count;
    wxs_part_list_free(&list);
    return true;
}

size_t
wxs_event_parts_find(const wxs_event_parts *parts, int64_t id)
{
    size_t low = 0, high = parts->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (parts->part[middle].first_id <= id)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void
shut_oldest(wxs_event_parts *parts)
{
    wxs_event_part *oldest = NULL;

    for (size_t i = 0; i < parts->count; i++) {
        wxs_event_part *part = &parts->part[i];

        if (part->db != NULL && (oldest == NULL || part->used < oldest->used))
            oldest = part;
    }
    if (oldest != NULL)
        shut(parts, oldest);
}

static bool
look_at(wxs_event_part *part, wxs_error *error)
{
    static const char sql[] =
        "SELECT first_at, last_at FROM about WHERE sealed_at IS NOT NULL";
    sqlite3_stmt *row = wxs_db_prepare(part->db, sql, error);
    int found;

    if (row == NULL)
        return false;
    found = wxs_db_step(part->db, row, error);
    part->sealed = found == 1;
    if (part->sealed) {
        part->first_at = sqlite3_column_int64(row, 0);
        part->last_at = sqlite3_column_int64(row, 1);
    }
    wxs_db_done(row);
    return found >= 0;
}

int
wxs_event_parts_use(wxs_event_parts *parts, size_t i, wxs_error *error)
{
    wxs_event_part *part = &parts->part[i];
    char path[WXS_PART_PATH];

    part->used = ++parts->clock;
    if (part->db == NULL) {
        if (!wxs_part_path(parts->dir, part->first_id, path, error))
            return -1;
        if (parts->open >= OPEN_MAX_PARTS)
            shut_oldest(parts);
        if (!wxs_db_open_file(&part->db, path, WXS_DB_PART, WXS_DB_READ, error))
            return access(path, F_OK) != 0 ? 0 : -1;
        parts->open++;
        part->sealed = false;
    }
    return part->sealed || look_at(part, error) ? 1 : -1;
}

bool
wxs_event_parts_newest(wxs_event_parts *parts, int64_t *id, wxs_error *error)
{
    sqlite3_stmt *row;
    size_t last;
    int found = 0;

    *id = 0;
    if (!wxs_event_parts_refresh(parts, error))
        return false;
    if (parts->count == 0)
        return true;
    last = parts->count - 1;
    *id = parts->part[last].first_id - 1;
    found = wxs_event_parts_use(parts, last, error);
    if (found <= 0)
        return found == 0;
    row = wxs_db_prepare(parts->part[last].db, "SELECT max(id) FROM events",
                         error);
    found = row == NULL ? -1 : wxs_db_step(parts->part[last].db, row, error);
    if (found == 1 && sqlite3_column_type(row, 0) != SQLITE_NULL)
        *id = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return found >= 0;
}

bool
wxs_event_parts_final(wxs_event_parts *parts, int64_t *id, wxs_error *error)
{
    sqlite3_stmt *row;
    int found;

    if (parts->counts == NULL &&
        !wxs_db_open(&parts->counts, parts->dir, WXS_DB_COUNTS, WXS_DB_READ,
                     error))
        return false;
    row = wxs_db_prepare(parts->counts, "SELECT event FROM cursor", error);
    found = row == NULL ? -1 : wxs_db_step(parts->counts, row, error);
    *id = found == 1 ? sqlite3_column_int64(row, 0) : 0;
    wxs_db_done(row);
    return found >= 0;
}
