#include "first_account.h"

#include <limits.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "file.h"
#include "keys.h"
#include "uuid.h"

/* The prefix of DKIM selectors, so that two installations can sign for the
 * same domain. */
static bool
instance_insert(wxs_db *control, wxs_error *error)
{
    static const char sql[] =
        "INSERT OR IGNORE INTO instance (one, selector) VALUES (1, ?1)";
    uint8_t random[2];
    char selector[8];

    if (RAND_bytes(random, sizeof(random)) != 1)
        return wxs_fail(error, "the system gives no random numbers");
    (void)snprintf(selector, sizeof(selector), "wx%02x%02x", random[0],
                   random[1]);
    sqlite3_stmt *insert = wxs_db_prepare(control, sql, error);
    if (insert == NULL)
        return false;
    if (sqlite3_bind_text(insert, 1, selector, -1, SQLITE_STATIC) !=
        SQLITE_OK) {
        wxs_db_done(insert);
        return wxs_db_fail(control, error, "bind the selector");
    }
    return wxs_db_run(control, insert, error);
}

static bool
account_insert(wxs_db *control, wxs_error *error)
{
    static const char sql[] = "INSERT INTO accounts (id, name, created_at)"
                              " VALUES (?1, 'default', ?2)";
    uint8_t uuid[WXS_UUID_SIZE];
    char id[WXS_UUID_TEXT];

    if (!wxs_uuid_new(uuid))
        return wxs_fail(error, "the system gives no random numbers");
    wxs_uuid_format(uuid, id);
    sqlite3_stmt *insert = wxs_db_prepare(control, sql, error);
    if (insert == NULL)
        return false;
    if (sqlite3_bind_text(insert, 1, id, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_int64(insert, 2, wxs_now_us()) != SQLITE_OK) {
        wxs_db_done(insert);
        return wxs_db_fail(control, error, "bind an account");
    }
    return wxs_db_run(control, insert, error);
}

/* Takes the key from the file, or makes one and leaves it there. */
static bool
key_prepare(const char *dir, char key[WXS_API_KEY_TEXT],
            uint8_t hash[WXS_API_KEY_HASH], wxs_error *error)
{
    char path[PATH_MAX], line[WXS_API_KEY_TEXT + 1];

    if (!wxs_path_join(path, sizeof(path), dir, "/api.key", error))
        return false;
    if (wxs_file_exists(path)) {
        if (!wxs_file_read_line(path, key, WXS_API_KEY_TEXT, error))
            return false;
        return wxs_key_hash(key, hash) ||
               wxs_fail(error,
                        "%s does not hold an API key (re_, 8 characters, _, "
                        "24 characters): remove it to get a new one",
                        path);
    }
    if (!wxs_api_key_new(key, hash))
        return wxs_fail(error, "the system gives no random numbers");
    int len = snprintf(line, sizeof(line), "%s\n", key);
    return wxs_file_write(path, line, (size_t)len, 0600, WXS_FILE_NEW, error);
}

/* 1 if the database has an account, 0 if none, -1 error filled. */
static int
has_account(wxs_db *control, wxs_error *error)
{
    sqlite3_stmt *query =
        wxs_db_prepare(control, "SELECT 1 FROM accounts LIMIT 1", error);

    if (query == NULL)
        return -1;
    int row = wxs_db_step(control, query, error);
    wxs_db_done(query);
    return row;
}

bool
wxs_first_account(const char *dir, char api_key[WXS_API_KEY_TEXT],
                  wxs_error *error)
{
    uint8_t hash[WXS_API_KEY_HASH];
    wxs_db *control = NULL;
    bool ok = false;

    api_key[0] = '\0';
    if (!wxs_db_open(&control, dir, WXS_DB_CONTROL, WXS_DB_WRITE, error) ||
        !wxs_db_begin(control, error))
        goto out;
    int accounts = has_account(control, error);
    if (accounts < 0 || !instance_insert(control, error))
        goto out;
    if (accounts == 0 &&
        (!key_prepare(dir, api_key, hash, error) ||
         !account_insert(control, error) ||
         !wxs_key_insert(control, wxs_db_last_id(control), "default",
                         WXS_FULL_ACCESS, 0, hash, error)))
        goto out;
    ok = wxs_db_commit(control, error);
out:
    if (!ok && control != NULL)
        wxs_db_rollback(control);
    wxs_db_close(control);
    return ok;
}
