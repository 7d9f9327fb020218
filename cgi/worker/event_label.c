#include "event_label.h"

wxs_event_label
wxs_event_label_of(const wxs_event *event)
{
    wxs_event_label label = {WXS_VERDICT_UNKNOWN, "unclassified", -1, NULL,
                             NULL};

    if ((event->flags & WXS_EVENT_HEAD) != 0) {
        label.verdict = WXS_VERDICT_MACHINE;
        label.reason = "head_request";
    } else if ((event->flags & WXS_EVENT_PREFETCH) != 0) {
        label.verdict = WXS_VERDICT_MACHINE;
        label.reason = "prefetch_header";
    }
    return label;
}
