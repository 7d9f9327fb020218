#ifndef WXS_SHARED_EVENT_PART_FILES_H
#define WXS_SHARED_EVENT_PART_FILES_H

#include "event_parts.h"

/* The partitions themselves: for the scan of event_parts.h, and for those who
 * read many events with a statement of their own. */

typedef struct {
    int64_t first_id;
    int64_t last_id;  /* the greatest that it may ever have */
    wxs_db *db;       /* NULL unless open */
    uint64_t used;    /* when, by parts->clock */
    bool sealed;      /* as known when it was last looked at */
    int64_t first_at; /* if sealed: times of its events */
    int64_t last_at;
} wxs_event_part;

struct wxs_event_parts {
    char dir[400];
    wxs_event_part *part; /* ascending */
    size_t count;
    size_t open;
    uint64_t clock;
    wxs_db *counts; /* NULL until it is asked for */
};

/* Reads the directory again. Closes what is gone. */
bool wxs_event_parts_refresh(wxs_event_parts *parts, wxs_error *error);

/* Which partition may have the id: the last one that begins at or before it, or
 * the first of all; count must not be 0. */
size_t wxs_event_parts_find(const wxs_event_parts *parts, int64_t id);

/* Opens a partition: 1 it is open, and stays so until others are used or the
 * directory is read again; 0 it is gone; -1 error filled. */
int wxs_event_parts_use(wxs_event_parts *parts, size_t i, wxs_error *error);

#endif
