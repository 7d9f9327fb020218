#ifndef WXS_DELIVER_INTAKE_H
#define WXS_DELIVER_INTAKE_H

#include <libpsl.h>

#include "event_parts.h"
#include "schedule.h"

/* Brings into the queue what webhooks are to be told of: the rows of
 * control.db's outbox, and events once their verdict is final.
 * Each is queued exactly once, whenever the process is killed:
 *
 * - A row of the outbox is deleted after the commit that queues it. Killed in
 *   between, the next one finds its message in the queue and adds nothing.
 * - How far events have been read is part of the commit that queues what was
 *   read. They are only read, so collecting them knows nothing of it. Events of
 *   a partition that is dropped before they were queued are not told. */
typedef struct {
    wxs_db *control; /* for writing */
    wxs_db *events;  /* for reading: messages */
    wxs_db *counts;  /* for reading: which events are final */
    wxs_event_parts *parts;
    wxs_db *queue; /* for writing */
    const psl_ctx_t *psl;
    const wxs_schedule *schedule;
    unsigned verdicts; /* of events that are told: bits 1u << wxs_verdict */
    int64_t event;     /* the last one that is queued, -1 = not yet known */
} wxs_intake;

/* Reads how far events are queued; at the first start of all, those that there
 * are count as told. */
bool wxs_intake_begin(wxs_intake *intake, wxs_error *error);

/* Queues a batch of the outbox; *more says that there may be another. */
bool wxs_intake_outbox(wxs_intake *intake, int64_t now, bool *more,
                       wxs_error *error);

/* Queues a batch of events. *next is when to look again even if counts.db does
 * not change: now if there is more, else INT64_MAX. */
bool wxs_intake_events(wxs_intake *intake, int64_t now, int64_t *next,
                       wxs_error *error);

#endif
