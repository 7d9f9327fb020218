#include <check.h>
#include <string.h>

#include "metrics/metrics_period.h"
#include "metrics/metrics_table.h"
#include "time_read.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

static int64_t
at(const char *text)
{
    bool is_date;
    int64_t us;

    ck_assert(wxs_time_read(text, &us, &is_date));
    return us;
}

static const struct {
    const char *zone;
    wxs_granularity granularity;
    const char *start, *end;
    int count;
    const char *first, *second, *last;
} spans[] = {
    {"UTC", WXS_DAILY, "2026-02-27", "2026-03-02", 3, "2026-02-27",
     "2026-02-28", "2026-03-01"},
    {"UTC", WXS_DAILY, "2026-02-27T12:00Z", "2026-02-28T00:00:01Z", 2,
     "2026-02-27", "2026-02-28", "2026-02-28"},
    {"UTC", WXS_HOURLY, "2026-02-27T23:30Z", "2026-02-28T00:30Z", 2,
     "2026-02-27T23:00:00+00:00", "2026-02-28T00:00:00+00:00",
     "2026-02-28T00:00:00+00:00"},
    {"Europe/Berlin", WXS_WEEKLY, "2026-03-25T00:00Z", "2026-04-06T12:00Z", 3,
     "2026-03-23", "2026-03-30", "2026-04-06"},
    {"America/New_York", WXS_MONTHLY, "2025-12-31", "2026-02-01T05:00Z", 2,
     "2025-12-01", "2026-01-01", "2026-01-01"},
    /* the clocks go forward on 2026-03-29 and back on 2026-10-25 */
    {"Europe/Berlin", WXS_HOURLY, "2026-03-29T00:00Z", "2026-03-29T02:00Z", 2,
     "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00",
     "2026-03-29T03:00:00+02:00"},
    {"Europe/Berlin", WXS_DAILY, "2026-10-24T22:00Z", "2026-10-26T23:00Z", 2,
     "2026-10-25", "2026-10-26", "2026-10-26"},
    {"UTC", WXS_DAILY, "2026-02-27", "2026-02-27", 1, "2026-02-27", NULL,
     "2026-02-27"},
};

START_TEST(periods_follow_the_calendar)
{
    const wxs_metrics_query query = {
        .start = at(spans[_i].start),
        .end = at(spans[_i].end),
        .zone = g_time_zone_new_identifier(spans[_i].zone),
        .granularity = spans[_i].granularity,
    };
    char text[WXS_PERIOD_TEXT];
    wxs_periods periods;

    ck_assert_int_eq(wxs_periods_make(&query, &periods), 1);
    ck_assert_int_eq((int)periods.count, spans[_i].count);
    wxs_period_text(&periods, 0, text);
    ck_assert_str_eq(text, spans[_i].first);
    if (spans[_i].second != NULL) {
        wxs_period_text(&periods, 1, text);
        ck_assert_str_eq(text, spans[_i].second);
    }
    wxs_period_text(&periods, periods.count - 1, text);
    ck_assert_str_eq(text, spans[_i].last);
    for (size_t i = 0; i < periods.count; i++) {
        ck_assert_uint_eq(wxs_periods_find(&periods, periods.starts[i]), i);
        ck_assert_uint_eq(wxs_periods_find(&periods, periods.starts[i] - 1),
                          i == 0 ? 0 : i - 1);
    }
    wxs_periods_clear(&periods);
    g_time_zone_unref(query.zone);
}
END_TEST

START_TEST(periods_are_bounded)
{
    const wxs_metrics_query query = {
        .start = at("2020-01-01"),
        .end = at("2026-01-01"),
        .zone = g_time_zone_new_utc(),
        .granularity = WXS_HOURLY,
    };
    wxs_periods periods;

    ck_assert_int_eq(wxs_periods_make(&query, &periods), 0);
    g_time_zone_unref(query.zone);
}
END_TEST

/* Keys that come again and in any order become one cell each, sorted. */
START_TEST(cells_add_up)
{
    wxs_metrics_table table = {0};
    bool is_full;

    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 1000; i++) {
            const wxs_cell_key key = {i * 7 % 1000, 5, 0};
            wxs_counts *counts = wxs_metrics_cell(&table, &key, &is_full);
            ck_assert_ptr_nonnull(counts);
            counts->clicked += (int64_t)key.period;
            ck_assert_ptr_eq(wxs_metrics_cell(&table, &key, &is_full), counts);
        }
    }
    wxs_metrics_table_sort(&table);
    ck_assert_uint_eq(table.count, 1000);
    for (size_t i = 0; i < table.count; i++) {
        ck_assert_uint_eq(table.cells[i].key.period, i);
        ck_assert_int_eq(table.cells[i].counts.clicked, 3 * (int64_t)i);
    }
    wxs_metrics_table_clear(&table);
}
END_TEST

START_TEST(cells_are_bounded)
{
    wxs_metrics_table table = {0};
    bool is_full = false;
    size_t i = 0;

    for (; i < 3 * (size_t)WXS_CELLS_MAX; i++) {
        const wxs_cell_key key = {i, 0, 0};
        if (wxs_metrics_cell(&table, &key, &is_full) == NULL)
            break;
    }
    ck_assert(is_full);
    ck_assert_uint_ge(i, WXS_CELLS_MAX);
    ck_assert_uint_lt(i, 2 * (size_t)WXS_CELLS_MAX);
    wxs_metrics_table_clear(&table);
}
END_TEST

START_TEST(rates_are_percentages)
{
    const wxs_counts counts = {.messages = 3, .unique_opened = 1};
    const wxs_counts none = {0};
    json_t *object = json_object();

    ck_assert(
        wxs_metrics_set(object, UINT64_C(1) << WXS_METRIC_OPEN_RATE, &counts));
    ck_assert_uint_eq(json_object_size(object), 1);
    ck_assert_double_eq(json_real_value(json_object_get(object, "open_rate")),
                        33.3);
    ck_assert(
        wxs_metrics_set(object, UINT64_C(1) << WXS_METRIC_OPEN_RATE, &none));
    ck_assert_double_eq(json_real_value(json_object_get(object, "open_rate")),
                        0);
    json_decref(object);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tcase = tcase_create("metrics");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(tcase, periods_follow_the_calendar, 0, COUNT(spans));
    tcase_add_test(tcase, periods_are_bounded);
    tcase_add_test(tcase, cells_add_up);
    tcase_add_test(tcase, cells_are_bounded);
    tcase_add_test(tcase, rates_are_percentages);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
