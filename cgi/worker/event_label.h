#ifndef WXS_WORKER_EVENT_LABEL_H
#define WXS_WORKER_EVENT_LABEL_H

#include "../../core/journal.h"
#include "event_parts.h"

/* What is thought of an event. Texts are constants: they are stored once. */
typedef struct {
    wxs_verdict verdict;
    const char *reason;  /* never NULL */
    int certainty;       /* of the verdict, 0 to 100; -1 = none */
    const char *device;  /* family; NULL = not known */
    const char *country; /* two letters; NULL = not known */
} wxs_event_label;

/* What the request itself tells. */
wxs_event_label wxs_event_label_of(const wxs_event *event);

#endif
