#include "issued.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "renewal.h"

#define CONTEXT_TEXT 300
#define AT_ONCE      100 /* rows a transaction */

static void
make_context(const char *host, char context[CONTEXT_TEXT])
{
    (void)snprintf(context, CONTEXT_TEXT, "waxseal-tls-v1|%s", host);
}

bool
wxs_issued_open(wxs_issued *issued, const wxs_config *config, wxs_db *db,
                const wxs_seal_key *master, wxs_error *error)
{
    *issued = (wxs_issued){.db = db, .master = master};
    return wxs_config_path(config, "certs", issued->folder,
                           sizeof issued->folder) ||
           wxs_fail(error, "the path of %s is too long", config->dir);
}

static bool
is_leftover(const char *name)
{
    static const char suffix[] = ".new";
    size_t len = strlen(name);

    return len >= sizeof suffix - 1 &&
           strcmp(name + len - (sizeof suffix - 1), suffix) == 0;
}

bool
wxs_issued_prepare(const wxs_issued *issued, wxs_error *error)
{
    struct dirent *entry;
    DIR *folder;

    if (mkdir(issued->folder, 0750) != 0 && errno != EEXIST)
        return wxs_fail(error, "cannot create %s: %s", issued->folder,
                        strerror(errno));
    folder = opendir(issued->folder);
    if (folder == NULL)
        return wxs_fail(error, "cannot read %s: %s", issued->folder,
                        strerror(errno));
    while ((entry = readdir(folder)) != NULL)
        if (is_leftover(entry->d_name))
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    (void)closedir(folder);
    return true;
}

/* ---- files ---- */

static bool
write_file(const wxs_issued *issued, const char *host, int64_t generation,
           const uint8_t *data, size_t len, wxs_error *error)
{
    wxs_certificate_bundle bundle;
    wxs_status status = wxs_certificate_parse(data, len, &bundle);

    if (status == WXS_OK)
        status = wxs_certificate_write(issued->folder, host, strlen(host),
                                       (uint64_t)generation, &bundle);
    if (status == WXS_OK)
        return true;
    return wxs_fail(error, "cannot write the certificate of %s into %s: %s",
                    host, issued->folder,
                    status == WXS_IO ? strerror(errno)
                                     : wxs_status_text(status));
}

static bool
file_path(const wxs_issued *issued, const char *host, int64_t generation,
          char path[WXS_CERTIFICATE_PATH_MAX])
{
    return wxs_certificate_path(issued->folder, host, strlen(host),
                                (uint64_t)generation, path,
                                WXS_CERTIFICATE_PATH_MAX) == WXS_OK;
}

/* ---- a new certificate ---- */

static bool
replace_old(wxs_db *db, const char *host, int64_t now, wxs_error *error)
{
    static const char sql[] = "UPDATE certificates SET replaced_at = ?2 "
                              "WHERE host = ?1 AND replaced_at IS NULL";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL)
        return false;
    sqlite3_bind_text(update, 1, host, -1, SQLITE_STATIC);
    sqlite3_bind_int64(update, 2, now);
    return wxs_db_run(db, update, error);
}

static bool
insert(wxs_db *db, const char *host, const wxs_chain_file *chain,
       const uint8_t *sealed, int64_t now, int64_t *generation,
       wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO certificates (host, sealed, issuer, not_before, "
        "not_after, issued_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    sqlite3_stmt *put = wxs_db_prepare(db, sql, error);

    if (put == NULL)
        return false;
    sqlite3_bind_text(put, 1, host, -1, SQLITE_STATIC);
    sqlite3_bind_blob(put, 2, sealed, (int)(chain->len + WXS_SEAL_OVERHEAD),
                      SQLITE_STATIC);
    sqlite3_bind_text(put, 3, chain->issuer, -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 4, chain->not_before);
    sqlite3_bind_int64(put, 5, chain->not_after);
    sqlite3_bind_int64(put, 6, now);
    if (!wxs_db_run(db, put, error))
        return false;
    *generation = wxs_db_last_id(db);
    return true;
}

static int64_t
renew_at(const wxs_chain_file *chain, int64_t now)
{
    uint32_t chance = 0;

    /* only spreads hosts over time; a failure means no spread */
    (void)!getrandom(&chance, sizeof chance, 0);
    return wxs_renewal_at(chain->not_before, chain->not_after, now, chance);
}

/* Within a transaction: a file whose row is not committed is written over by
 * the next one of its generation, and served by nobody before. */
static bool
put(const wxs_issued *issued, const wxs_order *order,
    const wxs_chain_file *chain, const uint8_t *sealed, int64_t now,
    wxs_error *error)
{
    int64_t generation = 0;

    return replace_old(issued->db, order->host, now, error) &&
           insert(issued->db, order->host, chain, sealed, now, &generation,
                  error) &&
           write_file(issued, order->host, generation, chain->data, chain->len,
                      error) &&
           wxs_hosts_issued(issued->db, order, generation, chain->not_after,
                            renew_at(chain, now), now, error);
}

bool
wxs_issued_put(const wxs_issued *issued, const wxs_order *order,
               const wxs_chain_file *chain, int64_t now, wxs_error *error)
{
    uint8_t *sealed = malloc(chain->len + WXS_SEAL_OVERHEAD);
    char context[CONTEXT_TEXT];
    bool ok;

    if (sealed == NULL)
        return wxs_fail(error, "out of memory");
    make_context(order->host, context);
    ok = wxs_seal(issued->master, context, chain->data, chain->len, sealed,
                  error) &&
         wxs_db_begin(issued->db, error);
    if (ok) {
        ok = put(issued, order, chain, sealed, now, error) &&
             wxs_db_commit(issued->db, error);
        if (!ok)
            wxs_db_rollback(issued->db);
    }
    free(sealed);
    return ok;
}

/* ---- files that are missing ---- */

/* The row: host, generation, sealed. */
static bool
restore_row(const wxs_issued *issued, sqlite3_stmt *row, size_t *count,
            wxs_error *error)
{
    const char *host = (const char *)sqlite3_column_text(row, 0);
    int64_t generation = sqlite3_column_int64(row, 1);
    char path[WXS_CERTIFICATE_PATH_MAX], context[CONTEXT_TEXT];
    int sealed_len = sqlite3_column_bytes(row, 2);
    uint8_t *data;
    size_t len;
    bool ok;

    if (host == NULL || !file_path(issued, host, generation, path) ||
        access(path, F_OK) == 0)
        return true;
    if (sealed_len <= WXS_SEAL_OVERHEAD)
        return wxs_fail(error, "the certificate of %s is damaged", host);
    len = (size_t)sealed_len - WXS_SEAL_OVERHEAD;
    data = malloc(len);
    if (data == NULL)
        return wxs_fail(error, "out of memory");
    make_context(host, context);
    ok = wxs_unseal(issued->master, context, sqlite3_column_blob(row, 2),
                    (size_t)sealed_len, data, error) &&
         write_file(issued, host, generation, data, len, error);
    OPENSSL_cleanse(data, len);
    free(data);
    *count += ok;
    return ok;
}

bool
wxs_issued_restore(const wxs_issued *issued, size_t *count, wxs_error *error)
{
    static const char sql[] =
        "SELECT c.host, c.generation, c.sealed FROM certificate_hosts h "
        "JOIN certificates c ON c.generation = h.generation";
    sqlite3_stmt *row = wxs_db_prepare(issued->db, sql, error);
    int more;

    *count = 0;
    if (row == NULL)
        return false;
    while ((more = wxs_db_step(issued->db, row, error)) == 1) {
        wxs_error reason;

        if (!restore_row(issued, row, count, &reason))
            wxs_log(WXS_LOG_ERROR, "a certificate cannot be served", "reason",
                    reason.text, NULL);
    }
    wxs_db_done(row);
    return more >= 0;
}

/* ---- certificates that were replaced ---- */

static bool
remove_row(const wxs_issued *issued, int64_t generation, wxs_error *error)
{
    static const char sql[] = "DELETE FROM certificates WHERE generation = ?1";
    sqlite3_stmt *statement = wxs_db_prepare(issued->db, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, generation);
    return wxs_db_run(issued->db, statement, error);
}

/* Reads up to AT_ONCE rows and removes their files. */
static bool
remove_files(const wxs_issued *issued, int64_t before,
             int64_t generations[AT_ONCE], size_t *count, wxs_error *error)
{
    static const char sql[] = "SELECT generation, host FROM certificates "
                              "WHERE replaced_at <= ?1 LIMIT ?2";
    sqlite3_stmt *row = wxs_db_prepare(issued->db, sql, error);
    char path[WXS_CERTIFICATE_PATH_MAX];
    int more = 0;

    *count = 0;
    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, before);
    sqlite3_bind_int(row, 2, AT_ONCE);
    while (*count < AT_ONCE &&
           (more = wxs_db_step(issued->db, row, error)) == 1) {
        const char *host = (const char *)sqlite3_column_text(row, 1);

        generations[*count] = sqlite3_column_int64(row, 0);
        if (host != NULL && file_path(issued, host, generations[*count], path))
            (void)unlink(path);
        ++*count;
    }
    wxs_db_done(row);
    return more >= 0;
}

bool
wxs_issued_forget(const wxs_issued *issued, int64_t before, wxs_error *error)
{
    int64_t generations[AT_ONCE];
    size_t count;
    bool ok = true;

    if (!remove_files(issued, before, generations, &count, error))
        return false;
    if (count == 0)
        return true;
    if (!wxs_db_begin(issued->db, error))
        return false;
    for (size_t i = 0; ok && i < count; i++)
        ok = remove_row(issued, generations[i], error);
    if (ok && wxs_db_commit(issued->db, error))
        return true;
    wxs_db_rollback(issued->db);
    return false;
}
