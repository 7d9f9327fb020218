#include <stdlib.h>

#include "erase.h"

/* Sums of a link on a day; the order of events that are to go. */
static int
compare_links(const void *a, const void *b)
{
    const wxs_erased_event *x = a, *y = b;
    const int64_t pairs[][2] = {{x->account, y->account},
                                {x->domain, y->domain},
                                {x->day, y->day},
                                {x->item, y->item}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (pairs[i][0] != pairs[i][1])
            return pairs[i][0] < pairs[i][1] ? -1 : 1;
    }
    return 0;
}

static bool
run_for_link(wxs_db *counts, const char *sql, const wxs_erased_event *event,
             int64_t clicks, wxs_error *error)
{
    sqlite3_stmt *statement = wxs_db_prepare(counts, sql, error);
    const int64_t values[] = {event->account, event->domain, event->day,
                              event->item, clicks};

    if (statement == NULL)
        return false;
    for (int i = 0; i < sqlite3_bind_parameter_count(statement); i++)
        sqlite3_bind_int64(statement, i + 1, values[i]);
    return wxs_db_run(counts, statement, error);
}

/* If these clicks are all that the link had on that day, it is one that nobody
 * else got: what it counts goes to the others, its URL goes. */
static bool
fold_link(wxs_db *counts, const wxs_erased_event *event, int64_t clicks,
          wxs_error *error)
{
#define ALONE                                                                  \
    " FROM rollup_links WHERE account = ?1 AND domain = ?2 AND day = ?3 "      \
    "AND link = ?4 AND total <= ?5"
    static const char fold[] =
        "INSERT INTO rollup_links SELECT account, domain, day, 0, total, "
        "human, proxy, machine, uniques, unique_humans" ALONE
        " ON CONFLICT DO UPDATE SET total = total + excluded.total, "
        "human = human + excluded.human, proxy = proxy + excluded.proxy, "
        "machine = machine + excluded.machine, "
        "uniques = uniques + excluded.uniques, "
        "unique_humans = unique_humans + excluded.unique_humans";
    static const char delete[] = "DELETE" ALONE;
#undef ALONE
    static const char forget[] =
        "DELETE FROM links WHERE id = ?4 AND NOT EXISTS (SELECT 1 FROM "
        "rollup_links WHERE account = ?1 AND domain = ?2 AND link = ?4) "
        "AND ?3 >= 0";

    return run_for_link(counts, fold, event, clicks, error) &&
           run_for_link(counts, delete, event, clicks, error) &&
           (wxs_db_changes(counts) == 0 ||
            run_for_link(counts, forget, event, clicks, error));
}

static bool
fold_links(wxs_db *counts, wxs_erased_events *erased, wxs_error *error)
{
    size_t n;

    if (erased->count > 0)
        qsort(erased->event, erased->count, sizeof *erased->event,
              compare_links);
    for (size_t i = 0; i < erased->count; i += n) {
        n = 1;
        while (i + n < erased->count &&
               compare_links(&erased->event[i], &erased->event[i + n]) == 0)
            n++;
        if (erased->event[i].item != 0 &&
            !fold_link(counts, &erased->event[i], (int64_t)n, error))
            return false;
    }
    return true;
}

static bool
delete_counts(wxs_db *counts, int64_t account, const wxs_message_id *message,
              wxs_error *error)
{
    static const char sql[] =
        "DELETE FROM message_counts WHERE message = ?1 AND account = ?2";
    sqlite3_stmt *statement = wxs_db_prepare(counts, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_blob(statement, 1, message->id, sizeof message->id,
                      SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, account);
    return wxs_db_run(counts, statement, error);
}

bool
wxs_erase_counts(const char *dir, int64_t account,
                 const wxs_message_id *message, size_t count,
                 wxs_erased_events *erased, wxs_error *error)
{
    wxs_db *counts = NULL;
    bool ok = wxs_db_open(&counts, dir, WXS_DB_COUNTS, WXS_DB_WRITE, error) &&
              wxs_db_begin(counts, error);

    for (size_t i = 0; ok && i < count; i++)
        ok = delete_counts(counts, account, &message[i], error);
    ok = ok && fold_links(counts, erased, error) &&
         wxs_db_commit(counts, error) && wxs_erase_settle(counts, error);
    if (counts != NULL)
        wxs_db_rollback(counts);
    wxs_db_close(counts);
    return ok;
}
