#ifndef WXS_TESTS_STATE_DIR_H
#define WXS_TESTS_STATE_DIR_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth.h"
#include "db.h"

/* A state directory of its own for each test, gone after it. */

static char state_dir[64];

__attribute__((unused)) static void
state_dir_make(void)
{
    snprintf(state_dir, sizeof(state_dir), "/tmp/waxseal-test-XXXXXX");
    if (mkdtemp(state_dir) == NULL)
        abort();
}

__attribute__((unused)) static void
state_dir_empty(const char *folder)
{
    char path[400];
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof(path), "%s/%s", state_dir, folder);
    dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s/%s", state_dir, folder,
                 entry->d_name);
        unlink(path);
    }
    if (dir != NULL)
        closedir(dir);
}

__attribute__((unused)) static void
state_dir_remove(void)
{
    char path[400];

    state_dir_empty("events");
    snprintf(path, sizeof(path), "%s/events", state_dir);
    rmdir(path);
    state_dir_empty(".");
    snprintf(path, sizeof(path), "%s/run/limits", state_dir);
    unlink(path);
    snprintf(path, sizeof(path), "%s/run", state_dir);
    rmdir(path);
    rmdir(state_dir);
}

/* Path of a file in it, good until the next call. */
__attribute__((unused)) static const char *
state_path(const char *name)
{
    static char path[108]; /* fits a socket address */

    snprintf(path, sizeof(path), "%s/%s", state_dir, name);
    return path;
}

__attribute__((unused)) static void
state_write(const char *name, const char *text)
{
    FILE *stream = fopen(state_path(name), "w");

    if (stream == NULL || fputs(text, stream) < 0 || fclose(stream) != 0)
        abort();
}

/* Runs SQL, which must work, on one of the databases. */
__attribute__((unused)) static void
state_sql(wxs_db_kind kind, const char *sql)
{
    wxs_db *db;
    wxs_error error;
    char *message = NULL;

    if (!wxs_db_open(&db, state_dir, kind, WXS_DB_WRITE, &error)) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    if (sqlite3_exec(wxs_db_handle(db), sql, NULL, NULL, &message) !=
        SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, message);
        abort();
    }
    wxs_db_close(db);
}

/* Makes a partition of the events that begins with this id, and runs SQL in it.
 */
__attribute__((unused)) static void
state_part(long long first_id, const char *before, const char *sql,
           const char *after)
{
    char path[108];
    wxs_db *db;
    wxs_error error;
    char *message = NULL, *all = sqlite3_mprintf("%s%s%s", before, sql, after);

    snprintf(path, sizeof(path), "%s/events", state_dir);
    if (mkdir(path, 0750) != 0 && errno != EEXIST)
        abort();
    snprintf(path, sizeof(path), "%s/events/%016llx.db", state_dir, first_id);
    if (!wxs_db_migrate_file(path, WXS_DB_PART, &error) ||
        !wxs_db_open_file(&db, path, WXS_DB_PART, WXS_DB_WRITE, &error)) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    if (sqlite3_exec(wxs_db_handle(db), all, NULL, NULL, &message) !=
        SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, message);
        abort();
    }
    sqlite3_free(all);
    wxs_db_close(db);
}

/* Stores a new key of the account with this id. */
__attribute__((unused)) static void
state_key(const char *id, int account, const char *permission,
          char key[WXS_API_KEY_TEXT])
{
    uint8_t hash[WXS_API_KEY_HASH];
    char hex[2 * WXS_API_KEY_HASH + 1];
    char sql[400];

    if (!wxs_api_key_new(key, hash))
        abort();
    for (size_t i = 0; i < sizeof(hash); i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    snprintf(sql, sizeof(sql),
             "INSERT INTO api_keys (id, account, name, permission, hash, "
             "created_at) VALUES ('%s', %d, 'test', '%s', x'%s', 1)",
             id, account, permission, hex);
    state_sql(WXS_DB_CONTROL, sql);
}

#endif
