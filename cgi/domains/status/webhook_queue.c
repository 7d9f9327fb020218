#include "webhook_queue.h"

#include <string.h>

#define TEXT(number)  #number
#define LIMIT(number) " LIMIT " TEXT(number)

/* Fills the numbers from the columns of the one row. */
static bool
read_row(wxs_db *db, const char *sql, int64_t *const *numbers, int count,
         wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int step = row == NULL ? -1 : wxs_db_step(db, row, error);

    for (int i = 0; step == 1 && i < count; i++)
        *numbers[i] = sqlite3_column_int64(row, i);
    wxs_db_done(row);
    return step == 1;
}

bool
wxs_webhook_queue_read(wxs_db *webhooks, wxs_db *control,
                       wxs_webhook_queue *queue, wxs_error *error)
{
    static const char depth[] =
        "SELECT (SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL), "
        "(SELECT coalesce(sum(in_flight), 0) FROM endpoints), "
        "(SELECT min(next_at) FROM endpoints WHERE next_at IS NOT NULL), "
        "(SELECT count(*) FROM endpoints WHERE failing_since IS NOT NULL), "
        "coalesce((SELECT max(number) FROM attempts), 0)";
    static const char recent[] =
        "SELECT count(*), coalesce(sum(http NOT BETWEEN 200 AND 299), 0), "
        "min(sent_at) FROM (SELECT http, sent_at FROM attempts "
        "ORDER BY number DESC" LIMIT(WXS_QUEUE_RECENT) ")";
    static const char disabled[] =
        "SELECT count(*) FROM webhooks WHERE disabled_at IS NOT NULL";
    int64_t *const of_depth[] = {&queue->waiting, &queue->in_flight,
                                 &queue->oldest_due_at, &queue->failing,
                                 &queue->attempts};
    int64_t *const of_recent[] = {&queue->recent, &queue->recent_failed,
                                  &queue->recent_since};
    int64_t *const of_disabled[] = {&queue->disabled};

    memset(queue, 0, sizeof(*queue));
    return read_row(webhooks, depth, of_depth, 5, error) &&
           read_row(webhooks, recent, of_recent, 3, error) &&
           read_row(control, disabled, of_disabled, 1, error);
}
