#include "erasures.h"

#include <string.h>

#include "clock.h"
#include "idempotency.h"
#include "recipient.h"
#include "uuid.h"

/* What is to be erased: one of the two. */
typedef struct {
    bool by_message;
    uint8_t message[WXS_UUID_SIZE];
    char recipient[WXS_RECIPIENT_MAX + 1];
} wish;

static bool
refuse(wxs_response *response, const char *message)
{
    wxs_answer_error(response, 422, "validation_error", "%s", message);
    return false;
}

static bool
read_wish(const json_t *body, wish *w, wxs_response *response)
{
    const char *message = NULL, *recipient = NULL;

    if (!wxs_field_string(body, "message_id", false, 0, &message, response) ||
        !wxs_field_string(body, "recipient", false, 0, &recipient, response))
        return false;
    w->by_message = message != NULL;
    if ((message == NULL) == (recipient == NULL)) {
        wxs_answer_error(response, 422, "missing_required_field",
                         "Give either `message_id` or `recipient`.");
        return false;
    }
    if (message != NULL)
        return wxs_uuid_parse(message, strlen(message), w->message) ||
               refuse(response, "The `message_id` must be a valid UUID.");
    return wxs_recipient_read(recipient, w->recipient) ||
           refuse(response, "The `recipient` must be an email address.");
}

static bool
insert(wxs_db *db, int64_t account, const char *id, int64_t now, const wish *w,
       wxs_error *error)
{
    sqlite3_stmt *statement =
        wxs_db_prepare(db,
                       "INSERT INTO erasures (id, account, message, recipient, "
                       "requested_at) VALUES (?, ?, ?, ?, ?)",
                       error);

    if (statement == NULL)
        return false;
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, account);
    if (w->by_message)
        sqlite3_bind_blob(statement, 3, w->message, WXS_UUID_SIZE,
                          SQLITE_STATIC);
    else
        sqlite3_bind_text(statement, 4, w->recipient, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 5, now);
    return wxs_db_run(db, statement, error);
}

/* Stores the wish and answers. */
static void
create(const wxs_context *context, const wxs_request *request, const wish *w,
       wxs_response *response)
{
    wxs_error error = {"the system gives no random bytes"};
    char id[WXS_UUID_TEXT], at[WXS_TIME_TEXT];
    uint8_t uuid[WXS_UUID_SIZE];
    int64_t now = wxs_now_us();
    wxs_db *db = NULL;

    if (wxs_uuid_new(uuid))
        db = wxs_write_begin(WXS_DB_EVENTS, &error);
    if (db == NULL) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    wxs_uuid_format(uuid, id);
    wxs_time_text(now, at);
    if (!insert(db, context->identity.account, id, now, w, &error)) {
        wxs_write_abort(db);
        wxs_answer_internal(response, request, &error);
        return;
    }
    wxs_answer(response, 201,
               json_pack("{s:s, s:s, s:s, s:s, s:n, s:n, s:n}", "object",
                         "erasure", "id", id, "status", "pending", "created_at",
                         at, "finished_at", "messages", "events"));
    (void)wxs_commit_creation(db, &context->identity, request, response);
}

void
wxs_erasures_create(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    json_t *body = wxs_body_object(request, response);
    wish w;

    if (body == NULL)
        return;
    if (read_wish(body, &w, response))
        create(context, request, &w, response);
    json_decref(body);
}

enum {
    REQUESTED_AT,
    DONE_AT,
    MESSAGES,
    EVENTS
};

static json_t *
number_column(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL
               ? json_null()
               : json_integer(sqlite3_column_int64(row, column));
}

static void
answer(sqlite3_stmt *row, const char *id, wxs_response *response)
{
    bool is_done = sqlite3_column_type(row, DONE_AT) != SQLITE_NULL;
    char requested[WXS_TIME_TEXT], done[WXS_TIME_TEXT];

    wxs_time_text(sqlite3_column_int64(row, REQUESTED_AT), requested);
    wxs_time_text(sqlite3_column_int64(row, DONE_AT), done);
    wxs_answer(response, 200,
               json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "object",
                         "erasure", "id", id, "status",
                         is_done ? "done" : "pending", "created_at", requested,
                         "finished_at",
                         is_done ? json_string(done) : json_null(), "messages",
                         number_column(row, MESSAGES), "events",
                         number_column(row, EVENTS)));
}

void
wxs_erasures_get(wxs_context *context, const wxs_request *request,
                 wxs_response *response)
{
    uint8_t uuid[WXS_UUID_SIZE];
    char id[WXS_UUID_TEXT];
    sqlite3_stmt *row;
    wxs_error error;
    int step;

    if (!wxs_uuid_parse(request->param[0], strlen(request->param[0]), uuid)) {
        (void)refuse(response, "The `id` must be a valid UUID.");
        return;
    }
    wxs_uuid_format(uuid, id);
    row = wxs_db_prepare(context->events,
                         "SELECT requested_at, done_at, messages, events "
                         "FROM erasures WHERE id = ? AND account = ?",
                         &error);
    if (row == NULL) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    sqlite3_bind_text(row, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, context->identity.account);
    step = wxs_db_step(context->events, row, &error);
    if (step == 1)
        answer(row, id, response);
    else if (step == 0)
        wxs_answer_error(response, 404, "not_found", "Erasure not found");
    else
        wxs_answer_internal(response, request, &error);
    wxs_db_done(row);
}
