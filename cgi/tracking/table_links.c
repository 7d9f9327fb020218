#include "table_links.h"

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

static bool
insert_links(wxs_db *db, int64_t domain, wxs_table_entry *entries, size_t count,
             wxs_error *error)
{
    int64_t now = wxs_now_us();

    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare_urls(&entries[i - 1], &entries[i]) == 0)
            entries[i].id = entries[i - 1].id;
        else if (!insert_link(db, domain, now, &entries[i], error))
            return false;
    }
    return true;
}

bool
wxs_table_links_store(int64_t domain, wxs_table_entry *entries, size_t count,
                      wxs_error *error)
{
    wxs_db *db;

    qsort(entries, count, sizeof(entries[0]), compare_urls);
    db = wxs_write_begin(WXS_DB_CONTROL, error);
    if (db == NULL)
        return false;
    if (insert_links(db, domain, entries, count, error))
        return wxs_write_commit(db, error);
    wxs_write_abort(db);
    return false;
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
