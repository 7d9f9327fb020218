#include "table_links.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "service.h"
#include "table_read.h"

#define ATTEMPTS     8 /* to find an unused id among 2^48 */
#define WAIT_MS      3000
#define POLL_NS      5000000
#define LINK_ID_SIZE 6

static int
compare_urls(const void *a, const void *b)
{
    const wxs_table_entry *x = a;
    const wxs_table_entry *y = b;
    size_t len = x->url_len < y->url_len ? x->url_len : y->url_len;
    int order = memcmp(x->url, y->url, len);

    if (order != 0 || x->url_len == y->url_len)
        return order;
    return x->url_len < y->url_len ? -1 : 1;
}

static bool
random_id(uint64_t *id)
{
    uint8_t bytes[LINK_ID_SIZE];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    *id = 0;
    for (size_t i = 0; i < sizeof(bytes); i++)
        *id = *id << 8 | bytes[i];
    return true;
}

/* Distinguishes destinations in the index; their texts are compared too. */
static int64_t
hash_of(const wxs_table_entry *entry)
{
    uint8_t digest[EVP_MAX_MD_SIZE] = {0};
    uint64_t hash = 0;

    (void)EVP_Digest(entry->url, entry->url_len, digest, NULL, EVP_sha256(),
                     NULL);
    for (size_t i = 0; i < sizeof(hash); i++)
        hash = hash << 8 | digest[i];
    return (int64_t)hash;
}

/* The row that links to this destination share: 1 found, 0 not, -1 error. */
static int
find_link(wxs_db *db, int64_t domain, wxs_table_entry *entry, wxs_error *error)
{
    static const char sql[] =
        "SELECT l.id FROM shared_links s JOIN links l ON l.id = s.link "
        "WHERE s.domain = ?1 AND s.hash = ?2 AND l.url = ?3 "
        "AND l.killed_at IS NULL";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int step;

    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, domain);
    sqlite3_bind_int64(row, 2, hash_of(entry));
    sqlite3_bind_text(row, 3, entry->url, (int)entry->url_len, SQLITE_STATIC);
    step = wxs_db_step(db, row, error);
    if (step == 1)
        entry->id = (uint64_t)sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return step;
}

static bool
insert_link(wxs_db *db, int64_t domain, int64_t now, wxs_table_entry *entry,
            wxs_error *error)
{
    sqlite3_stmt *insert;

    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (!random_id(&entry->id))
            return wxs_fail(error, "the system gives no random bytes");
        insert =
            wxs_db_prepare(db,
                           "INSERT INTO links (id, domain, url, created_at) "
                           "VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                           error);
        if (insert == NULL)
            return false;
        sqlite3_bind_int64(insert, 1, (int64_t)entry->id);
        sqlite3_bind_int64(insert, 2, domain);
        sqlite3_bind_text(insert, 3, entry->url, (int)entry->url_len,
                          SQLITE_STATIC);
        sqlite3_bind_int64(insert, 4, now);
        if (!wxs_db_run(db, insert, error))
            return false;
        if (wxs_db_changes(db) == 1)
            return true;
    }
    return wxs_fail(error, "no unused id for a link was found");
}

/* Lets further links to the same place find the row. */
static bool
share_link(wxs_db *db, int64_t domain, const wxs_table_entry *entry,
           wxs_error *error)
{
    sqlite3_stmt *insert = wxs_db_prepare(
        db, "INSERT INTO shared_links (domain, hash, link) VALUES (?, ?, ?)",
        error);

    if (insert == NULL)
        return false;
    sqlite3_bind_int64(insert, 1, domain);
    sqlite3_bind_int64(insert, 2, hash_of(entry));
    sqlite3_bind_int64(insert, 3, (int64_t)entry->id);
    return wxs_db_run(db, insert, error);
}

/* Finds or makes the rows; *made counts the new ones. */
static bool
take_links(wxs_db *db, int64_t domain, wxs_table_entry *entries, size_t count,
           size_t *made, wxs_error *error)
{
    int64_t now = wxs_now_us();

    *made = 0;
    for (size_t i = 0; i < count; i++) {
        int found = 1;

        if (i > 0 && compare_urls(&entries[i - 1], &entries[i]) == 0)
            entries[i].id = entries[i - 1].id;
        else
            found = find_link(db, domain, &entries[i], error);
        if (found < 0 ||
            (found == 0 && (!insert_link(db, domain, now, &entries[i], error) ||
                            !share_link(db, domain, &entries[i], error))))
            return false;
        *made += found == 0;
    }
    return true;
}

bool
wxs_table_links_store(int64_t domain, wxs_table_entry *entries, size_t count,
                      wxs_error *error)
{
    wxs_db *db;
    size_t made;
    bool ok;

    qsort(entries, count, sizeof(entries[0]), compare_urls);
    db = wxs_write_begin(WXS_DB_CONTROL, error);
    if (db == NULL)
        return false;
    ok = take_links(db, domain, entries, count, &made, error);
    if (ok && made > 0)
        return wxs_write_commit(db, error);
    wxs_write_abort(db);
    return ok;
}

/* How many of the entries, from the first on, the table has. */
static size_t
count_present(const wxs_table *table, int64_t domain,
              const wxs_table_entry *entries, size_t count)
{
    wxs_table_link link;
    size_t i;

    for (i = 0; i < count; i++)
        if (wxs_table_find_link(table, entries[i].id, &link) != WXS_OK ||
            link.domain != domain || link.url_len != entries[i].url_len ||
            memcmp(link.url, entries[i].url, link.url_len) != 0)
            break;
    return i;
}

bool
wxs_table_links_wait(const wxs_config *config, int64_t domain,
                     const wxs_table_entry *entries, size_t count)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};
    int64_t deadline = wxs_monotonic_ms() + WAIT_MS;
    char path[sizeof(config->dir) + 16];
    wxs_table table;
    bool open = false;
    size_t present = 0;

    if (!wxs_config_path(config, "table.wxt", path, sizeof(path)))
        return false;
    for (;;) {
        if (open && wxs_table_superseded(&table)) {
            wxs_table_close(&table);
            open = false;
        }
        if (!open)
            open = wxs_table_open(&table, path) == WXS_OK;
        if (open)
            present += count_present(&table, domain, entries + present,
                                     count - present);
        if (present == count || wxs_monotonic_ms() >= deadline)
            break;
        nanosleep(&pause, NULL);
    }
    if (open)
        wxs_table_close(&table);
    return present == count;
}
