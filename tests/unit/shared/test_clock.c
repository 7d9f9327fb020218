#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"

static const struct {
    int64_t us;
    const char *text;
    const char *iso;
} known[] = {
    {0, "1970-01-01 00:00:00.000000+00", "1970-01-01T00:00:00.000Z"},
    {1774717922059593, "2026-03-28 17:12:02.059593+00",
     "2026-03-28T17:12:02.059Z"},
    {1771803672126999, "2026-02-22 23:41:12.126999+00",
     "2026-02-22T23:41:12.126Z"},
    {1709164800000000, "2024-02-29 00:00:00.000000+00",
     "2024-02-29T00:00:00.000Z"},
    {-1, "1969-12-31 23:59:59.999999+00", "1969-12-31T23:59:59.999Z"},
};

START_TEST(writes_times)
{
    char text[WXS_TIME_TEXT];

    wxs_time_text(known[_i].us, text);
    ck_assert_str_eq(text, known[_i].text);
    wxs_time_iso(known[_i].us, text);
    ck_assert_str_eq(text, known[_i].iso);
}
END_TEST

/* Years of more than four digits must not overrun the text. */
START_TEST(survives_any_time)
{
    char text[WXS_TIME_TEXT];

    wxs_time_text(INT64_MAX, text);
    wxs_time_iso(INT64_MAX, text);
    wxs_time_text(INT64_MIN, text);
    wxs_time_iso(INT64_MIN, text);
}
END_TEST

START_TEST(tells_the_time)
{
    int64_t seconds = (int64_t)time(NULL);
    int64_t now = wxs_now_us();
    int64_t monotonic = wxs_monotonic_ms();
    struct timespec pause = {.tv_nsec = 20000000};

    ck_assert_int_ge(now, seconds * 1000000);
    ck_assert_int_lt(now, (seconds + 60) * 1000000);
    nanosleep(&pause, NULL);
    ck_assert_int_ge(wxs_monotonic_ms() - monotonic, 19);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("clock");
    TCase *tests = tcase_create("clock");
    SRunner *runner;
    int failures;

    tcase_add_loop_test(tests, writes_times, 0,
                        (int)(sizeof(known) / sizeof(known[0])));
    tcase_add_test(tests, survives_any_time);
    tcase_add_test(tests, tells_the_time);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
