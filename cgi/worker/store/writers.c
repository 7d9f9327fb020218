#include "writers.h"

#include "clock.h"

#define FORGET_US (INT64_C(7) * 24 * 3600 * 1000000)

/* The condition for a writer, called w, to be forgotten. */
#define FORGOTTEN                                                              \
    "WHERE w.writer <> 0 AND w.seen_at < ?1 AND NOT EXISTS "                   \
    "(SELECT 1 FROM segments AS s WHERE s.writer = w.writer) "

bool
wxs_writer_read(wxs_db *part, uint64_t id, wxs_writer *writer, wxs_error *error)
{
    static const char sql[] =
        "SELECT sequence, lost FROM writers WHERE writer = ?1";
    sqlite3_stmt *statement = wxs_db_prepare(part, sql, error);
    int row;

    *writer = (wxs_writer){0};
    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)id);
    row = wxs_db_step(part, statement, error);
    if (row == 1) {
        writer->sequence = (uint64_t)sqlite3_column_int64(statement, 0);
        writer->lost = (uint64_t)sqlite3_column_int64(statement, 1);
    }
    wxs_db_done(statement);
    return row >= 0;
}

bool
wxs_writer_save(wxs_db *part, uint64_t id, const wxs_writer *writer,
                wxs_error *error)
{
    static const char sql[] =
        "INSERT OR REPLACE INTO writers (writer, sequence, lost, seen_at) "
        "VALUES (?1, ?2, ?3, ?4)";
    sqlite3_stmt *statement = wxs_db_prepare(part, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)id);
    sqlite3_bind_int64(statement, 2, (int64_t)writer->sequence);
    sqlite3_bind_int64(statement, 3, (int64_t)writer->lost);
    sqlite3_bind_int64(statement, 4, wxs_now_us());
    return wxs_db_run(part, statement, error);
}

bool
wxs_position_save(wxs_db *part, const wxs_segment *segment, wxs_error *error)
{
    static const char sql[] =
        "INSERT OR REPLACE INTO segments (writer, segment, position) "
        "VALUES (?1, ?2, ?3)";
    sqlite3_stmt *statement = wxs_db_prepare(part, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)segment->writer_id);
    sqlite3_bind_int64(statement, 2, (int64_t)segment->number);
    sqlite3_bind_int64(statement, 3,
                       (int64_t)wxs_journal_position(&segment->reader));
    return wxs_db_run(part, statement, error);
}

static bool
run_before(wxs_db *part, const char *sql, int64_t before, wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(part, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, before);
    return wxs_db_run(part, statement, error);
}

bool
wxs_writers_forget(wxs_db *part, wxs_error *error)
{
    static const char add[] =
        "INSERT INTO writers (writer, sequence, lost, seen_at) "
        "SELECT 0, 0, sum(lost), max(seen_at) FROM writers AS w " FORGOTTEN
        "HAVING sum(lost) > 0 "
        "ON CONFLICT (writer) DO UPDATE SET lost = lost + excluded.lost, "
        "seen_at = excluded.seen_at";
    static const char delete[] = "DELETE FROM writers AS w " FORGOTTEN;
    int64_t before = wxs_now_us() - FORGET_US;

    if (!wxs_db_begin(part, error))
        return false;
    if (run_before(part, add, before, error) &&
        run_before(part, delete, before, error) && wxs_db_commit(part, error))
        return true;
    wxs_db_rollback(part);
    return false;
}
