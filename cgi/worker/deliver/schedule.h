#ifndef WXS_DELIVER_SCHEDULE_H
#define WXS_DELIVER_SCHEDULE_H

#include "config.h"

#define WXS_SCHEDULE_MAX 128

/* The pauses before the attempts of a delivery: the first from the event on,
 * each further one from the failure before it. */
typedef struct {
    size_t count; /* at least 1 */
    int64_t pause_us[WXS_SCHEDULE_MAX];
} wxs_schedule;

/* From webhook.schedule. */
void wxs_schedule_read(const wxs_config *config, wxs_schedule *schedule);

#endif
