#include "message_store.h"

#include <stdlib.h>

#include "clock.h"
#include "link_name.h"
#include "service.h"

#define HOUR_US INT64_C(3600000000)

/* Texts may be NULL, and must live until the statement has run. */
struct metadata {
    const char *sender;
    const char *subject;
    char *recipients;
    char *tags;
};

static bool
insert_message(wxs_db *db, const wxs_message *message, int64_t account,
               const struct metadata *metadata, int64_t now, wxs_error *error)
{
    sqlite3_stmt *insert = wxs_db_prepare(
        db,
        "INSERT INTO messages (id, account, domain, created_at, sender, "
        "recipients, subject, tags, mode) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);

    if (insert == NULL)
        return false;
    sqlite3_bind_blob(insert, 1, message->id, WXS_MESSAGE_ID_SIZE,
                      SQLITE_STATIC);
    sqlite3_bind_int64(insert, 2, account);
    sqlite3_bind_int64(insert, 3, message->domain->number);
    sqlite3_bind_int64(insert, 4, now);
    sqlite3_bind_text(insert, 5, metadata->sender, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 6, metadata->recipients, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 7, metadata->subject, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 8, metadata->tags, -1, SQLITE_STATIC);
    sqlite3_bind_int(insert, 9, (int)message->how.mode);
    return wxs_db_run(db, insert, error);
}

/* Counts the message in its hour. */
static bool
count_message(wxs_db *db, const wxs_message *message, int64_t account,
              int64_t now, wxs_error *error)
{
    sqlite3_stmt *upsert = wxs_db_prepare(
        db,
        "INSERT INTO message_hours (account, domain, hour, messages) "
        "VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET messages = messages + 1",
        error);

    if (upsert == NULL)
        return false;
    sqlite3_bind_int64(upsert, 1, account);
    sqlite3_bind_int64(upsert, 2, message->domain->number);
    sqlite3_bind_int64(upsert, 3, now / HOUR_US);
    return wxs_db_run(db, upsert, error);
}

/* JSON text of a value that may be absent or empty; false without memory. */
static bool
dump(const json_t *value, char **text)
{
    bool empty = json_array_size(value) == 0 && json_object_size(value) == 0;

    *text = empty ? NULL : json_dumps(value, JSON_COMPACT);
    return empty || *text != NULL;
}

static bool
insert_link(wxs_db *db, const wxs_message *message,
            const wxs_tracked_link *link, wxs_error *error)
{
    sqlite3_stmt *insert = wxs_db_prepare(
        db,
        "INSERT INTO message_links (message, link_index, name, tags) "
        "VALUES (?, ?, ?, ?)",
        error);
    json_t *tags = wxs_link_tags_json(link->tags, link->tags_len);
    char *text = NULL;
    bool ok = insert != NULL;

    if (ok && (tags == NULL || !dump(tags, &text)))
        ok = wxs_fail(error, "out of memory while storing a message");
    if (ok) {
        sqlite3_bind_blob(insert, 1, message->id, WXS_MESSAGE_ID_SIZE,
                          SQLITE_STATIC);
        sqlite3_bind_int64(insert, 2, link->index);
        if (link->name_len > 0)
            sqlite3_bind_text(insert, 3, link->name, (int)link->name_len,
                              SQLITE_STATIC);
        sqlite3_bind_text(insert, 4, text, -1, SQLITE_STATIC);
        ok = wxs_db_run(db, insert, error);
    } else {
        wxs_db_done(insert);
    }
    free(text);
    json_decref(tags);
    return ok;
}

static bool
insert_links(wxs_db *db, const wxs_message *message, wxs_error *error)
{
    for (size_t i = 0; i < message->rewritten.count; i++) {
        const wxs_tracked_link *link = &message->rewritten.link[i];

        if ((link->name_len > 0 || link->tags_len > 0) &&
            !insert_link(db, message, link, error))
            return false;
    }
    return true;
}

bool
wxs_message_insert(wxs_db *db, const wxs_message *message, int64_t account,
                   wxs_error *error)
{
    struct metadata metadata = {.sender = NULL};
    int64_t now = wxs_now_us();
    bool ok = true;

    if (message->how.metadata) {
        metadata.sender = wxs_message_from(message);
        metadata.subject = wxs_message_subject(message);
        ok = dump(wxs_message_to(message), &metadata.recipients) &&
             dump(message->request->tags, &metadata.tags);
    }
    ok = ok ? insert_message(db, message, account, &metadata, now, error) &&
                  count_message(db, message, account, now, error) &&
                  insert_links(db, message, error)
            : wxs_fail(error, "out of memory while storing a message");
    free(metadata.recipients);
    free(metadata.tags);
    return ok;
}

bool
wxs_message_store(const wxs_message *message, int64_t account, wxs_error *error)
{
    wxs_db *db = wxs_write_begin(WXS_DB_EVENTS, error);

    if (db == NULL)
        return false;
    if (wxs_message_insert(db, message, account, error))
        return wxs_write_commit(db, error);
    wxs_write_abort(db);
    return false;
}
