#include "message_sums.h"

#include <stdlib.h>
#include <string.h>

#define MS_A_DAY INT64_C(86400000)

/* Places in a row of message_counts. */
enum {
    OPENS,
    CLICKS,
    UNSUBSCRIBES,
    KINDS
};

/* A row of message_counts. */
struct row {
    const uint8_t *message;
    int64_t link;
    int64_t account;
    int64_t domain;
    int64_t first_at;
    int64_t last_at;
    int64_t all[KINDS];
    int64_t humans[KINDS];
    bool is_new;
};

static size_t
kind_of(uint8_t type)
{
    return type == 'o' ? OPENS : type == 'c' ? CLICKS : UNSUBSCRIBES;
}

static int
compare_messages(const void *a, const void *b)
{
    const wxs_seen *x = a, *y = b;
    int order = memcmp(x->message, y->message, sizeof x->message);

    return order != 0 ? order : x->order < y->order ? -1 : 1;
}

static int
compare_links(const void *a, const void *b)
{
    const wxs_seen *x = a, *y = b;

    if (x->item != y->item)
        return x->item < y->item ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* ---- a row ---- */

static bool
load(wxs_db *counts, struct row *row, wxs_error *error)
{
    static const char sql[] =
        "SELECT first_at, last_at, opens, clicks, unsubscribes, human_opens, "
        "human_clicks, human_unsubscribes FROM message_counts "
        "WHERE message = ?1 AND link = ?2";
    sqlite3_stmt *select = wxs_db_prepare(counts, sql, error);
    int found;

    if (select == NULL)
        return false;
    sqlite3_bind_blob(select, 1, row->message, 16, SQLITE_STATIC);
    sqlite3_bind_int64(select, 2, row->link);
    found = wxs_db_step(counts, select, error);
    row->is_new = found == 0;
    for (int i = 0; found == 1 && i < KINDS; i++) {
        row->all[i] = sqlite3_column_int64(select, 2 + i);
        row->humans[i] = sqlite3_column_int64(select, 2 + KINDS + i);
    }
    if (found == 1) {
        row->first_at = sqlite3_column_int64(select, 0);
        row->last_at = sqlite3_column_int64(select, 1);
    }
    wxs_db_done(select);
    return found >= 0;
}

static void
bind(sqlite3_stmt *statement, const struct row *row)
{
    sqlite3_bind_blob(statement, 1, row->message, 16, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, row->link);
    sqlite3_bind_int64(statement, 3, row->first_at);
    sqlite3_bind_int64(statement, 4, row->last_at);
    for (int i = 0; i < KINDS; i++) {
        sqlite3_bind_int64(statement, 5 + i, row->all[i]);
        sqlite3_bind_int64(statement, 5 + KINDS + i, row->humans[i]);
    }
}

static bool
save(wxs_db *counts, const struct row *row, wxs_error *error)
{
    static const char insert[] =
        "INSERT INTO message_counts (message, link, first_at, last_at, opens, "
        "clicks, unsubscribes, human_opens, human_clicks, human_unsubscribes, "
        "account, domain) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    static const char update[] =
        "UPDATE message_counts SET first_at = ?3, last_at = ?4, opens = ?5, "
        "clicks = ?6, unsubscribes = ?7, human_opens = ?8, human_clicks = ?9, "
        "human_unsubscribes = ?10 WHERE message = ?1 AND link = ?2";
    sqlite3_stmt *statement =
        wxs_db_prepare(counts, row->is_new ? insert : update, error);

    if (statement == NULL)
        return false;
    bind(statement, row);
    if (row->is_new) {
        sqlite3_bind_int64(statement, 11, row->account);
        sqlite3_bind_int64(statement, 12, row->domain);
    }
    return wxs_db_run(counts, statement, error);
}

/* The row of the message that the event is of, or of its link. */
static bool
open_row(wxs_sums *sums, wxs_db *counts, const wxs_seen *seen, int64_t link,
         struct row *row, wxs_error *error)
{
    const wxs_tally_key *key = &sums->hours.tally[seen->hour].key;

    *row = (struct row){.message = seen->message,
                        .link = link,
                        .account = key->account,
                        .domain = key->domain,
                        .first_at = seen->at,
                        .last_at = seen->at};
    return load(counts, row, error);
}

/* Adds the event to the row; *unique and *unique_human tell whether it is the
 * first. */
static void
count(struct row *row, const wxs_seen *seen, bool *unique, bool *unique_human)
{
    size_t kind = kind_of(seen->type);
    bool is_human = seen->verdict == WXS_VERDICT_HUMAN;

    *unique = row->all[kind] == 0;
    *unique_human = is_human && row->humans[kind] == 0;
    row->all[kind]++;
    row->humans[kind] += is_human;
    if (seen->at < row->first_at)
        row->first_at = seen->at;
    if (seen->at > row->last_at)
        row->last_at = seen->at;
}

/* ---- the events of one message ---- */

static bool
count_tags(wxs_sums *sums, const wxs_tag_set *set, const wxs_seen *seen,
           bool unique, bool unique_human, wxs_error *error)
{
    wxs_tally_key key = sums->hours.tally[seen->hour].key;

    key.span = seen->at / MS_A_DAY;
    for (size_t i = 0; i < set->count; i++) {
        size_t place;

        key.item = set->tag[i].item;
        place = wxs_tallies_find(&sums->tags, &key);
        if (place == SIZE_MAX)
            return wxs_fail(error, "out of memory");
        sums->tags.tally[place].of.tag = &set->tag[i];
        wxs_tally_add(&sums->tags.tally[place], (wxs_verdict)seen->verdict);
        sums->tags.tally[place].uniques += unique;
        sums->tags.tally[place].unique_humans += unique_human;
    }
    return true;
}

static bool
count_message(wxs_sums *sums, wxs_db *counts, wxs_db *events,
              const wxs_seen *seen, size_t n, wxs_error *error)
{
    const wxs_tag_set *set;
    struct row row;
    bool unique, unique_human;

    if (!open_row(sums, counts, seen, 0, &row, error) ||
        !wxs_tag_sets_of(&sums->sets, events, seen->message, &set, error))
        return false;
    for (size_t i = 0; i < n; i++) {
        count(&row, &seen[i], &unique, &unique_human);
        sums->hours.tally[seen[i].hour].uniques += unique;
        sums->hours.tally[seen[i].hour].unique_humans += unique_human;
        if (set != NULL &&
            !count_tags(sums, set, &seen[i], unique, unique_human, error))
            return false;
    }
    return save(counts, &row, error);
}

/* One link of the message. */
static bool
count_link(wxs_sums *sums, wxs_db *counts, const wxs_seen *seen, size_t n,
           wxs_error *error)
{
    struct row row;
    bool unique, unique_human;

    if (!open_row(sums, counts, seen, seen->item, &row, error))
        return false;
    for (size_t i = 0; i < n; i++) {
        count(&row, &seen[i], &unique, &unique_human);
        sums->links.tally[seen[i].link].uniques += unique;
        sums->links.tally[seen[i].link].unique_humans += unique_human;
    }
    return save(counts, &row, error);
}

/* Links of one item are one link, also where they have sums of several days. */
static bool
count_links(wxs_sums *sums, wxs_db *counts, wxs_seen *seen, size_t n,
            wxs_error *error)
{
    size_t same;

    if (n > 1)
        qsort(seen, n, sizeof *seen, compare_links);
    for (size_t i = 0; i < n; i += same) {
        same = 1;
        while (i + same < n && seen[i + same].item == seen[i].item)
            same++;
        if (seen[i].item != 0 &&
            !count_link(sums, counts, seen + i, same, error))
            return false;
    }
    return true;
}

bool
wxs_message_sums(wxs_sums *sums, wxs_db *counts, wxs_db *events,
                 wxs_error *error)
{
    wxs_seen *seen = sums->seen;
    size_t n;

    if (sums->count > 0)
        qsort(seen, sums->count, sizeof *seen, compare_messages);
    for (size_t i = 0; i < sums->count; i += n) {
        n = 1;
        while (i + n < sums->count &&
               memcmp(seen[i].message, seen[i + n].message,
                      sizeof seen->message) == 0)
            n++;
        if (!count_message(sums, counts, events, seen + i, n, error) ||
            !count_links(sums, counts, seen + i, n, error))
            return false;
    }
    return true;
}
