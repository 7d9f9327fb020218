#include <string.h>

#include "clock.h"
#include "event_text.h"
#include "metrics/metric.h"
#include "parameter.h"
#include "sums.h"
#include "sums_query.h"

#define BIT(metric) (UINT64_C(1) << (metric))
#define NAME_MAX    1000 /* bytes of a tag's name, and of its value */

enum {
    NAME,
    VALUE,
    DAY,
    OPENED,
    HUMAN_OPENED,
    PROXY_OPENED,
    MACHINE_OPENED,
    UNIQUE_OPENED,
    UNIQUE_HUMAN_OPENED,
    CLICKED,
    HUMAN_CLICKED,
    MACHINE_CLICKED,
    UNIQUE_CLICKED,
    UNIQUE_HUMAN_CLICKED,
    UNSUBSCRIBED
};

static wxs_counts
counts_of(sqlite3_stmt *row)
{
    return (wxs_counts){
        .opened = sqlite3_column_int64(row, OPENED),
        .human_opened = sqlite3_column_int64(row, HUMAN_OPENED),
        .proxy_opened = sqlite3_column_int64(row, PROXY_OPENED),
        .machine_opened = sqlite3_column_int64(row, MACHINE_OPENED),
        .unique_opened = sqlite3_column_int64(row, UNIQUE_OPENED),
        .unique_human_opened = sqlite3_column_int64(row, UNIQUE_HUMAN_OPENED),
        .clicked = sqlite3_column_int64(row, CLICKED),
        .human_clicked = sqlite3_column_int64(row, HUMAN_CLICKED),
        .machine_clicked = sqlite3_column_int64(row, MACHINE_CLICKED),
        .unique_clicked = sqlite3_column_int64(row, UNIQUE_CLICKED),
        .unique_human_clicked = sqlite3_column_int64(row, UNIQUE_HUMAN_CLICKED),
        .unsubscribed = sqlite3_column_int64(row, UNSUBSCRIBED),
    };
}

/* The sum of what there was no room for has no name. */
static json_t *
text_or_null(sqlite3_stmt *row, int column, bool is_null)
{
    return is_null ? json_null()
                   : wxs_event_string(
                         (const char *)sqlite3_column_text(row, column),
                         (size_t)sqlite3_column_bytes(row, column));
}

static json_t *
item(const wxs_sums_query *query, sqlite3_stmt *row)
{
    static const uint64_t metrics =
        BIT(WXS_METRIC_OPENED) | BIT(WXS_METRIC_HUMAN_OPENED) |
        BIT(WXS_METRIC_PROXY_OPENED) | BIT(WXS_METRIC_MACHINE_OPENED) |
        BIT(WXS_METRIC_UNIQUE_OPENED) | BIT(WXS_METRIC_UNIQUE_HUMAN_OPENED) |
        BIT(WXS_METRIC_CLICKED) | BIT(WXS_METRIC_HUMAN_CLICKED) |
        BIT(WXS_METRIC_MACHINE_CLICKED) | BIT(WXS_METRIC_UNIQUE_CLICKED) |
        BIT(WXS_METRIC_UNIQUE_HUMAN_CLICKED) | BIT(WXS_METRIC_UNSUBSCRIBED);
    const wxs_counts counts = counts_of(row);
    bool is_rest = sqlite3_column_bytes(row, NAME) == 0;
    char day[WXS_DAY_TEXT];
    json_t *object;

    wxs_day_text(sqlite3_column_int64(row, DAY), day);
    object = json_pack(
        "{s:o, s:o, s:s*}", "name", text_or_null(row, NAME, is_rest), "value",
        text_or_null(row, VALUE, is_rest), "day", query->by_day ? day : NULL);
    if (object == NULL || wxs_metrics_set(object, metrics, &counts))
        return object;
    json_decref(object);
    return NULL;
}

/* 111 is an open, 99 a click, 117 an unsubscribe. */
#define SUM(type, column) "sum((type = " type ") * " column "), "
#define SUMS                                                                   \
    SUM("111", "total")                                                        \
    SUM("111", "human")                                                        \
    SUM("111", "proxy")                                                        \
    SUM("111", "machine") SUM("111", "uniques") SUM("111", "unique_humans")    \
        SUM("99", "total") SUM("99", "human") SUM("99", "machine")             \
            SUM("99", "uniques")                                               \
                SUM("99", "unique_humans") "sum((type = 117) * total) "        \
                                           "FROM rollup_tags "                 \
                                           "WHERE account = ?1 AND domain = "  \
                                           "?2 AND day >= ?3 AND day < ?4 "    \
                                           "AND (?6 IS NULL OR name = ?6) "    \
                                           "AND (?7 IS NULL OR value = ?7) "

void
wxs_tag_sums(wxs_context *context, const wxs_request *request,
             wxs_response *response)
{
    static const char total[] =
        "SELECT name, value, 0, " SUMS
        "GROUP BY name, value ORDER BY sum(total) DESC, name, value LIMIT ?5";
    static const char by_day[] =
        "SELECT name, value, day, " SUMS "GROUP BY day, name, value "
        "ORDER BY day, sum(total) DESC, name, value LIMIT ?5";
    char name[NAME_MAX + 1], value[NAME_MAX + 1];
    wxs_sums_query query;
    sqlite3_stmt *row;
    wxs_error error = {"out of memory"};

    if (!wxs_sums_query_read(context, request, wxs_now_us(), &query, response))
        return;
    wxs_parameter_read(request, "name", name, sizeof(name));
    wxs_parameter_read(request, "value", value, sizeof(value));
    row =
        wxs_db_prepare(context->counts, query.by_day ? by_day : total, &error);
    if (row != NULL) {
        wxs_sums_bind(context, &query, row);
        if (name[0] != '\0')
            sqlite3_bind_text(row, 6, name, -1, SQLITE_STATIC);
        if (value[0] != '\0')
            sqlite3_bind_text(row, 7, value, -1, SQLITE_STATIC);
    }
    wxs_sums_answer(context, request, &query, row, item, &error, response);
}
