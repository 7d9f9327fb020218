#include "former_events.h"

#include <inttypes.h>
#include <stdio.h>

#include "db.h"
#include "log.h"
#include "part_list.h"
#include "partition.h"

/* Copies the events of a span of ids, with their texts. */
#define COPY                                                                   \
    "INSERT INTO texts (text) SELECT link FROM span WHERE link IS NOT NULL "   \
    "UNION SELECT agent FROM span WHERE agent IS NOT NULL "                    \
    "UNION SELECT reason FROM span; "                                          \
    "CREATE TEMP TABLE known (text TEXT PRIMARY KEY, id INTEGER) "             \
    "WITHOUT ROWID; "                                                          \
    "INSERT INTO known SELECT text, id FROM texts; "                           \
    "INSERT INTO events (id, account, domain, type, at, message, link, "       \
    "link_index, address, agent, flags, mode, verdict, reason) "               \
    "SELECT id, account, domain, type, at, message, "                          \
    "(SELECT k.id FROM known k WHERE k.text = link), link_index, address, "    \
    "(SELECT k.id FROM known k WHERE k.text = agent), flags, mode, "           \
    "CASE verdict WHEN 'human' THEN 1 WHEN 'proxy' THEN 2 "                    \
    "WHEN 'machine' THEN 3 ELSE 0 END, "                                       \
    "(SELECT k.id FROM known k WHERE k.text = reason) FROM span; "

#define POSITIONS                                                              \
    "INSERT INTO segments SELECT writer, segment, position "                   \
    "FROM former.former_segments; "                                            \
    "INSERT INTO writers SELECT writer, sequence, lost, seen_at "              \
    "FROM former.former_writers; "

static bool
read_number(wxs_db *db, const char *sql, int64_t *number, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int found = row == NULL ? -1 : wxs_db_step(db, row, error);

    *number = found == 1 ? sqlite3_column_int64(row, 0) : 0;
    wxs_db_done(row);
    return found >= 0;
}

/* The partition of ids first to last; what is between it and the next one is
 * none's. */
static bool
move_span(const char *dir, const char *events_path, int64_t first, int64_t last,
          wxs_error *error)
{
    char sql[2048];
    int size =
        snprintf(sql, sizeof sql,
                 "CREATE TEMP VIEW span AS SELECT * FROM former.former_events "
                 "WHERE id BETWEEN %" PRId64 " AND %" PRId64 "; " COPY POSITIONS
                 "DROP VIEW temp.span; DROP TABLE temp.known",
                 first, last);

    if (size < 0 || (size_t)size >= sizeof sql)
        return wxs_fail(error, "a statement is too long");
    return wxs_partition_create(dir, first, events_path, sql, error);
}

/* Which ids are next: all up to done are moved. */
static bool
next_span(wxs_db *events, int64_t done, int64_t count, int64_t *first,
          int64_t *last, wxs_error *error)
{
    static const char sql[] =
        "SELECT min(id), max(id) FROM (SELECT id FROM former_events "
        "WHERE id > ?1 ORDER BY id LIMIT ?2)";
    sqlite3_stmt *row = wxs_db_prepare(events, sql, error);
    int found;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, done);
    sqlite3_bind_int64(row, 2, count);
    found = wxs_db_step(events, row, error);
    *first = found == 1 ? sqlite3_column_int64(row, 0) : 0;
    *last = found == 1 ? sqlite3_column_int64(row, 1) : 0;
    wxs_db_done(row);
    return found == 1;
}

/* Up to which id a killed one has come: the last partition has all from its
 * first id on, as many as fit. *complete tells that the one to go on with is
 * there, too. */
static bool
moved_so_far(wxs_db *events, const char *dir, int64_t count, int64_t newest,
             int64_t *done, bool *complete, wxs_error *error)
{
    wxs_part_list list;
    int64_t first;
    bool ok = wxs_part_list_read(&list, dir, error);

    *done = 0;
    *complete = ok && list.count > 0 && list.first_id[list.count - 1] > newest;
    if (ok && list.count > 0 && !*complete)
        ok = next_span(events, list.first_id[list.count - 1] - 1, count, &first,
                       done, error);
    wxs_part_list_free(&list);
    return ok;
}

static void
tell(int64_t last)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, last);
    wxs_log(WXS_LOG_INFO, "moved events of events.db to a partition",
            "up to event", text, NULL);
}

static bool
drop(wxs_db *events, wxs_error *error)
{
    static const char sql[] = "DROP TABLE former_events; "
                              "DROP TABLE former_segments; "
                              "DROP TABLE former_writers";

    if (!wxs_db_begin(events, error))
        return false;
    if (sqlite3_exec(wxs_db_handle(events), sql, NULL, NULL, NULL) ==
            SQLITE_OK &&
        wxs_db_commit(events, error))
        return true;
    (void)wxs_db_fail(events, error, "the former events cannot be dropped");
    wxs_db_rollback(events);
    return false;
}

/* Moves all, and makes a partition to go on with: one that has the positions,
 * and whose ids are greater than any before. */
static bool
move(wxs_db *events, const char *dir, const char *path, int64_t count,
     wxs_error *error)
{
    int64_t done, first, last, newest;
    bool complete;

    if (!read_number(events,
                     "SELECT coalesce(max(seq), 0) FROM sqlite_sequence "
                     "WHERE name = 'former_events'",
                     &newest, error) ||
        !moved_so_far(events, dir, count, newest, &done, &complete, error))
        return false;
    while (!complete) {
        if (!next_span(events, done, count, &first, &last, error))
            return false;
        if (first == 0)
            break;
        if (!move_span(dir, path, first, last, error))
            return false;
        tell(last);
        done = last;
    }
    return complete ||
           wxs_partition_create(dir, newest + 1, path, POSITIONS, error);
}

bool
wxs_former_events_move(const char *dir, int64_t events, wxs_error *error)
{
    char path[WXS_PART_PATH];
    int64_t there = 0;
    wxs_db *db = NULL;
    bool ok;

    if (snprintf(path, sizeof path, "%s/events.db", dir) >= (int)sizeof path)
        return wxs_fail(error, "the path of the state directory is too long");
    ok = wxs_db_open(&db, dir, WXS_DB_EVENTS, WXS_DB_WRITE, error) &&
         read_number(db,
                     "SELECT count(*) FROM sqlite_master "
                     "WHERE name = 'former_events'",
                     &there, error);
    if (ok && there > 0)
        ok = move(db, dir, path, events, error) && drop(db, error);
    wxs_db_close(db);
    return ok;
}
