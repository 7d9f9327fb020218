#ifndef WXS_CORE_JOURNAL_WRITE_H
#define WXS_CORE_JOURNAL_WRITE_H

#include "journal.h"

/* One writer is one nginx worker. Appending makes no system call, unless what
 * it needs was not prepared: the first segment, and segments and pages where
 * events come faster than wxs_journal_writer_tend() looks after them. */
typedef struct {
    char directory[512];
    size_t segment_size;
    uint64_t writer_id;
    uint64_t segment_number; /* of the open segment; 0 = none was made yet */
    uint64_t sequence;       /* of the last event, recorded or dropped */
    uint64_t dropped;
    uint64_t bytes;    /* of records written */
    uint64_t retry_ms; /* no new segment is tried before this time */
    int fd;            /* -1 = no open segment */
    uint8_t *map;
    size_t end;       /* where the next record goes */
    size_t ready_end; /* the page cache holds the segment up to here */
    uint32_t crc_seed;
    int next_fd; /* of the segment prepared to follow, -1 = none */
    uint8_t *next_map;
    _Alignas(8) uint8_t draft[WXS_JOURNAL_RECORD_MAX]; /* of a record */
} wxs_journal_writer;

/* Prepares a writer with a random id; touches no file. segment_size is rounded
 * up to whole pages, at least WXS_JOURNAL_SEGMENT_MIN. WXS_TOO_LONG for the
 * directory's name, WXS_IO if the system has no random bytes. */
wxs_status wxs_journal_writer_init(wxs_journal_writer *writer,
                                   const char *directory, size_t segment_size);

/* Writes one event; after WXS_OK it survives the death of this process. On any
 * error the event is counted in dropped (and as a gap in the sequence): the
 * caller goes on with its answer. A failed segment creation is not repeated
 * for one second of event->time_ms. WXS_IO, WXS_FULL (disk), WXS_TOO_LONG. */
wxs_status wxs_journal_append(wxs_journal_writer *writer,
                              const wxs_event *event);

/* To be called between events, a few times a second; time_ms as in events. Does
 * what blocks, for tenths of a millisecond, ahead of need: leaves the open
 * segment if its directory was removed or replaced, has the pages behind its
 * end ready, and makes the next one once the open one is half full. On errors,
 * WXS_IO or WXS_FULL, there is just no segment prepared. */
wxs_status wxs_journal_writer_tend(wxs_journal_writer *writer,
                                   uint64_t time_ms);

/* Seals the open segment and gives it up; removes the one prepared. */
void wxs_journal_writer_close(wxs_journal_writer *writer);

#endif
