#include "erase.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "uuid.h"

#define AT_ONCE   500              /* messages */
#define AGE_US    INT64_C(1000000) /* what came before is collected by then */
#define EMAIL_MAX 320

/* A row of erasures. */
struct erasure {
    int64_t number;
    int64_t account;
    bool by_message;
    wxs_message_id message;
    char recipient[EMAIL_MAX + 1];
};

bool
wxs_erase_settle(wxs_db *db, wxs_error *error)
{
    return sqlite3_wal_checkpoint_v2(wxs_db_handle(db), NULL,
                                     SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                     NULL) == SQLITE_OK ||
           wxs_db_fail(db, error, "a log cannot be emptied");
}

/* ---- what is to be done ---- */

static int
next_erasure(wxs_db *events, struct erasure *erasure, wxs_error *error)
{
    static const char sql[] =
        "SELECT number, account, message, recipient FROM erasures "
        "WHERE done_at IS NULL AND requested_at <= ?1 ORDER BY number LIMIT 1";
    sqlite3_stmt *row = wxs_db_prepare(events, sql, error);
    const char *recipient;
    int found;

    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, wxs_now_us() - AGE_US);
    found = wxs_db_step(events, row, error);
    if (found == 1) {
        *erasure =
            (struct erasure){.number = sqlite3_column_int64(row, 0),
                             .account = sqlite3_column_int64(row, 1),
                             .by_message = sqlite3_column_bytes(row, 2) ==
                                           sizeof erasure->message.id};
        recipient = (const char *)sqlite3_column_text(row, 3);
        if (erasure->by_message)
            memcpy(erasure->message.id, sqlite3_column_blob(row, 2),
                   sizeof erasure->message.id);
        else if (recipient != NULL && strlen(recipient) <= EMAIL_MAX)
            strcpy(erasure->recipient, recipient);
    }
    wxs_db_done(row);
    return found;
}

/* Messages to the address, alone or as "Name <address>". */
static bool
find_messages(wxs_db *events, const struct erasure *erasure,
              wxs_message_id *message, size_t *count, wxs_error *error)
{
    static const char sql[] =
        "SELECT id FROM messages WHERE account = ?1 "
        "AND instr(lower(recipients), lower(?2)) > 0 AND EXISTS "
        "(SELECT 1 FROM json_each(recipients) WHERE lower(value) = lower(?2) "
        "OR lower(value) LIKE '%<' || replace(replace(replace(lower(?2), '\\', "
        "'\\\\'), '%', '\\%'), '_', '\\_') || '>' ESCAPE '\\') LIMIT ?3";
    sqlite3_stmt *row = wxs_db_prepare(events, sql, error);
    int more = 0;

    *count = 0;
    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, erasure->account);
    sqlite3_bind_text(row, 2, erasure->recipient, -1, SQLITE_STATIC);
    sqlite3_bind_int(row, 3, AT_ONCE);
    while ((more = wxs_db_step(events, row, error)) == 1)
        memcpy(message[(*count)++].id, sqlite3_column_blob(row, 0),
               sizeof message->id);
    wxs_db_done(row);
    return more >= 0;
}

/* ---- events.db ---- */

static bool
run_for_message(wxs_db *events, const char *sql, const wxs_message_id *message,
                int64_t account, wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(events, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_blob(statement, 1, message->id, sizeof message->id,
                      SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, account);
    return wxs_db_run(events, statement, error);
}

static bool
delete_message(wxs_db *events, const wxs_message_id *message, int64_t account,
               int64_t *deleted, wxs_error *error)
{
    static const char links[] =
        "DELETE FROM message_links WHERE message = ?1 AND EXISTS "
        "(SELECT 1 FROM messages WHERE id = ?1 AND account = ?2)";
    static const char row[] =
        "DELETE FROM messages WHERE id = ?1 AND account = ?2";

    if (!run_for_message(events, links, message, account, error) ||
        !run_for_message(events, row, message, account, error))
        return false;
    *deleted += wxs_db_changes(events);
    return true;
}

static bool
note_progress(wxs_db *events, const struct erasure *erasure, int64_t messages,
              int64_t deleted_events, int64_t deliveries, wxs_error *error)
{
    static const char sql[] =
        "UPDATE erasures SET messages = coalesce(messages, 0) + ?2, "
        "events = coalesce(events, 0) + ?3, "
        "deliveries = coalesce(deliveries, 0) + ?4 WHERE number = ?1";
    sqlite3_stmt *update = wxs_db_prepare(events, sql, error);

    if (update == NULL)
        return false;
    sqlite3_bind_int64(update, 1, erasure->number);
    sqlite3_bind_int64(update, 2, messages);
    sqlite3_bind_int64(update, 3, deleted_events);
    sqlite3_bind_int64(update, 4, deliveries);
    return wxs_db_run(events, update, error);
}

/* Last of all of a message: as long as its row is there it is found again. */
static bool
delete_messages(wxs_db *events, const struct erasure *erasure,
                const wxs_message_id *message, size_t count,
                int64_t deleted_events, int64_t deliveries, wxs_error *error)
{
    int64_t deleted = 0;
    bool ok = wxs_db_begin(events, error);

    for (size_t i = 0; ok && i < count; i++)
        ok = delete_message(events, &message[i], erasure->account, &deleted,
                            error);
    ok = ok &&
         note_progress(events, erasure, deleted, deleted_events, deliveries,
                       error) &&
         wxs_db_commit(events, error);
    if (!ok)
        wxs_db_rollback(events);
    return ok;
}

static bool
finish(wxs_db *events, const char *dir, const struct erasure *erasure,
       wxs_error *error)
{
    static const char sql[] = "UPDATE erasures SET done_at = ?2, message = "
                              "NULL, recipient = NULL WHERE number = ?1";
    sqlite3_stmt *update;

    if (!erasure->by_message && erasure->recipient[0] != '\0' &&
        !wxs_erase_requests(dir, erasure->account, erasure->recipient, error))
        return false;
    update = wxs_db_prepare(events, sql, error);
    if (update == NULL)
        return false;
    sqlite3_bind_int64(update, 1, erasure->number);
    sqlite3_bind_int64(update, 2, wxs_now_us());
    return wxs_db_run(events, update, error) && wxs_erase_settle(events, error);
}

/* ---- an erasure ---- */

static bool
erase_requests(const char *dir, int64_t account, const wxs_message_id *message,
               size_t count, wxs_error *error)
{
    char text[WXS_UUID_TEXT];

    for (size_t i = 0; i < count; i++) {
        wxs_uuid_format(message[i].id, text);
        if (!wxs_erase_requests(dir, account, text, error))
            return false;
    }
    return true;
}

/* Events go first: what the finalizer and the webhooks have read of them before
 * is deleted after. */
static bool
erase_messages(wxs_db *events, const char *dir, const struct erasure *erasure,
               const wxs_message_id *message, size_t count, bool *waiting,
               wxs_error *error)
{
    wxs_erased_events erased = {NULL, 0, 0};
    int64_t deliveries = 0;
    bool ok =
        wxs_erase_events(dir, erasure->account, message, count, &erased,
                         error) &&
        wxs_erase_counts(dir, erasure->account, message, count, &erased,
                         error) &&
        wxs_erase_deliveries(dir, erasure->account, message, count, &deliveries,
                             waiting, error) &&
        erase_requests(dir, erasure->account, message, count, error) &&
        (*waiting ? note_progress(events, erasure, 0, (int64_t)erased.count,
                                  deliveries, error)
                  : delete_messages(events, erasure, message, count,
                                    (int64_t)erased.count, deliveries, error));

    free(erased.event);
    return ok;
}

static bool
carry_out(wxs_db *events, const char *dir, const struct erasure *erasure,
          bool *more, wxs_error *error)
{
    wxs_message_id *message = calloc(AT_ONCE, sizeof *message);
    bool waiting = false, ok = message != NULL;
    size_t count = 1;

    if (!ok)
        (void)wxs_fail(error, "out of memory");
    if (ok && erasure->by_message)
        message[0] = erasure->message;
    else if (ok)
        ok = find_messages(events, erasure, message, &count, error);
    if (ok && count > 0)
        ok = erase_messages(events, dir, erasure, message, count, &waiting,
                            error);
    if (ok && !waiting && count < AT_ONCE) {
        ok = finish(events, dir, erasure, error);
        if (ok)
            wxs_log(WXS_LOG_INFO, "erased what was asked for", NULL);
    }
    *more = ok && !waiting;
    free(message);
    return ok;
}

bool
wxs_erase(const char *dir, bool *more, wxs_error *error)
{
    struct erasure erasure;
    wxs_db *events = NULL;
    int found;
    bool ok;

    *more = false;
    if (!wxs_db_open(&events, dir, WXS_DB_EVENTS, WXS_DB_WRITE, error))
        return false;
    found = next_erasure(events, &erasure, error);
    ok = found == 0 ||
         (found == 1 && carry_out(events, dir, &erasure, more, error));
    wxs_db_close(events);
    return ok;
}
