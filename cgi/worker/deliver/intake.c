#include "intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain_payload.h"
#include "email_payload.h"
#include "log.h"
#include "queue.h"

#define OUTBOX_BATCH 200
#define EVENTS_BATCH 500
#define UNTOLD_MAX   10000 /* events that are passed over at a time */
#define FAN_MAX      128   /* more than the webhooks that an account may have */

typedef struct {
    size_t count;
    int64_t webhook[FAN_MAX];
} fan;

/* Who in the account is to be told of an event of this type and time. */
static bool
find_webhooks(wxs_intake *intake, int64_t account, const char *type, int64_t at,
              fan *out, wxs_error *error)
{
    static const char sql[] =
        "SELECT w.number FROM webhooks w, json_each(w.events) e "
        "WHERE w.account = ?1 AND w.status = 'enabled' AND e.value = ?2 "
        "AND w.created_at <= ?3 LIMIT ?4";
    sqlite3_stmt *row = wxs_db_prepare(intake->control, sql, error);
    int more = -1;

    out->count = 0;
    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, account);
    sqlite3_bind_text(row, 2, type, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 3, at);
    sqlite3_bind_int64(row, 4, FAN_MAX);
    while (out->count < FAN_MAX &&
           (more = wxs_db_step(intake->control, row, error)) == 1)
        out->webhook[out->count++] = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return more >= 0;
}

static bool
put(wxs_intake *intake, const char *id, const char *type, int64_t at,
    const char *payload, const fan *to, int64_t now, wxs_error *error)
{
    int64_t due = now + intake->schedule->pause_us[0];
    int64_t message;

    if (!wxs_queue_message(intake->queue, id, type, at, payload, &message,
                           error))
        return false;
    for (size_t i = 0; message != 0 && i < to->count; i++) {
        if (!wxs_queue_delivery(intake->queue, to->webhook[i], message, due,
                                error))
            return false;
    }
    return true;
}

/* ---- the outbox ---- */

enum {
    NUMBER,
    ACCOUNT,
    WEBHOOK,
    MESSAGE,
    TYPE,
    CREATED_AT,
    SNAPSHOT
};

static bool
put_domain_event(wxs_intake *intake, sqlite3_stmt *row, int64_t now,
                 wxs_error *error)
{
    const char *type = (const char *)sqlite3_column_text(row, TYPE);
    const char *id = (const char *)sqlite3_column_text(row, MESSAGE);
    const char *snapshot = (const char *)sqlite3_column_text(row, SNAPSHOT);
    int64_t at = sqlite3_column_int64(row, CREATED_AT);
    char *payload;
    fan to;
    bool ok;

    if (type == NULL || id == NULL || snapshot == NULL ||
        !find_webhooks(intake, sqlite3_column_int64(row, ACCOUNT), type, at,
                       &to, error))
        return false;
    if (to.count == 0)
        return true;
    payload = wxs_domain_payload(type, at, snapshot, intake->psl);
    if (payload == NULL)
        return wxs_fail(error, "the payload of %s could not be made", id);
    ok = put(intake, id, type, at, payload, &to, now, error);
    free(payload);
    return ok;
}

static bool
put_outbox_row(wxs_intake *intake, sqlite3_stmt *row, int64_t now,
               wxs_error *error)
{
    if (sqlite3_column_type(row, WEBHOOK) == SQLITE_NULL)
        return put_domain_event(intake, row, now, error);
    return wxs_queue_replay(intake->queue, sqlite3_column_int64(row, WEBHOOK),
                            (const char *)sqlite3_column_text(row, MESSAGE),
                            now, error);
}

static bool
put_outbox(wxs_intake *intake, int64_t now, int64_t *last, int *count,
           wxs_error *error)
{
    static const char sql[] =
        "SELECT number, account, webhook, message, type, created_at, snapshot "
        "FROM webhook_outbox ORDER BY number LIMIT ?1";
    sqlite3_stmt *row = wxs_db_prepare(intake->control, sql, error);
    bool ok = row != NULL;
    int more = -1;

    *count = 0;
    if (ok)
        sqlite3_bind_int64(row, 1, OUTBOX_BATCH);
    while (ok && (more = wxs_db_step(intake->control, row, error)) == 1) {
        *last = sqlite3_column_int64(row, NUMBER);
        ok = put_outbox_row(intake, row, now, error);
        (*count)++;
    }
    wxs_db_done(row);
    return ok && more >= 0;
}

static bool
clear_outbox(wxs_intake *intake, int64_t last, wxs_error *error)
{
    static const char sql[] = "DELETE FROM webhook_outbox WHERE number <= ?1";
    sqlite3_stmt *statement;

    if (!wxs_db_begin(intake->control, error))
        return false;
    statement = wxs_db_prepare(intake->control, sql, error);
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, last);
        if (wxs_db_run(intake->control, statement, error) &&
            wxs_db_commit(intake->control, error))
            return true;
    }
    wxs_db_rollback(intake->control);
    return false;
}

static bool
outbox_is_empty(wxs_intake *intake, bool *empty, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(
        intake->control, "SELECT 1 FROM webhook_outbox LIMIT 1", error);
    int found = row == NULL ? -1 : wxs_db_step(intake->control, row, error);

    wxs_db_done(row);
    *empty = found == 0;
    return found >= 0;
}

bool
wxs_intake_outbox(wxs_intake *intake, int64_t now, bool *more, wxs_error *error)
{
    int64_t last = 0;
    int count = 0;
    bool empty;

    *more = false;
    if (!outbox_is_empty(intake, &empty, error))
        return false;
    if (empty)
        return true;
    if (!wxs_db_begin(intake->queue, error))
        return false;
    if (!put_outbox(intake, now, &last, &count, error) ||
        !wxs_db_commit(intake->queue, error)) {
        wxs_db_rollback(intake->queue);
        return false;
    }
    *more = count == OUTBOX_BATCH;
    return clear_outbox(intake, last, error);
}

/* ---- events ---- */

static bool
final_event(wxs_intake *intake, int64_t *event, wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_db_prepare(intake->counts, "SELECT event FROM cursor", error);
    int found = row == NULL ? -1 : wxs_db_step(intake->counts, row, error);

    *event = found == 1 ? sqlite3_column_int64(row, 0) : 0;
    wxs_db_done(row);
    return found >= 0;
}

static bool
save_progress(wxs_intake *intake, int64_t event, wxs_error *error)
{
    if (!wxs_db_begin(intake->queue, error))
        return false;
    if (wxs_queue_set_progress(intake->queue, event, error) &&
        wxs_db_commit(intake->queue, error)) {
        intake->event = event;
        return true;
    }
    wxs_db_rollback(intake->queue);
    return false;
}

bool
wxs_intake_begin(wxs_intake *intake, wxs_error *error)
{
    int64_t newest;

    if (!wxs_queue_progress(intake->queue, &intake->event, error) ||
        !wxs_event_parts_newest(intake->parts, &newest, error))
        return false;
    if (intake->event >= 0 && intake->event <= newest)
        return true;
    if (intake->event > newest)
        wxs_log(WXS_LOG_WARN,
                "the events are older than webhooks.db: those up to their "
                "present end are not told again",
                NULL);
    return save_progress(intake, newest, error);
}

static bool
any_webhook(wxs_intake *intake, bool *any, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(intake->control,
                                       "SELECT 1 FROM webhooks LIMIT 1", error);
    int found = row == NULL ? -1 : wxs_db_step(intake->control, row, error);

    wxs_db_done(row);
    *any = found == 1;
    return found >= 0;
}

static bool
domain_name(wxs_intake *intake, int64_t number, char name[256],
            wxs_error *error)
{
    static const char sql[] = "SELECT name FROM domains WHERE number = ?1";
    sqlite3_stmt *row = wxs_db_prepare(intake->control, sql, error);
    int found;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, number);
    found = wxs_db_step(intake->control, row, error);
    (void)snprintf(name, 256, "%s",
                   found == 1 ? (const char *)sqlite3_column_text(row, 0)
                              : "unknown.invalid");
    wxs_db_done(row);
    return found >= 0;
}

static bool
new_message_id(wxs_intake *intake, char id[WXS_MESSAGE_ID_TEXT],
               wxs_error *error)
{
    static const char sql[] = "SELECT 'msg_' || lower(hex(randomblob(16)))";
    sqlite3_stmt *row = wxs_db_prepare(intake->queue, sql, error);
    int found = row == NULL ? -1 : wxs_db_step(intake->queue, row, error);

    if (found == 1)
        (void)snprintf(id, WXS_MESSAGE_ID_TEXT, "%s",
                       (const char *)sqlite3_column_text(row, 0));
    wxs_db_done(row);
    return found == 1;
}

/* A link may carry the id of anybody's message: what is known of it is told to
 * the account that made it alone. */
static char *
make_payload(wxs_intake *intake, const wxs_event_row *event, const char *domain,
             wxs_error *error)
{
    static const char sql[] = "SELECT " WXS_EMAIL_COLUMNS
                              " FROM messages WHERE id = ?1 AND account = ?2";
    sqlite3_stmt *message = wxs_db_prepare(intake->events, sql, error);
    char *payload = NULL;

    if (message == NULL)
        return NULL;
    sqlite3_bind_blob(message, 1, event->message, 16, SQLITE_STATIC);
    sqlite3_bind_int64(message, 2, event->account);
    sqlite3_bind_int64(message, 3, event->link_index);
    if (wxs_db_step(intake->events, message, error) >= 0) {
        payload = wxs_email_payload(event, message, domain);
        if (payload == NULL)
            (void)wxs_fail(error, "out of memory");
    }
    wxs_db_done(message);
    return payload;
}

static bool
put_event(wxs_intake *intake, const wxs_event_row *event, int64_t now,
          wxs_error *error)
{
    const char *type = wxs_email_type(event);
    int64_t at = event->at * 1000;
    char id[WXS_MESSAGE_ID_TEXT];
    char domain[256];
    char *payload;
    fan to;
    bool ok;

    if (type == NULL)
        return true;
    if (!find_webhooks(intake, event->account, type, at, &to, error))
        return false;
    if (to.count == 0)
        return true;
    if (!domain_name(intake, event->domain, domain, error) ||
        !new_message_id(intake, id, error))
        return false;
    payload = make_payload(intake, event, domain, error);
    if (payload == NULL)
        return false;
    ok = put(intake, id, type, at, payload, &to, now, error);
    free(payload);
    return ok;
}

/* Puts a batch of the events behind the last one; *more tells that there are
 * others. */
static bool
put_events(wxs_intake *intake, int64_t now, int64_t up_to, int64_t *last,
           bool *more, wxs_error *error)
{
    const wxs_event_filter filter = {
        .after = intake->event, .up_to = up_to, .ascending = true};
    const wxs_event_row *event;
    wxs_event_scan *scan;
    int found = 1, count = 0;
    bool ok = true;

    if (!wxs_event_scan_begin(intake->parts, &filter, &scan, error))
        return false;
    while (ok && count < EVENTS_BATCH &&
           (found = wxs_event_scan_next(scan, &event, error)) == 1) {
        *last = event->id;
        ok = put_event(intake, event, now, error);
        count++;
    }
    if (ok && found == 0)
        *last = up_to;
    *more = count == EVENTS_BATCH;
    wxs_event_scan_end(scan);
    return ok && found >= 0;
}

bool
wxs_intake_events(wxs_intake *intake, int64_t now, int64_t *next,
                  wxs_error *error)
{
    int64_t last = intake->event, final;
    bool any, more;

    *next = INT64_MAX;
    if (!final_event(intake, &final, error) ||
        !any_webhook(intake, &any, error))
        return false;
    if (final <= intake->event)
        return true;
    if (!any)
        return final - intake->event < UNTOLD_MAX ||
               save_progress(intake, final, error);
    if (!wxs_db_begin(intake->queue, error))
        return false;
    if (put_events(intake, now, final, &last, &more, error) &&
        (last == intake->event ||
         wxs_queue_set_progress(intake->queue, last, error)) &&
        wxs_db_commit(intake->queue, error)) {
        intake->event = last;
        *next = more ? now : INT64_MAX;
        return true;
    }
    wxs_db_rollback(intake->queue);
    return false;
}
