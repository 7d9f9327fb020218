#include "clock.h"

#include <stdio.h>
#include <time.h>

#define US_PER_SECOND 1000000

int64_t
wxs_now_us(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

int64_t
wxs_monotonic_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Writes the date and time with the given letter between them; returns the
 * microseconds left over. */
static int
calendar_text(int64_t us, char between, char text[WXS_TIME_TEXT])
{
    int64_t rest = us % US_PER_SECOND;
    time_t seconds = (time_t)(us / US_PER_SECOND);
    struct tm tm;

    if (rest < 0) {
        rest += US_PER_SECOND;
        seconds--;
    }
    if (gmtime_r(&seconds, &tm) == NULL) {
        text[0] = '\0';
        return (int)rest;
    }
    snprintf(text, WXS_TIME_TEXT, "%04d-%02d-%02d%c%02d:%02d:%02d",
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, between, tm.tm_hour,
             tm.tm_min, tm.tm_sec);
    return (int)rest;
}

void
wxs_time_text(int64_t us, char text[WXS_TIME_TEXT])
{
    char calendar[WXS_TIME_TEXT];
    int rest = calendar_text(us, ' ', calendar);

    snprintf(text, WXS_TIME_TEXT, "%.28s.%06d+00", calendar, rest);
}

void
wxs_time_iso(int64_t us, char text[WXS_TIME_TEXT])
{
    char calendar[WXS_TIME_TEXT];
    int rest = calendar_text(us, 'T', calendar);

    snprintf(text, WXS_TIME_TEXT, "%.28s.%03dZ", calendar, rest / 1000);
}
