#include <string.h>

#include "clock.h"
#include "event_text.h"
#include "metrics/metric.h"
#include "parameter.h"
#include "sums.h"
#include "sums_query.h"

#define BIT(metric) (UINT64_C(1) << (metric))
#define LINK_MAX    2048 /* bytes of a destination */

enum {
    URL,
    DAY,
    TOTAL,
    HUMAN,
    MACHINE,
    UNIQUES,
    UNIQUE_HUMANS
};

static json_t *
item(const wxs_sums_query *query, sqlite3_stmt *row)
{
    static const uint64_t metrics =
        BIT(WXS_METRIC_CLICKED) | BIT(WXS_METRIC_HUMAN_CLICKED) |
        BIT(WXS_METRIC_MACHINE_CLICKED) | BIT(WXS_METRIC_UNIQUE_CLICKED) |
        BIT(WXS_METRIC_UNIQUE_HUMAN_CLICKED);
    const wxs_counts counts = {
        .clicked = sqlite3_column_int64(row, TOTAL),
        .human_clicked = sqlite3_column_int64(row, HUMAN),
        .machine_clicked = sqlite3_column_int64(row, MACHINE),
        .unique_clicked = sqlite3_column_int64(row, UNIQUES),
        .unique_human_clicked = sqlite3_column_int64(row, UNIQUE_HUMANS),
    };
    char day[WXS_DAY_TEXT];
    json_t *object;

    wxs_day_text(sqlite3_column_int64(row, DAY), day);
    object =
        json_pack("{s:o, s:s*}", "link",
                  wxs_event_string((const char *)sqlite3_column_text(row, URL),
                                   (size_t)sqlite3_column_bytes(row, URL)),
                  "day", query->by_day ? day : NULL);
    if (object == NULL || wxs_metrics_set(object, metrics, &counts))
        return object;
    json_decref(object);
    return NULL;
}

#define SUMS                                                                   \
    "sum(total), sum(human), sum(machine), sum(uniques), sum(unique_humans) "  \
    "FROM rollup_links AS r WHERE account = ?1 AND domain = ?2 AND day >= ?3 " \
    "AND day < ?4 "
#define THE_LINK                                                               \
    "AND (?6 IS NULL OR (SELECT url FROM links AS l WHERE l.id = r.link) = "   \
    "?6) "
#define URL_OF "(SELECT url FROM links AS l WHERE l.id = r.link), "

void
wxs_link_sums(wxs_context *context, const wxs_request *request,
              wxs_response *response)
{
    static const char total[] =
        "SELECT " URL_OF "0, " SUMS THE_LINK
        "GROUP BY link ORDER BY sum(total) DESC, link LIMIT ?5";
    static const char by_day[] =
        "SELECT " URL_OF "day, " SUMS THE_LINK
        "GROUP BY day, link ORDER BY day, sum(total) DESC, link LIMIT ?5";
    char link[LINK_MAX + 1] = "";
    wxs_sums_query query;
    sqlite3_stmt *row;
    wxs_error error = {"out of memory"};

    if (!wxs_sums_query_read(context, request, wxs_now_us(), &query, response))
        return;
    wxs_parameter_read(request, "link", link, sizeof(link));
    row =
        wxs_db_prepare(context->counts, query.by_day ? by_day : total, &error);
    if (row != NULL) {
        wxs_sums_bind(context, &query, row);
        if (link[0] != '\0')
            sqlite3_bind_text(row, 6, link, -1, SQLITE_STATIC);
    }
    wxs_sums_answer(context, request, &query, row, item, &error, response);
}
