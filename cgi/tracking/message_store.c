#include "message_store.h"

#include <stdlib.h>

#include "clock.h"
#include "service.h"

/* Texts may be NULL, and must live until the statement has run. */
struct metadata {
    const char *sender;
    const char *subject;
    char *recipients;
    char *tags;
};

static bool
insert_message(wxs_db *db, const uint8_t id[WXS_MESSAGE_ID_SIZE],
               int64_t account, int64_t domain, wxs_mode mode,
               const struct metadata *metadata, wxs_error *error)
{
    sqlite3_stmt *insert = wxs_db_prepare(
        db,
        "INSERT INTO messages (id, account, domain, created_at, sender, "
        "recipients, subject, tags, mode) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);

    if (insert == NULL)
        return false;
    sqlite3_bind_blob(insert, 1, id, WXS_MESSAGE_ID_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 2, account);
    sqlite3_bind_int64(insert, 3, domain);
    sqlite3_bind_int64(insert, 4, wxs_now_us());
    sqlite3_bind_text(insert, 5, metadata->sender, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 6, metadata->recipients, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 7, metadata->subject, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 8, metadata->tags, -1, SQLITE_STATIC);
    sqlite3_bind_int(insert, 9, (int)mode);
    return wxs_db_run(db, insert, error);
}

static bool
store(const uint8_t id[WXS_MESSAGE_ID_SIZE], int64_t account, int64_t domain,
      wxs_mode mode, const struct metadata *metadata, wxs_error *error)
{
    wxs_db *db = wxs_write_begin(WXS_DB_EVENTS, error);

    if (db == NULL)
        return false;
    if (insert_message(db, id, account, domain, mode, metadata, error))
        return wxs_write_commit(db, error);
    wxs_write_abort(db);
    return false;
}

/* JSON text of a value that may be absent; false without memory. */
static bool
dump(const json_t *value, char **text)
{
    *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);
    return value == NULL || *text != NULL;
}

bool
wxs_message_store(const uint8_t id[WXS_MESSAGE_ID_SIZE], int64_t account,
                  const wxs_tracking_domain *domain,
                  const wxs_message_request *message, wxs_error *error)
{
    struct metadata metadata = {
        .sender = message->from,
        .subject = message->subject,
    };
    bool ok = false;

    if (dump(message->to, &metadata.recipients) &&
        dump(message->tags, &metadata.tags))
        ok =
            store(id, account, domain->number, message->mode, &metadata, error);
    else
        wxs_fail(error, "out of memory while storing a message");
    free(metadata.recipients);
    free(metadata.tags);
    return ok;
}
