#include "event_store.h"

#include <string.h>

#include "part_list.h"

/* The partitions of an event store: which one is open, its transactions, and
 * changes to what is already in them. */

bool
wxs_event_store_open(wxs_event_store *store, const char *dir, wxs_error *error)
{
    wxs_db_close(store->former);
    store->former = NULL;
    if (!wxs_partition_open(&store->part, dir, error) ||
        !wxs_texts_begin(&store->texts, store->part.db, error))
        return false;
    store->version = wxs_db_data_version(store->part.db);
    return true;
}

void
wxs_event_store_close(wxs_event_store *store)
{
    wxs_db_close(store->former);
    store->former = NULL;
    wxs_partition_close(&store->part);
}

bool
wxs_event_store_switch(wxs_event_store *store, int64_t events, int64_t ms,
                       wxs_error *error)
{
    int64_t former = store->part.first_id;

    if (!wxs_partition_switch(&store->part, events, ms, error))
        return false;
    if (store->part.first_id == former)
        return true;
    wxs_db_close(store->former);
    store->former = NULL;
    store->former_id = former;
    store->version = wxs_db_data_version(store->part.db);
    return wxs_texts_begin(&store->texts, store->part.db, error);
}

/* Another connection has changed the partition: texts may be gone with the
 * events of a message that was erased. */
bool
wxs_event_store_begin(wxs_event_store *store, wxs_error *error)
{
    int64_t version, next_text = store->texts.next_id;

    if (!wxs_db_begin(store->part.db, error))
        return false;
    version = wxs_db_data_version(store->part.db);
    if (version == store->version)
        return true;
    store->version = version;
    if (!wxs_texts_begin(&store->texts, store->part.db, error) ||
        !wxs_run_load(&store->part.run, store->part.db, store->part.first_id,
                      error))
        return false;
    /* the finalizer may still know ids of texts that are gone */
    if (store->texts.next_id < next_text)
        store->texts.next_id = next_text;
    return true;
}

bool
wxs_event_store_commit(wxs_event_store *store, wxs_error *error)
{
    return wxs_db_commit(store->part.db, error);
}

/* ---- labels ---- */

static bool
insert_text(wxs_db *part, const char *text, int64_t *id, wxs_error *error)
{
    static const char sql[] = "INSERT INTO texts (text) VALUES (?1)";
    sqlite3_stmt *insert = wxs_db_prepare(part, sql, error);

    if (insert == NULL)
        return false;
    sqlite3_bind_text(insert, 1, text, -1, SQLITE_STATIC);
    if (!wxs_db_run(part, insert, error))
        return false;
    *id = wxs_db_last_id(part);
    return true;
}

/* reason is the id of a text. */
static bool
update(wxs_db *part, int64_t id, wxs_judgement judgement, int64_t reason,
       wxs_error *error)
{
    static const char sql[] = "UPDATE events SET verdict = ?2, certainty = ?3, "
                              "reason = ?4 WHERE id = ?1";
    sqlite3_stmt *statement = wxs_db_prepare(part, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int(statement, 2, (int)judgement.verdict);
    sqlite3_bind_int(statement, 3, judgement.certainty);
    sqlite3_bind_int64(statement, 4, reason);
    return wxs_db_run(part, statement, error);
}

static bool
relabel_newest(wxs_event_store *store, int64_t id, wxs_judgement judgement,
               wxs_error *error)
{
    const char *text = wxs_reason_name(judgement.reason);
    int64_t reason;

    return wxs_texts_id(&store->texts, store->part.db, text, strlen(text),
                        &reason, error) &&
           update(store->part.db, id, judgement, reason, error);
}

static bool
open_former(wxs_event_store *store, wxs_error *error)
{
    char path[WXS_PART_PATH];

    return store->former != NULL ||
           (wxs_part_path(store->part.dir, store->former_id, path, error) &&
            wxs_db_open_file(&store->former, path, WXS_DB_PART, WXS_DB_WRITE,
                             error));
}

static bool
relabel_former(wxs_event_store *store, int64_t id, wxs_judgement judgement,
               wxs_error *error)
{
    int64_t reason;

    if (!open_former(store, error) || !wxs_db_begin(store->former, error))
        return false;
    if (insert_text(store->former, wxs_reason_name(judgement.reason), &reason,
                    error) &&
        update(store->former, id, judgement, reason, error) &&
        wxs_db_commit(store->former, error))
        return true;
    wxs_db_rollback(store->former);
    return false;
}

bool
wxs_event_store_relabel(wxs_event_store *store, int64_t id,
                        wxs_judgement judgement, wxs_error *error)
{
    if (id <= store->closed_id)
        return true;
    if (id >= store->part.first_id)
        return relabel_newest(store, id, judgement, error);
    return store->former_id == 0 || id < store->former_id ||
           relabel_former(store, id, judgement, error);
}
