#ifndef WXS_SHARED_EVENT_PARTS_H
#define WXS_SHARED_EVENT_PARTS_H

#include <stddef.h>

#include "db.h"

/* Events for reading, across the partitions of DIR/events. The directory is the
 * catalogue: a partition is DIR/events/<id, 16 hexadecimal digits>.db, and
 * holds the events from that id on up to the next one's. Ids are in order of
 * collection. schema/parts has the tables; how a partition is written is known
 * to the worker alone.
 *
 * Partitions are opened when they are needed and kept open, some at a time. One
 * that is removed meanwhile is read to its end if it is open, else left out.
 * Nothing here is for more than one thread at a time. */
typedef struct wxs_event_parts wxs_event_parts;

typedef enum {
    WXS_VERDICT_UNKNOWN,
    WXS_VERDICT_HUMAN,
    WXS_VERDICT_PROXY,
    WXS_VERDICT_MACHINE
} wxs_verdict;

/* An event. What it points to is good until the scan goes on or ends. Texts
 * end in NUL; of any bytes, but always valid UTF-8 in events that this version
 * has collected. */
typedef struct {
    int64_t id;
    int64_t account; /* 0: unknown */
    int64_t domain;
    int type;               /* 'c', 'o', 'u' */
    int64_t at;             /* ms since 1970, of the event */
    const uint8_t *message; /* 16 bytes, NULL if there is none */
    const char *link;       /* NULL if there is none */
    size_t link_len;
    int64_t link_index;     /* -1 if there is none */
    const uint8_t *address; /* NULL if there is none */
    size_t address_len;     /* 16: address; 8: keyed hash of one */
    const char *agent;      /* NULL if there is none */
    size_t agent_len;
    int flags; /* WXS_EVENT_* of core/journal.h */
    int mode;  /* wxs_mode of core/token.h */
    wxs_verdict verdict;
    const char *reason;  /* never NULL */
    int certainty;       /* 0 to 100, -1 if not classified */
    const char *device;  /* NULL if not known */
    const char *country; /* two letters, NULL if not known */
} wxs_event_row;

/* Which events are wanted; all of the conditions hold. Zero asks for nothing.
 */
typedef struct {
    int64_t account;
    int64_t domain;         /* needs account */
    const uint8_t *message; /* 16 bytes, to live as long as the scan, or NULL */
    int type;
    unsigned verdicts; /* bits 1u << wxs_verdict; 0 = any */
    int64_t from_ms;   /* time of the event, inclusive */
    int64_t to_ms;     /* exclusive; 0 = open */
    int64_t after;     /* beyond this id, in the order of the scan; 0 = from the
                          first, or the last, there is */
    int64_t up_to;     /* ids up to this one only; 0 = any */
    bool ascending;    /* oldest first, else newest first */
    bool pauses;       /* tell of many events that were not wanted */
} wxs_event_filter;

/* A walk over the events that a filter wants. */
typedef struct wxs_event_scan wxs_event_scan;

/* dir is the state directory. A directory without partitions is one without
 * events. The caller closes it. */
bool wxs_event_parts_open(wxs_event_parts **parts, const char *dir,
                          wxs_error *error);
void wxs_event_parts_close(wxs_event_parts *parts); /* accepts NULL */

/* The id of the newest event; if there is none, the last one that there was; 0
 * if there never was any. */
bool wxs_event_parts_newest(wxs_event_parts *parts, int64_t *id,
                            wxs_error *error);

/* Up to which id the verdicts are final (and webhooks, roll-ups and unique
 * counts know the events), as counts.db has it. */
bool wxs_event_parts_final(wxs_event_parts *parts, int64_t *id,
                           wxs_error *error);

/* Begins a scan; parts must outlive it, and may have one scan at a time only.
 * The caller ends it. */
bool wxs_event_scan_begin(wxs_event_parts *parts,
                          const wxs_event_filter *filter, wxs_event_scan **scan,
                          wxs_error *error);

/* The next event: 1 with *row, 0 no more, -1 error filled; if the filter pauses
 * also 2: the last many events, some ten thousand at most, were not wanted,
 * call again to go on. Reads a bounded number of rows at a time and holds no
 * snapshot in between, so a scan may take as long as its reader likes. Events
 * that are collected meanwhile are met by an ascending scan that has not ended.
 */
int wxs_event_scan_next(wxs_event_scan *scan, const wxs_event_row **row,
                        wxs_error *error);

/* After a 2: the id that another scan would go on after. */
int64_t wxs_event_scan_place(const wxs_event_scan *scan);

void wxs_event_scan_end(wxs_event_scan *scan); /* accepts NULL */

/* "human" and so on. */
const char *wxs_verdict_name(wxs_verdict verdict);

/* The verdict of this name; false if there is none. */
bool wxs_verdict_parse(const char *name, wxs_verdict *verdict);

#endif
