#include "schedule.h"

#include <string.h>

#include "config_value.h"

void
wxs_schedule_read(const wxs_config *config, wxs_schedule *schedule)
{
    static const wxs_value_bounds any = {.max = INT64_MAX / 1000};
    char copy[sizeof(config->webhook.schedule)];
    char *rest = copy;
    const char *item;
    int64_t ms;

    memcpy(copy, config->webhook.schedule, sizeof(copy));
    *schedule = (wxs_schedule){0};
    while ((item = strsep(&rest, " ")) != NULL &&
           schedule->count < WXS_SCHEDULE_MAX) {
        if (wxs_value_duration(item, &any, &ms))
            schedule->pause_us[schedule->count++] = ms * 1000;
    }
    if (schedule->count == 0) /* what the settings' parser rules out */
        schedule->count = 1;
}
