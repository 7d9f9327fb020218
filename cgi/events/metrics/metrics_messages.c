#include "event_parts.h"
#include "metrics_source.h"

#define SECOND_US 1000000

/* Which kinds of events a message has had before. */
typedef struct {
    bool opened, clicked, human_opened, human_clicked;
} seen;

static bool
is_wanted(const wxs_metrics_query *query, int64_t domain)
{
    for (size_t i = 0; i < query->domain_count; i++) {
        if (query->domains[i] == domain)
            return true;
    }
    return query->domain_count == 0;
}

static bool
is_in_span(const wxs_metrics_query *query, int64_t us)
{
    return us >= query->start && us < query->end;
}

/* What the event adds; uniques are those that have not been seen before. */
static wxs_counts
counts_of(const wxs_event_row *row, seen *before)
{
    bool is_human = row->verdict == WXS_VERDICT_HUMAN;
    wxs_counts counts = {0};

    wxs_counts_add_events(&counts, row->type, wxs_verdict_name(row->verdict),
                          1);
    if (row->type == 'o') {
        counts.unique_opened = !before->opened;
        counts.unique_human_opened = is_human && !before->human_opened;
        before->opened = true;
        before->human_opened = before->human_opened || is_human;
    } else if (row->type == 'c') {
        counts.unique_clicked = !before->clicked;
        counts.unique_human_clicked = is_human && !before->human_clicked;
        before->clicked = true;
        before->human_clicked = before->human_clicked || is_human;
    }
    return counts;
}

static wxs_metrics_result
add_event(const wxs_metrics_source *source, size_t message,
          const wxs_event_row *row, seen *before, wxs_error *error)
{
    wxs_counts more = counts_of(row, before);
    wxs_metrics_result result = WXS_METRICS_DONE;
    wxs_counts *counts;

    if (!is_in_span(source->query, row->at * 1000) ||
        !is_wanted(source->query, row->domain))
        return result;
    counts = wxs_metrics_at(source, row->at / 1000, row->domain, message,
                            &result, error);
    if (counts != NULL)
        wxs_counts_add(counts, &more);
    return result;
}

static wxs_metrics_result
add_events(const wxs_metrics_source *source, size_t message, int64_t final,
           wxs_error *error)
{
    const wxs_event_filter filter = {
        .account = source->context->identity.account,
        .message = source->query->messages[message],
        .up_to = final,
        .ascending = true,
    };
    wxs_metrics_result result = WXS_METRICS_DONE;
    const wxs_event_row *row;
    wxs_event_scan *scan;
    seen before = {0};
    int step = 1;

    if (!wxs_event_scan_begin(source->context->parts, &filter, &scan, error))
        return WXS_METRICS_FAILED;
    while (result == WXS_METRICS_DONE &&
           (step = wxs_event_scan_next(scan, &row, error)) > 0) {
        if (step == 1)
            result = add_event(source, message, row, &before, error);
    }
    wxs_event_scan_end(scan);
    return step < 0 ? WXS_METRICS_FAILED : result;
}

/* The message itself, if it was made in the span. */
static wxs_metrics_result
add_message(const wxs_metrics_source *source, size_t message, wxs_error *error)
{
    wxs_db *events = source->context->events;
    sqlite3_stmt *row = wxs_db_prepare(
        events,
        "SELECT domain, created_at FROM messages WHERE id = ? AND account = ?",
        error);
    wxs_metrics_result result = WXS_METRICS_DONE;
    int64_t domain = 0, at = 0;
    wxs_counts *counts;
    int step;

    if (row == NULL)
        return WXS_METRICS_FAILED;
    sqlite3_bind_blob(row, 1, source->query->messages[message], WXS_UUID_SIZE,
                      SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, source->context->identity.account);
    step = wxs_db_step(events, row, error);
    if (step == 1) {
        domain = sqlite3_column_int64(row, 0);
        at = sqlite3_column_int64(row, 1);
    }
    wxs_db_done(row);
    if (step < 0)
        return WXS_METRICS_FAILED;
    if (step == 0 || !is_in_span(source->query, at) ||
        !is_wanted(source->query, domain))
        return result;
    counts =
        wxs_metrics_at(source, at / SECOND_US, domain, message, &result, error);
    if (counts != NULL)
        counts->messages++;
    return result;
}

wxs_metrics_result
wxs_metrics_from_messages(const wxs_metrics_source *source, wxs_error *error)
{
    wxs_metrics_result result = WXS_METRICS_DONE;
    int64_t final;

    if (!wxs_event_parts_final(source->context->parts, &final, error))
        return WXS_METRICS_FAILED;
    for (size_t i = 0;
         i < source->query->message_count && result == WXS_METRICS_DONE; i++) {
        result = add_message(source, i, error);
        if (result == WXS_METRICS_DONE && final > 0)
            result = add_events(source, i, final, error);
    }
    return result;
}
