#include "event_details.h"

#include <stdio.h>
#include <string.h>

/* An object that is kept as text; null if there is none. */
static json_t *
object_column(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    json_t *json = text == NULL ? NULL : json_loads(text, 0, NULL);

    if (json_is_object(json))
        return json;
    json_decref(json);
    return json_null();
}

static bool
read_domain(wxs_db *control, int64_t number, char id[WXS_UUID_TEXT],
            wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(
        control, "SELECT id FROM domains WHERE number = ?", error);
    int step;

    id[0] = '\0';
    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, number);
    step = wxs_db_step(control, row, error);
    if (step == 1)
        (void)snprintf(id, WXS_UUID_TEXT, "%s",
                       (const char *)sqlite3_column_text(row, 0));
    wxs_db_done(row);
    return step >= 0;
}

static bool
read_message(wxs_db *events, const wxs_event_row *event,
             wxs_event_details *details, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(
        events, "SELECT tags FROM messages WHERE id = ? AND account = ?",
        error);
    int step;

    if (row == NULL)
        return false;
    sqlite3_bind_blob(row, 1, event->message, WXS_UUID_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, event->account);
    step = wxs_db_step(events, row, error);
    if (step == 1)
        details->tags = object_column(row, 0);
    wxs_db_done(row);
    return step >= 0;
}

/* A link may carry the id of anybody's message: what is known of it is told to
 * the account that made it alone. */
static bool
read_link(wxs_db *events, const wxs_event_row *event,
          wxs_event_details *details, wxs_error *error)
{
    sqlite3_stmt *row =
        wxs_db_prepare(events,
                       "SELECT name, tags FROM message_links WHERE message = ? "
                       "AND link_index = ?",
                       error);
    int step;

    if (row == NULL)
        return false;
    sqlite3_bind_blob(row, 1, event->message, WXS_UUID_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, event->link_index);
    sqlite3_bind_int64(row, 3, event->account);
    step = wxs_db_step(events, row, error);
    if (step == 1) {
        if (sqlite3_column_type(row, 0) == SQLITE_TEXT)
            details->link_name =
                json_string((const char *)sqlite3_column_text(row, 0));
        details->link_tags = object_column(row, 1);
    }
    wxs_db_done(row);
    return step >= 0;
}

bool
wxs_event_details_read(const wxs_context *context, const wxs_event_row *row,
                       wxs_event_details *details, wxs_error *error)
{
    *details = (wxs_event_details){.tags = json_null(),
                                   .link_name = json_null(),
                                   .link_tags = json_null()};
    if (!read_domain(context->control, row->domain, details->domain, error))
        return false;
    if (row->message == NULL)
        return true;
    if (read_message(context->events, row, details, error) &&
        (row->link_index < 0 ||
         read_link(context->events, row, details, error)))
        return true;
    wxs_event_details_clear(details);
    return false;
}

void
wxs_event_details_clear(wxs_event_details *details)
{
    json_decref(details->tags);
    json_decref(details->link_name);
    json_decref(details->link_tags);
}

static bool
has(const json_t *tags, const char *name, const char *value)
{
    const json_t *found = json_object_get(tags, name);

    return found != NULL &&
           (value == NULL || (json_is_string(found) &&
                              strcmp(json_string_value(found), value) == 0));
}

bool
wxs_event_details_tagged(const wxs_event_details *details, const char *name,
                         const char *value)
{
    return has(details->tags, name, value) ||
           has(details->link_tags, name, value);
}
