#include "renewal.h"

#include <stddef.h>

#define MINUTE     INT64_C(60000000)
#define HOUR       (60 * MINUTE)
#define DAY        (24 * HOUR)
#define MARGIN_MAX (30 * DAY)

/* 0 to span, as chance has it. */
static int64_t
part_of(int64_t span, uint32_t chance)
{
    return (int64_t)((double)span * chance / UINT32_MAX + 0.5);
}

int64_t
wxs_renewal_at(int64_t not_before, int64_t not_after, int64_t issued_at,
               uint32_t chance)
{
    int64_t margin = (not_after - not_before) / 3;
    int64_t at;

    if (margin > MARGIN_MAX)
        margin = MARGIN_MAX;
    at = not_after - margin - part_of(margin / 10, chance);
    return at > issued_at ? at : issued_at + (not_after - issued_at) / 2;
}

int64_t
wxs_renewal_pause(int failures, uint32_t chance)
{
    static const int64_t pauses[] = {5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR,
                                     6 * HOUR,   12 * HOUR,   DAY};
    const int count = sizeof pauses / sizeof pauses[0];
    int64_t pause = pauses[failures < 1       ? 0
                           : failures > count ? count - 1
                                              : failures - 1];

    return pause + part_of(pause / 10, chance);
}
