#include "delivery_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "sql.h"

#define ATTEMPT_PREFIX "atmpt_"
#define ATTEMPT_DIGITS 16

int
wxs_delivery_find(wxs_db *webhooks, int64_t webhook, const char *id,
                  int64_t *message, wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_sql(webhooks, error,
                "SELECT d.message FROM messages m JOIN deliveries d "
                "ON d.message = m.number AND d.webhook = ? WHERE m.id = ?",
                "it", webhook, id);
    int found;

    if (row == NULL)
        return -1;
    found = wxs_db_step(webhooks, row, error);
    if (found == 1)
        *message = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return found;
}

#define ITEM "SELECT m.id, m.type, m.created_at, d.status"
#define FROM " FROM deliveries d JOIN messages m ON m.number = d.message "

sqlite3_stmt *
wxs_delivery_walk(wxs_db *webhooks, int64_t webhook, int64_t message,
                  int64_t limit, wxs_error *error)
{
    return wxs_sql(webhooks, error,
                   ITEM FROM "WHERE d.webhook = ? AND d.message < ? "
                             "ORDER BY d.message DESC LIMIT ?",
                   "iii", webhook, message, limit);
}

sqlite3_stmt *
wxs_attempt_walk(wxs_db *webhooks, int64_t webhook, int64_t message,
                 int64_t attempt, int64_t limit, wxs_error *error)
{
    return wxs_sql(webhooks, error,
                   "SELECT number, http, response, sent_at FROM attempts "
                   "WHERE webhook = ? AND message = ? AND number < ? "
                   "ORDER BY number DESC LIMIT ?",
                   "iiii", webhook, message, attempt, limit);
}

json_t *
wxs_delivery_item(sqlite3_stmt *row, wxs_error *error)
{
    char at[WXS_TIME_TEXT];

    (void)error;
    wxs_time_iso(sqlite3_column_int64(row, 2), at);
    return json_pack("{s:s, s:s, s:s, s:s}", "id", sqlite3_column_text(row, 0),
                     "type", sqlite3_column_text(row, 1), "created_at", at,
                     "status", sqlite3_column_text(row, 3));
}

json_t *
wxs_attempt_item(sqlite3_stmt *row, wxs_error *error)
{
    char id[sizeof(ATTEMPT_PREFIX) + ATTEMPT_DIGITS];
    char at[WXS_TIME_TEXT];

    (void)error;
    (void)snprintf(id, sizeof(id), ATTEMPT_PREFIX "%016" PRIx64,
                   (uint64_t)sqlite3_column_int64(row, 0));
    wxs_time_iso(sqlite3_column_int64(row, 3), at);
    return json_pack("{s:s, s:i, s:s, s:s}", "id", id, "http_status_code",
                     sqlite3_column_int(row, 1), "response",
                     sqlite3_column_text(row, 2), "sent_at", at);
}

bool
wxs_attempt_id_parse(const char *text, int64_t *number)
{
    size_t len = strlen(ATTEMPT_PREFIX);
    uint64_t value;

    if (strncmp(text, ATTEMPT_PREFIX, len) != 0 ||
        strspn(text + len, "0123456789abcdef") != ATTEMPT_DIGITS ||
        text[len + ATTEMPT_DIGITS] != '\0')
        return false;
    value = strtoull(text + len, NULL, 16);
    *number = (int64_t)value;
    return value > 0 && value <= INT64_MAX;
}

static json_t *
delivery_row(sqlite3_stmt *row)
{
    json_t *json = wxs_delivery_item(row, NULL);
    const char *payload = (const char *)sqlite3_column_text(row, 4);
    char at[WXS_TIME_TEXT];
    bool has_next = sqlite3_column_type(row, 5) != SQLITE_NULL;
    json_t *rest;

    wxs_time_iso(sqlite3_column_int64(row, 5), at);
    rest = json_pack("{s:s, s:s?, s:o}", "object", "webhook_event",
                     "next_attempt_at", has_next ? at : NULL, "payload",
                     json_loads(payload != NULL ? payload : "", 0, NULL));
    if (json_object_update(json, rest) != 0) {
        json_decref(json);
        json = NULL;
    }
    json_decref(rest);
    return json;
}

json_t *
wxs_delivery_json(wxs_db *webhooks, int64_t webhook, int64_t message,
                  wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_sql(webhooks, error,
                ITEM ", m.payload, d.due_at" FROM "WHERE d.webhook = ? "
                     "AND d.message = ?",
                "ii", webhook, message);
    json_t *json = NULL;
    int found;

    if (row == NULL)
        return NULL;
    found = wxs_db_step(webhooks, row, error);
    if (found == 1)
        json = delivery_row(row);
    if (found >= 0 && json == NULL)
        wxs_fail(error, "a webhook event could not be read");
    wxs_db_done(row);
    return json;
}
