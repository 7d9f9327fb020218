#include "time_read.h"

#include <string.h>
#include <time.h>

#define US_PER_SECOND 1000000

/* A number of exactly so many digits, between min and max. */
static bool
number(const char **text, int digits, int min, int max, int *value)
{
    *value = 0;
    for (int i = 0; i < digits; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *value = *value * 10 + (**text - '0');
    }
    return *value >= min && *value <= max;
}

static bool
letter(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    (*text)++;
    return true;
}

static int
days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool
date(const char **text, struct tm *tm)
{
    int year, month, day;

    if (!number(text, 4, 1970, 9999, &year) || !letter(text, '-') ||
        !number(text, 2, 1, 12, &month) || !letter(text, '-') ||
        !number(text, 2, 1, days_of(year, month), &day))
        return false;
    *tm = (struct tm){
        .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return true;
}

/* Digits behind the point; what is finer than a microsecond is cut off. */
static bool
fraction(const char **text, int *us)
{
    int unit = US_PER_SECOND / 10;

    *us = 0;
    if (!letter(text, '.'))
        return true;
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10)
        *us += (**text - '0') * unit;
    return true;
}

static bool
time_of_day(const char **text, struct tm *tm, int *us)
{
    if (!number(text, 2, 0, 23, &tm->tm_hour) || !letter(text, ':') ||
        !number(text, 2, 0, 59, &tm->tm_min))
        return false;
    *us = 0;
    return **text != ':' ||
           (letter(text, ':') && number(text, 2, 0, 59, &tm->tm_sec) &&
            fraction(text, us));
}

/* What the zone is ahead of UTC, in minutes; the end of the text. */
static bool
zone(const char *text, int *minutes)
{
    bool is_behind = *text == '-';
    int hours, rest = 0;

    *minutes = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return true;
    if (!letter(&text, '+') && !letter(&text, '-') && !letter(&text, ' '))
        return false;
    if (!number(&text, 2, 0, 23, &hours))
        return false;
    if (*text != '\0' && ((*text == ':' && !letter(&text, ':')) ||
                          !number(&text, 2, 0, 59, &rest) || *text != '\0'))
        return false;
    *minutes = (hours * 60 + rest) * (is_behind ? -1 : 1);
    return true;
}

bool
wxs_time_read(const char *text, int64_t *us, bool *is_date)
{
    int fractional = 0, ahead = 0;
    struct tm tm;

    if (!date(&text, &tm))
        return false;
    *is_date = *text == '\0';
    if (!*is_date && ((*text != 'T' && *text != 't' && *text != ' ') ||
                      (text++, !time_of_day(&text, &tm, &fractional)) ||
                      !zone(text, &ahead)))
        return false;
    *us = ((int64_t)timegm(&tm) - (int64_t)ahead * 60) * US_PER_SECOND +
          fractional;
    return true;
}
