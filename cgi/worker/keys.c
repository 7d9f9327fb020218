#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "box.h"
#include "clock.h"
#include "db.h"
#include "dkim_pair.h"
#include "keys_retire.h"
#include "log.h"
#include "seal.h"
#include "uuid.h"
#include "worker.h"

#define POLL_MS  500
#define RETRY_MS 2000

/* A key as it goes into dkim_keys. */
struct dkim_key {
    char id[WXS_UUID_TEXT];
    char public_key[WXS_DKIM_PUBLIC_TEXT];
    uint8_t sealed[WXS_DKIM_PRIVATE_MAX + WXS_SEAL_OVERHEAD];
    size_t sealed_len;
};

static bool
make_key(const wxs_seal_key *master, struct dkim_key *key, wxs_error *error)
{
    char context[WXS_DKIM_CONTEXT_TEXT];
    uint8_t id[WXS_UUID_SIZE];
    wxs_dkim_pair pair;
    bool ok;

    if (!wxs_uuid_new(id))
        return wxs_fail(error, "the system has no randomness");
    wxs_uuid_format(id, key->id);
    if (!wxs_dkim_pair_rsa(&pair, error))
        return false;
    wxs_dkim_context(key->id, context);
    ok = wxs_seal(master, context, pair.private_key, pair.private_len,
                  key->sealed, error);
    key->sealed_len = pair.private_len + WXS_SEAL_OVERHEAD;
    memcpy(key->public_key, pair.public_key, sizeof pair.public_key);
    wxs_dkim_pair_clear(&pair);
    return ok;
}

static bool
store_key(wxs_db *control, const struct dkim_key *key, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO dkim_keys (id, algorithm, public_key, sealed, state, "
        "created_at) VALUES (?1, 'rsa-2048', ?2, ?3, 'pool', ?4)";
    sqlite3_stmt *statement;

    if (!wxs_db_begin(control, error))
        return false;
    statement = wxs_db_prepare(control, sql, error);
    if (statement != NULL) {
        sqlite3_bind_text(statement, 1, key->id, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, key->public_key, -1, SQLITE_STATIC);
        sqlite3_bind_blob(statement, 3, key->sealed, (int)key->sealed_len,
                          SQLITE_STATIC);
        sqlite3_bind_int64(statement, 4, wxs_now_us());
        if (wxs_db_run(control, statement, error) &&
            wxs_db_commit(control, error))
            return true;
    }
    wxs_db_rollback(control);
    return false;
}

/* Adds one key if the pool has fewer than it should; *added tells. */
static bool
add_key(wxs_db *control, const wxs_seal_key *master, int pool, bool *added,
        wxs_error *error)
{
    static const char sql[] =
        "SELECT count(*) FROM dkim_keys WHERE state = 'pool'";
    sqlite3_stmt *statement = wxs_db_prepare(control, sql, error);
    struct dkim_key key = {0};
    int row, ready;

    if (statement == NULL)
        return false;
    row = wxs_db_step(control, statement, error);
    ready = sqlite3_column_int(statement, 0);
    wxs_db_done(statement);
    *added = row == 1 && ready < pool;
    if (!*added)
        return row == 1;
    return make_key(master, &key, error) && store_key(control, &key, error);
}

static void
retire(const wxs_worker *worker, wxs_db *control)
{
    int64_t before = wxs_now_us() - worker->config->dkim.retire_after_ms * 1000;
    wxs_error error;

    if (!wxs_keys_retire(control, before, &error))
        wxs_log(WXS_LOG_ERROR, "cannot retire DKIM keys", "reason", error.text,
                NULL);
}

static void
fill(const wxs_worker *worker, wxs_db *control, const wxs_seal_key *master)
{
    int64_t version, seen = -1;
    int wait = 0;
    bool added;

    while (wxs_worker_sleep(worker, wait)) {
        wxs_error error;

        wait = POLL_MS;
        retire(worker, control);
        version = wxs_db_data_version(control);
        if (version == seen && version != -1)
            continue;
        if (!add_key(control, master, worker->config->dkim.pool, &added,
                     &error)) {
            wxs_log(WXS_LOG_ERROR, "cannot fill the pool of DKIM keys",
                    "reason", error.text, NULL);
            wait = RETRY_MS;
        } else if (added) {
            wait = 0;
        } else {
            seen = version;
        }
    }
}

void
wxs_keys_run(const wxs_worker *worker)
{
    wxs_seal_key master;
    wxs_db *control;
    wxs_error error;
    char path[512];

    /* making keys is the one long computation of the worker: it must not
     * delay the other threads */
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), 19) != 0)
        wxs_log(WXS_LOG_WARN, "cannot lower the priority", "task", "keys",
                NULL);
    if (!wxs_config_path(worker->config, "master.key", path, sizeof path))
        path[0] = '\0';
    if (!wxs_seal_key_load(&master, path, &error) ||
        !wxs_db_open(&control, worker->config->dir, WXS_DB_CONTROL,
                     WXS_DB_WRITE, &error) ||
        !wxs_box_key_publish(control, &master, &error))
        wxs_worker_fatal("keys", &error);
    fill(worker, control, &master);
    wxs_db_close(control);
    wxs_seal_key_clear(&master);
}
