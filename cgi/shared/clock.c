#include "clock.h"

#include <stdio.h>
#include <string.h>
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

/* count digits of the value, most of it first. */
static char *
put_digits(char *at, int value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + count;
}

/* Answers have many times in them: printf takes longer than all else of them.
 * The year has four digits. */
static void
fill_calendar(const struct tm *tm, char between, char *at)
{
    at = put_digits(at, tm->tm_year + 1900, 4);
    *at++ = '-';
    at = put_digits(at, tm->tm_mon + 1, 2);
    *at++ = '-';
    at = put_digits(at, tm->tm_mday, 2);
    *at++ = between;
    at = put_digits(at, tm->tm_hour, 2);
    *at++ = ':';
    at = put_digits(at, tm->tm_min, 2);
    *at++ = ':';
    at = put_digits(at, tm->tm_sec, 2);
    *at = '\0';
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
    if (tm.tm_year < 0 || tm.tm_year > 9999 - 1900)
        snprintf(text, WXS_TIME_TEXT, "%04d-%02d-%02d%c%02d:%02d:%02d",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, between,
                 tm.tm_hour, tm.tm_min, tm.tm_sec);
    else
        fill_calendar(&tm, between, text);
    return (int)rest;
}

/* Puts a point, the fraction and what follows it behind the time; all of it
 * fits in any year that a time of 64 bits may have. */
static void
add_fraction(char text[WXS_TIME_TEXT], int fraction, int digits,
             const char *zone)
{
    char *at = text + strlen(text);

    *at++ = '.';
    at = put_digits(at, fraction, digits);
    memcpy(at, zone, strlen(zone) + 1);
}

void
wxs_time_text(int64_t us, char text[WXS_TIME_TEXT])
{
    int rest = calendar_text(us, ' ', text);

    add_fraction(text, rest, 6, "+00");
}

void
wxs_time_iso(int64_t us, char text[WXS_TIME_TEXT])
{
    int rest = calendar_text(us, 'T', text);

    add_fraction(text, rest / 1000, 3, "Z");
}
