#include <stdlib.h>

#include "metrics_source.h"

#define HOUR_S  3600
#define HOUR_US INT64_C(3600000000)

enum {
    HOUR,
    TYPE,
    TOTAL,
    HUMAN,
    PROXY,
    MACHINE,
    UNIQUES,
    UNIQUE_HUMANS
};

wxs_counts *
wxs_metrics_at(const wxs_metrics_source *source, int64_t seconds,
               int64_t domain, size_t message, wxs_metrics_result *result,
               wxs_error *error)
{
    const wxs_metrics_query *query = source->query;
    const wxs_cell_key key = {
        .period =
            query->by_period ? wxs_periods_find(source->periods, seconds) : 0,
        .domain = query->by_domain ? domain : 0,
        .message = query->by_email ? message : 0,
    };
    bool is_full;
    wxs_counts *counts = wxs_metrics_cell(source->table, &key, &is_full);

    if (counts == NULL) {
        *result = is_full ? WXS_METRICS_TOO_MANY : WXS_METRICS_FAILED;
        (void)wxs_fail(error, "out of memory");
    }
    return counts;
}

static void
add_row(wxs_counts *counts, sqlite3_stmt *row)
{
    int64_t total = sqlite3_column_int64(row, TOTAL);
    int64_t human = sqlite3_column_int64(row, HUMAN);
    int64_t machine = sqlite3_column_int64(row, MACHINE);

    switch (sqlite3_column_int(row, TYPE)) {
    case 'o':
        counts->opened += total;
        counts->human_opened += human;
        counts->proxy_opened += sqlite3_column_int64(row, PROXY);
        counts->machine_opened += machine;
        counts->unique_opened += sqlite3_column_int64(row, UNIQUES);
        counts->unique_human_opened += sqlite3_column_int64(row, UNIQUE_HUMANS);
        break;
    case 'c':
        counts->clicked += total;
        counts->human_clicked += human;
        counts->machine_clicked += machine;
        counts->unique_clicked += sqlite3_column_int64(row, UNIQUES);
        counts->unique_human_clicked +=
            sqlite3_column_int64(row, UNIQUE_HUMANS);
        break;
    default:
        counts->unsubscribed += total;
    }
}

/* Binds account, domain and the hours of the span. */
static void
bind_span(const wxs_metrics_source *source, sqlite3_stmt *row, int64_t domain)
{
    const wxs_metrics_query *query = source->query;

    sqlite3_bind_int64(row, 1, source->context->identity.account);
    sqlite3_bind_int64(row, 2, domain);
    sqlite3_bind_int64(row, 3, query->start / HOUR_US);
    sqlite3_bind_int64(row, 4, (query->end + HOUR_US - 1) / HOUR_US);
}

/* Goes through the hours of a domain and adds each. */
static wxs_metrics_result
add_hours(const wxs_metrics_source *source, wxs_db *db, const char *sql,
          int64_t domain, void (*add)(wxs_counts *, sqlite3_stmt *),
          wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    wxs_metrics_result result = WXS_METRICS_DONE;
    int step = -1;

    if (row == NULL)
        return WXS_METRICS_FAILED;
    bind_span(source, row, domain);
    while (result == WXS_METRICS_DONE &&
           (step = wxs_db_step(db, row, error)) == 1) {
        wxs_counts *counts =
            wxs_metrics_at(source, sqlite3_column_int64(row, HOUR) * HOUR_S,
                           domain, 0, &result, error);
        if (counts != NULL)
            add(counts, row);
    }
    wxs_db_done(row);
    return step < 0 ? WXS_METRICS_FAILED : result;
}

static void
add_messages(wxs_counts *counts, sqlite3_stmt *row)
{
    counts->messages += sqlite3_column_int64(row, 1);
}

static wxs_metrics_result
add_domain(const wxs_metrics_source *source, int64_t domain, wxs_error *error)
{
    static const char events[] =
        "SELECT hour, type, total, human, proxy, machine, uniques, "
        "unique_humans FROM rollup_hours WHERE account = ?1 AND domain = ?2 "
        "AND hour >= ?3 AND hour < ?4 ORDER BY hour";
    static const char messages[] =
        "SELECT hour, messages FROM message_hours WHERE account = ?1 "
        "AND domain = ?2 AND hour >= ?3 AND hour < ?4 ORDER BY hour";
    wxs_metrics_result result = add_hours(source, source->context->counts,
                                          events, domain, add_row, error);

    return result != WXS_METRICS_DONE
               ? result
               : add_hours(source, source->context->events, messages, domain,
                           add_messages, error);
}

/* Every domain that the account has or had. */
static wxs_metrics_result
add_all_domains(const wxs_metrics_source *source, wxs_error *error)
{
    wxs_db *control = source->context->control;
    sqlite3_stmt *row = wxs_db_prepare(
        control, "SELECT number FROM domains WHERE account = ? ORDER BY number",
        error);
    wxs_metrics_result result = WXS_METRICS_DONE;
    int step = -1;

    if (row == NULL)
        return WXS_METRICS_FAILED;
    sqlite3_bind_int64(row, 1, source->context->identity.account);
    while (result == WXS_METRICS_DONE &&
           (step = wxs_db_step(control, row, error)) == 1)
        result = add_domain(source, sqlite3_column_int64(row, 0), error);
    wxs_db_done(row);
    return step < 0 ? WXS_METRICS_FAILED : result;
}

wxs_metrics_result
wxs_metrics_from_hours(const wxs_metrics_source *source, wxs_error *error)
{
    const wxs_metrics_query *query = source->query;
    wxs_metrics_result result = WXS_METRICS_DONE;

    if (query->domain_count == 0)
        return add_all_domains(source, error);
    for (size_t i = 0; i < query->domain_count && result == WXS_METRICS_DONE;
         i++)
        result = add_domain(source, query->domains[i], error);
    return result;
}
