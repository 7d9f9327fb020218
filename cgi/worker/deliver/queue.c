#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOP_CHUNK 500
#define WAITING    "due_at IS NOT NULL AND taken = 0"

/* Binds count integers from ?1 on. NULL with error filled. */
static sqlite3_stmt *
prepare(wxs_db *db, const char *sql, const int64_t *values, int count,
        wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(db, sql, error);

    for (int i = 0; statement != NULL && i < count; i++)
        sqlite3_bind_int64(statement, i + 1, values[i]);
    return statement;
}

static bool
run(wxs_db *db, const char *sql, const int64_t *values, int count,
    wxs_error *error)
{
    sqlite3_stmt *statement = prepare(db, sql, values, count, error);

    return statement != NULL && wxs_db_run(db, statement, error);
}

/* ---- what is queued ---- */

/* What the endpoint's row says follows from its deliveries. */
static bool
refresh_endpoint(wxs_db *db, int64_t webhook, int64_t flight_change,
                 wxs_error *error)
{
    static const char sql[] =
        "UPDATE endpoints SET in_flight = in_flight + ?2, next_at = "
        "(SELECT due_at FROM deliveries INDEXED BY deliveries_due "
        " WHERE webhook = ?1 AND " WAITING " ORDER BY due_at LIMIT 1) "
        "WHERE webhook = ?1";

    return run(db, sql, (int64_t[]){webhook, flight_change}, 2, error);
}

bool
wxs_queue_recover(wxs_db *db, wxs_error *error)
{
    static const char flight[] =
        "UPDATE endpoints SET in_flight = 0 WHERE in_flight <> 0";
    static const char next[] =
        "UPDATE endpoints SET next_at = min(coalesce(next_at, "
        "9223372036854775807), (SELECT min(due_at) FROM deliveries d "
        " WHERE d.webhook = endpoints.webhook AND taken = 1)) "
        "WHERE webhook IN (SELECT webhook FROM deliveries WHERE taken = 1)";
    static const char taken[] =
        "UPDATE deliveries SET taken = 0 WHERE taken = 1";

    return run(db, flight, NULL, 0, error) && run(db, next, NULL, 0, error) &&
           run(db, taken, NULL, 0, error);
}

bool
wxs_queue_progress(wxs_db *db, int64_t *event, wxs_error *error)
{
    sqlite3_stmt *row =
        prepare(db, "SELECT event FROM progress", NULL, 0, error);
    int found = row == NULL ? -1 : wxs_db_step(db, row, error);

    *event = found == 1 ? sqlite3_column_int64(row, 0) : -1;
    wxs_db_done(row);
    return found >= 0;
}

bool
wxs_queue_set_progress(wxs_db *db, int64_t event, wxs_error *error)
{
    static const char sql[] =
        "INSERT OR REPLACE INTO progress (one, event) VALUES (1, ?1)";

    return run(db, sql, &event, 1, error);
}

bool
wxs_queue_message(wxs_db *db, const char *id, const char *type,
                  int64_t created_at, const char *payload, int64_t *number,
                  wxs_error *error)
{
    static const char sql[] =
        "INSERT OR IGNORE INTO messages (id, type, created_at, payload) "
        "VALUES (?1, ?2, ?3, ?4)";
    sqlite3_stmt *insert = wxs_db_prepare(db, sql, error);

    if (insert == NULL)
        return false;
    sqlite3_bind_text(insert, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 2, type, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 3, created_at);
    sqlite3_bind_text(insert, 4, payload, -1, SQLITE_STATIC);
    if (!wxs_db_run(db, insert, error))
        return false;
    *number = wxs_db_changes(db) > 0 ? wxs_db_last_id(db) : 0;
    return true;
}

/* The endpoint is to be looked at by due_at. */
static bool
wake_endpoint(wxs_db *db, int64_t webhook, int64_t due_at, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO endpoints (webhook, next_at) VALUES (?1, ?2) "
        "ON CONFLICT (webhook) DO UPDATE SET "
        "next_at = min(coalesce(next_at, ?2), ?2)";

    return run(db, sql, (int64_t[]){webhook, due_at}, 2, error);
}

bool
wxs_queue_delivery(wxs_db *db, int64_t webhook, int64_t message, int64_t due_at,
                   wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO deliveries (webhook, message, status, attempt, due_at) "
        "VALUES (?1, ?2, 'pending', 0, ?3)";

    return run(db, sql, (int64_t[]){webhook, message, due_at}, 3, error) &&
           wake_endpoint(db, webhook, due_at, error);
}

/* One that is under way begins its schedule again if it fails. */
bool
wxs_queue_replay(wxs_db *db, int64_t webhook, const char *id, int64_t due_at,
                 wxs_error *error)
{
    static const char sql[] =
        "UPDATE deliveries SET status = 'pending', attempt = 0, due_at = ?2 "
        "WHERE webhook = ?1 AND message = "
        "(SELECT number FROM messages WHERE id = ?3)";
    sqlite3_stmt *update =
        prepare(db, sql, (int64_t[]){webhook, due_at}, 2, error);

    if (update == NULL)
        return false;
    sqlite3_bind_text(update, 3, id, -1, SQLITE_STATIC);
    return wxs_db_run(db, update, error) &&
           (wxs_db_changes(db) == 0 ||
            wake_endpoint(db, webhook, due_at, error));
}

/* ---- what is due ---- */

#define HAS_ROOM                                                               \
    "next_at IS NOT NULL AND in_flight < iif(failing_since IS NULL, ?1, ?2)"

bool
wxs_queue_ready(wxs_db *db, int64_t now, int64_t *webhooks, size_t cap,
                size_t *count, wxs_error *error)
{
    static const char sql[] =
        "SELECT webhook FROM endpoints WHERE " HAS_ROOM " AND next_at <= ?3 "
        "ORDER BY next_at LIMIT ?4";
    const int64_t values[] = {WXS_ENDPOINT_FLIGHT, WXS_FAILING_FLIGHT, now,
                              (int64_t)cap};
    sqlite3_stmt *row = prepare(db, sql, values, 4, error);
    int more = -1;

    *count = 0;
    while (row != NULL && *count < cap &&
           (more = wxs_db_step(db, row, error)) == 1)
        webhooks[(*count)++] = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return more >= 0;
}

bool
wxs_queue_next(wxs_db *db, int64_t *at, wxs_error *error)
{
    static const char sql[] = "SELECT next_at FROM endpoints WHERE " HAS_ROOM
                              " ORDER BY next_at LIMIT 1";
    const int64_t values[] = {WXS_ENDPOINT_FLIGHT, WXS_FAILING_FLIGHT};
    sqlite3_stmt *row = prepare(db, sql, values, 2, error);
    int found = row == NULL ? -1 : wxs_db_step(db, row, error);

    *at = found == 1 ? sqlite3_column_int64(row, 0) : INT64_MAX;
    wxs_db_done(row);
    return found >= 0;
}

/* How many more deliveries the webhook has room for. */
static bool
read_room(wxs_db *db, int64_t webhook, size_t *room, wxs_error *error)
{
    static const char sql[] =
        "SELECT iif(failing_since IS NULL, ?2, ?3) - in_flight "
        "FROM endpoints WHERE webhook = ?1";
    const int64_t values[] = {webhook, WXS_ENDPOINT_FLIGHT, WXS_FAILING_FLIGHT};
    sqlite3_stmt *row = prepare(db, sql, values, 3, error);
    int found = row == NULL ? -1 : wxs_db_step(db, row, error);
    int64_t value = found == 1 ? sqlite3_column_int64(row, 0) : 0;

    *room = value > 0 ? (size_t)value : 0;
    wxs_db_done(row);
    return found >= 0;
}

/* Copies the row of a due delivery; false without memory. */
static bool
copy_row(sqlite3_stmt *row, int64_t webhook, wxs_delivery *delivery)
{
    int len = sqlite3_column_bytes(row, 2);

    delivery->webhook = webhook;
    delivery->message = sqlite3_column_int64(row, 0);
    (void)snprintf(delivery->id, sizeof(delivery->id), "%s",
                   (const char *)sqlite3_column_text(row, 1));
    delivery->payload_len = (size_t)len;
    delivery->payload = malloc((size_t)len + 1);
    if (delivery->payload == NULL)
        return false;
    memcpy(delivery->payload, sqlite3_column_text(row, 2), (size_t)len + 1);
    return true;
}

static bool
read_due(wxs_db *db, int64_t webhook, int64_t now, wxs_delivery *deliveries,
         size_t cap, size_t *count, wxs_error *error)
{
    static const char sql[] =
        "SELECT d.message, m.id, m.payload FROM deliveries d "
        "INDEXED BY deliveries_due JOIN messages m ON m.number = d.message "
        "WHERE d.webhook = ?1 AND d.due_at IS NOT NULL AND d.taken = 0 "
        "AND d.due_at <= ?2 ORDER BY d.due_at, d.message LIMIT ?3";
    const int64_t values[] = {webhook, now, (int64_t)cap};
    sqlite3_stmt *row = prepare(db, sql, values, 3, error);
    int more = -1;

    while (row != NULL && *count < cap &&
           (more = wxs_db_step(db, row, error)) == 1) {
        if (!copy_row(row, webhook, &deliveries[*count])) {
            wxs_db_done(row);
            return wxs_fail(error, "out of memory");
        }
        (*count)++;
    }
    wxs_db_done(row);
    return *count == cap || more >= 0;
}

bool
wxs_queue_take(wxs_db *db, int64_t webhook, int64_t now,
               wxs_delivery *deliveries, size_t cap, size_t *count,
               wxs_error *error)
{
    static const char sql[] =
        "UPDATE deliveries SET taken = 1 WHERE webhook = ?1 AND message = ?2";
    size_t room;

    *count = 0;
    if (!read_room(db, webhook, &room, error) ||
        !read_due(db, webhook, now, deliveries, room < cap ? room : cap, count,
                  error))
        return false;
    for (size_t i = 0; i < *count; i++) {
        if (!run(db, sql, (int64_t[]){webhook, deliveries[i].message}, 2,
                 error))
            return false;
    }
    return refresh_endpoint(db, webhook, (int64_t)*count, error);
}

/* ---- what has ended ---- */

static bool
write_attempt(wxs_db *db, const wxs_outcome *outcome, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO attempts (webhook, message, http, sent_at, response) "
        "VALUES (?1, ?2, ?3, ?4, ?5)";
    const int64_t values[] = {outcome->webhook, outcome->message, outcome->http,
                              outcome->sent_at};
    sqlite3_stmt *insert = prepare(db, sql, values, 4, error);

    if (insert == NULL)
        return false;
    sqlite3_bind_text(insert, 5, outcome->response, -1, SQLITE_STATIC);
    return wxs_db_run(db, insert, error);
}

/* How many attempts of the schedule were made before; -1 if the delivery is
 * there no more. */
static bool
read_attempt(wxs_db *db, const wxs_outcome *outcome, int64_t *attempt,
             wxs_error *error)
{
    static const char sql[] =
        "SELECT attempt FROM deliveries WHERE webhook = ?1 AND message = ?2";
    const int64_t values[] = {outcome->webhook, outcome->message};
    sqlite3_stmt *row = prepare(db, sql, values, 2, error);
    int found = row == NULL ? -1 : wxs_db_step(db, row, error);

    *attempt = found == 1 ? sqlite3_column_int64(row, 0) : -1;
    wxs_db_done(row);
    return found >= 0;
}

static bool
write_delivery(wxs_db *db, const wxs_outcome *outcome, int64_t attempt,
               const wxs_schedule *schedule, wxs_error *error)
{
    static const char sql[] =
        "UPDATE deliveries SET taken = 0, attempt = ?3, due_at = ?4, "
        "status = ?5 WHERE webhook = ?1 AND message = ?2";
    const int64_t values[] = {outcome->webhook, outcome->message, attempt + 1};
    bool again = !outcome->success && (size_t)attempt + 1 < schedule->count;
    sqlite3_stmt *update = prepare(db, sql, values, 3, error);

    if (update == NULL)
        return false;
    if (again)
        sqlite3_bind_int64(update, 4,
                           outcome->ended_at + schedule->pause_us[attempt + 1]);
    sqlite3_bind_text(update, 5,
                      outcome->success ? "success"
                      : again          ? "attempting"
                                       : "failed",
                      -1, SQLITE_STATIC);
    return wxs_db_run(db, update, error);
}

/* Failures from before the webhook was enabled do not count. */
static bool
write_health(wxs_db *db, const wxs_outcome *outcome, wxs_error *error)
{
    static const char good[] =
        "UPDATE endpoints SET failing_since = NULL "
        "WHERE webhook = ?1 AND failing_since IS NOT NULL";
    static const char bad[] =
        "UPDATE endpoints SET failing_since = ?2 WHERE webhook = ?1 "
        "AND (failing_since IS NULL OR failing_since < ?3)";
    const int64_t values[] = {outcome->webhook, outcome->sent_at,
                              outcome->enabled_at};

    return outcome->success ? run(db, good, values, 1, error)
                            : run(db, bad, values, 3, error);
}

static bool
read_health(wxs_db *db, int64_t webhook, int64_t *failing_since,
            wxs_error *error)
{
    static const char sql[] =
        "SELECT failing_since FROM endpoints WHERE webhook = ?1";
    sqlite3_stmt *row = prepare(db, sql, &webhook, 1, error);
    int found = row == NULL ? -1 : wxs_db_step(db, row, error);

    *failing_since = found == 1 ? sqlite3_column_int64(row, 0) : 0;
    wxs_db_done(row);
    return found >= 0;
}

bool
wxs_queue_finish(wxs_db *db, const wxs_outcome *outcome,
                 const wxs_schedule *schedule, int64_t *failing_since,
                 wxs_error *error)
{
    int64_t attempt;

    if (!read_attempt(db, outcome, &attempt, error))
        return false;
    if (attempt >= 0 &&
        (!write_attempt(db, outcome, error) ||
         !write_delivery(db, outcome, attempt, schedule, error)))
        return false;
    return write_health(db, outcome, error) &&
           refresh_endpoint(db, outcome->webhook, -1, error) &&
           read_health(db, outcome->webhook, failing_since, error);
}

bool
wxs_queue_stop(wxs_db *db, int64_t webhook, bool deleted, wxs_error *error)
{
#define CHUNK                                                                  \
    "WHERE webhook = ?1 AND message IN (SELECT message FROM deliveries "       \
    "INDEXED BY deliveries_due WHERE webhook = ?1 AND " WAITING " LIMIT ?2)"
    static const char forget[] = "DELETE FROM attempts " CHUNK;
    static const char remove[] = "DELETE FROM deliveries " CHUNK;
    static const char fail[] =
        "UPDATE deliveries SET status = 'failed', due_at = NULL " CHUNK;
#undef CHUNK
    const int64_t values[] = {webhook, STOP_CHUNK};

    return (!deleted || run(db, forget, values, 2, error)) &&
           run(db, deleted ? remove : fail, values, 2, error) &&
           refresh_endpoint(db, webhook, 0, error);
}

bool
wxs_queue_purge(wxs_db *db, int64_t before, int *count, wxs_error *error)
{
#define CHUNK                                                                  \
    "(SELECT number FROM messages m WHERE created_at < ?1 AND NOT EXISTS "     \
    "(SELECT 1 FROM deliveries WHERE message = m.number "                      \
    " AND due_at IS NOT NULL) ORDER BY created_at LIMIT ?2)"
    static const char attempts[] =
        "DELETE FROM attempts WHERE (webhook, message) IN (SELECT webhook, "
        "message FROM deliveries WHERE message IN " CHUNK ")";
    static const char deliveries[] =
        "DELETE FROM deliveries WHERE message IN " CHUNK;
    static const char messages[] =
        "DELETE FROM messages WHERE number IN " CHUNK;
#undef CHUNK
    const int64_t values[] = {before, STOP_CHUNK};

    if (!run(db, attempts, values, 2, error) ||
        !run(db, deliveries, values, 2, error) ||
        !run(db, messages, values, 2, error))
        return false;
    *count = wxs_db_changes(db);
    return true;
}
