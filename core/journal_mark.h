#ifndef WXS_CORE_JOURNAL_MARK_H
#define WXS_CORE_JOURNAL_MARK_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* The file "collected" of the journal directory: how far the collector has
 * come. It only informs: what is stored decides what is read. Little-endian:
 *
 *   offset  size  field
 *   0       8     "WXMARK01"
 *   8       4     CRC-32C of all bytes behind it
 *   12      4     number of places
 *   16      8     drained, ms since 1970
 *   24            places: writer id, segment number, position, 8 bytes each */

#define WXS_JOURNAL_MARK_NAME  "collected"
#define WXS_JOURNAL_PLACES_MAX 256
#define WXS_JOURNAL_LAG_ENTRIES                                                \
    16384 /* of the directory that are looked at                               \
           */

typedef struct {
    uint64_t writer_id;
    uint64_t segment_number;
    uint64_t position; /* up to here the segment was read */
} wxs_journal_place;

typedef struct {
    uint64_t drained_ms; /* all events that came before are collected */
    size_t count;
    wxs_journal_place places[WXS_JOURNAL_PLACES_MAX]; /* of open segments */
} wxs_journal_mark;

typedef struct {
    uint64_t bytes; /* of the journal that are not collected yet */
    uint64_t ms;    /* how long some of them may have been waiting */
} wxs_journal_lag;

/* Replaces the mark in place; for the collector alone. WXS_IO, WXS_FULL. */
wxs_status wxs_journal_mark_write(int dir_fd, const wxs_journal_mark *mark);

/* WXS_IO (errno ENOENT: there is none), WXS_BAD_FORMAT. */
wxs_status wxs_journal_mark_read(int dir_fd, wxs_journal_mark *mark);

/* Compares what is in the directory with the mark, by a look at each segment's
 * header. now_ms: since 1970. Errors as of wxs_journal_mark_read(). */
wxs_status wxs_journal_lag_measure(const char *directory, uint64_t now_ms,
                                   wxs_journal_lag *lag);

#endif
