#include <check.h>

#include "clock.h"
#include "time_read.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

static const struct {
    const char *text;
    const char *time; /* NULL: refused */
    bool is_date;
} texts[] = {
    {"2026-11-25", "2026-11-25 00:00:00.000000+00", true},
    {"2024-02-29", "2024-02-29 00:00:00.000000+00", true},
    {"2026-11-25T09:00:00Z", "2026-11-25 09:00:00.000000+00", false},
    {"2026-11-25t09:00z", "2026-11-25 09:00:00.000000+00", false},
    {"2026-11-25T09:00:00.5+01:30", "2026-11-25 07:30:00.500000+00", false},
    {"2026-11-25T09:00:00 01:00", "2026-11-25 08:00:00.000000+00", false},
    {"2026-11-25T23:30:00-0100", "2026-11-26 00:30:00.000000+00", false},
    {"2026-03-28 17:12:02.059593+00", "2026-03-28 17:12:02.059593+00", false},
    {"2026-11-25T09:00:00.1234567Z", "2026-11-25 09:00:00.123456+00", false},
    {"", NULL, false},
    {"2026", NULL, false},
    {"2026-11-31", NULL, false},
    {"2026-02-29", NULL, false},
    {"1969-12-31", NULL, false},
    {"2026-13-01", NULL, false},
    {"2026-11-25T", NULL, false},
    {"2026-11-25T09:00:00", NULL, false},
    {"2026-11-25T24:00:00Z", NULL, false},
    {"2026-11-25T09:00:60Z", NULL, false},
    {"2026-11-25T09:00:00.Z", NULL, false},
    {"2026-11-25T09:00:00ZZ", NULL, false},
    {"2026-11-25T09:00:00+1", NULL, false},
    {"2026-11-25T09:00:00+01:", NULL, false},
    {"2026-11-25T09:00:00+01:000", NULL, false},
    {"yesterday", NULL, false},
};

START_TEST(reads_times)
{
    char text[WXS_TIME_TEXT];
    bool is_date;
    int64_t us;

    ck_assert_msg(wxs_time_read(texts[_i].text, &us, &is_date) ==
                      (texts[_i].time != NULL),
                  "%s", texts[_i].text);
    if (texts[_i].time == NULL)
        return;
    wxs_time_text(us, text);
    ck_assert_str_eq(text, texts[_i].time);
    ck_assert_int_eq(is_date, texts[_i].is_date);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("time_read");
    TCase *tcase = tcase_create("time_read");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(tcase, reads_times, 0, COUNT(texts));
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
