#include "rollups.h"

#define SUMS "total, human, proxy, machine, uniques, unique_humans"
#define ADD                                                                    \
    "SET total = total + ?1, human = human + ?2, proxy = proxy + ?3, "         \
    "machine = machine + ?4, uniques = uniques + ?5, "                         \
    "unique_humans = unique_humans + ?6 "

/* How many rows a domain has in a table for a day: known once it was asked. */
struct day_rows {
    wxs_tally_key key; /* account, domain and span count */
    bool known;
    int64_t rows;
};

static void
bind_sums(sqlite3_stmt *statement, const wxs_tally *tally)
{
    sqlite3_bind_int64(statement, 1, tally->total);
    sqlite3_bind_int64(statement, 2, tally->human);
    sqlite3_bind_int64(statement, 3, tally->proxy);
    sqlite3_bind_int64(statement, 4, tally->machine);
    sqlite3_bind_int64(statement, 5, tally->uniques);
    sqlite3_bind_int64(statement, 6, tally->unique_humans);
    sqlite3_bind_int64(statement, 7, tally->key.account);
    sqlite3_bind_int64(statement, 8, tally->key.domain);
    sqlite3_bind_int64(statement, 9, tally->key.span);
}

/* ---- hours ---- */

static bool
add_hour(wxs_db *counts, const wxs_tally *tally, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO rollup_hours (" SUMS ", account, domain, hour, type) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
        "ON CONFLICT DO UPDATE " ADD;
    sqlite3_stmt *upsert = wxs_db_prepare(counts, sql, error);

    if (upsert == NULL)
        return false;
    bind_sums(upsert, tally);
    sqlite3_bind_int64(upsert, 10, tally->key.type);
    return wxs_db_run(counts, upsert, error);
}

bool
wxs_rollup_hours(wxs_db *counts, const wxs_tallies *hours, wxs_error *error)
{
    for (size_t i = 0; i < hours->count; i++)
        if (!add_hour(counts, &hours->tally[i], error))
            return false;
    return true;
}

/* ---- a limit of rows a day ---- */

/* Is there room for one more row of the tally's day? */
static bool
has_room(wxs_db *counts, const char *sql, const wxs_tally *tally,
         struct day_rows *day, bool *room, wxs_error *error)
{
    const wxs_tally_key *key = &tally->key;
    sqlite3_stmt *row;
    int found = 1;

    if (!day->known || day->key.account != key->account ||
        day->key.domain != key->domain || day->key.span != key->span) {
        row = wxs_db_prepare(counts, sql, error);
        if (row == NULL)
            return false;
        sqlite3_bind_int64(row, 1, key->account);
        sqlite3_bind_int64(row, 2, key->domain);
        sqlite3_bind_int64(row, 3, key->span);
        found = wxs_db_step(counts, row, error);
        *day = (struct day_rows){*key, found == 1,
                                 found == 1 ? sqlite3_column_int64(row, 0) : 0};
        wxs_db_done(row);
    }
    *room = day->rows < WXS_ITEMS_A_DAY;
    day->rows += *room;
    return found == 1;
}

/* ---- links ---- */

static bool
update_link(wxs_db *counts, const wxs_tally *tally, bool *done,
            wxs_error *error)
{
    static const char sql[] =
        "UPDATE rollup_links " ADD "WHERE account = ?7 AND domain = ?8 "
        "AND day = ?9 AND link = ?10";
    sqlite3_stmt *update = wxs_db_prepare(counts, sql, error);

    if (update == NULL)
        return false;
    bind_sums(update, tally);
    sqlite3_bind_int64(update, 10, tally->key.item);
    if (!wxs_db_run(counts, update, error))
        return false;
    *done = wxs_db_changes(counts) > 0;
    return true;
}

static bool
upsert_link(wxs_db *counts, const wxs_tally *tally, int64_t link,
            wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO rollup_links (" SUMS ", account, domain, day, link) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
        "ON CONFLICT DO UPDATE " ADD;
    sqlite3_stmt *upsert = wxs_db_prepare(counts, sql, error);

    if (upsert == NULL)
        return false;
    bind_sums(upsert, tally);
    sqlite3_bind_int64(upsert, 10, link);
    return wxs_db_run(counts, upsert, error);
}

static bool
insert_url(wxs_db *counts, const wxs_tally_key *key, sqlite3_stmt *text,
           wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO links (id, url, last_day) VALUES (?1, ?2, ?3) "
        "ON CONFLICT DO UPDATE SET last_day = excluded.last_day "
        "WHERE last_day < excluded.last_day";
    sqlite3_stmt *insert = wxs_db_prepare(counts, sql, error);

    if (insert == NULL)
        return false;
    sqlite3_bind_int64(insert, 1, key->item);
    sqlite3_bind_text(insert, 2, (const char *)sqlite3_column_text(text, 0),
                      sqlite3_column_bytes(text, 0), SQLITE_TRANSIENT);
    sqlite3_bind_int64(insert, 3, key->span);
    return wxs_db_run(counts, insert, error);
}

static bool
keep_url(wxs_db *counts, wxs_db *part, const wxs_tally *tally, wxs_error *error)
{
    static const char sql[] = "SELECT text FROM texts WHERE id = ?1";
    sqlite3_stmt *text = wxs_db_prepare(part, sql, error);
    int found;
    bool ok;

    if (text == NULL)
        return false;
    sqlite3_bind_int64(text, 1, tally->of.text);
    found = wxs_db_step(part, text, error);
    ok = found == 0 ||
         (found == 1 && insert_url(counts, &tally->key, text, error));
    wxs_db_done(text);
    return ok;
}

static bool
add_link(wxs_db *counts, wxs_db *part, const wxs_tally *tally,
         struct day_rows *day, wxs_error *error)
{
    static const char count[] = "SELECT count(*) FROM rollup_links WHERE "
                                "account = ?1 AND domain = ?2 AND day = ?3";
    bool done, room;

    if (!update_link(counts, tally, &done, error))
        return false;
    if (done)
        return true;
    if (!has_room(counts, count, tally, day, &room, error))
        return false;
    return upsert_link(counts, tally, room ? tally->key.item : 0, error) &&
           (!room || keep_url(counts, part, tally, error));
}

bool
wxs_rollup_links(wxs_db *counts, wxs_db *part, wxs_tallies *links,
                 wxs_error *error)
{
    struct day_rows day = {.known = false};

    wxs_tallies_sort(links);
    for (size_t i = 0; i < links->count; i++)
        if (!add_link(counts, part, &links->tally[i], &day, error))
            return false;
    return true;
}

/* ---- tags ---- */

static void
bind_tag(sqlite3_stmt *statement, const wxs_tally *tally, const char *name,
         const char *value)
{
    bind_sums(statement, tally);
    sqlite3_bind_text(statement, 10, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 11, value, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 12, tally->key.type);
}

static bool
update_tag(wxs_db *counts, const wxs_tally *tally, bool *done, wxs_error *error)
{
    static const char sql[] =
        "UPDATE rollup_tags " ADD "WHERE account = ?7 AND domain = ?8 "
        "AND day = ?9 AND name = ?10 AND value = ?11 AND type = ?12";
    sqlite3_stmt *update = wxs_db_prepare(counts, sql, error);

    if (update == NULL)
        return false;
    bind_tag(update, tally, tally->of.tag->name, tally->of.tag->value);
    if (!wxs_db_run(counts, update, error))
        return false;
    *done = wxs_db_changes(counts) > 0;
    return true;
}

static bool
upsert_tag(wxs_db *counts, const wxs_tally *tally, bool room, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO rollup_tags (" SUMS
        ", account, domain, day, name, value, type) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
        "ON CONFLICT DO UPDATE " ADD;
    sqlite3_stmt *upsert = wxs_db_prepare(counts, sql, error);

    if (upsert == NULL)
        return false;
    bind_tag(upsert, tally, room ? tally->of.tag->name : "",
             room ? tally->of.tag->value : "");
    return wxs_db_run(counts, upsert, error);
}

static bool
add_tag(wxs_db *counts, const wxs_tally *tally, struct day_rows *day,
        wxs_error *error)
{
    static const char count[] = "SELECT count(*) FROM rollup_tags WHERE "
                                "account = ?1 AND domain = ?2 AND day = ?3";
    bool done, room;

    if (!update_tag(counts, tally, &done, error))
        return false;
    if (done)
        return true;
    return has_room(counts, count, tally, day, &room, error) &&
           upsert_tag(counts, tally, room, error);
}

bool
wxs_rollup_tags(wxs_db *counts, wxs_tallies *tags, wxs_error *error)
{
    struct day_rows day = {.known = false};

    wxs_tallies_sort(tags);
    for (size_t i = 0; i < tags->count; i++)
        if (!add_tag(counts, &tags->tally[i], &day, error))
            return false;
    return true;
}
