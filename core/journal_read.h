#ifndef WXS_CORE_JOURNAL_READ_H
#define WXS_CORE_JOURNAL_READ_H

#include <stdbool.h>

#include "journal.h"

/* A segment mapped for reading. Another process may be writing it. */
typedef struct {
    int fd;
    const uint8_t *map;
    size_t map_size;
    size_t size; /* of the segment, as far as the file has it */
    uint32_t crc_seed;
    uint64_t writer_id;
    uint64_t segment_number;
    uint64_t damaged; /* places that could not be read */
    uint64_t position;
    bool owner_gone;
} wxs_journal_segment;

/* Opens and checks a segment; of one cut short what is left is read, and one
 * with a damaged header is read by what its name says. offset 0 means its
 * beginning, else a position got from wxs_journal_position(). WXS_IO,
 * WXS_BAD_FORMAT, WXS_BAD_VERSION. */
wxs_status wxs_journal_segment_open(wxs_journal_segment *segment, int dir_fd,
                                    const char *name, uint64_t offset);

/* The next committed event; its strings point into the mapping and are valid
 * until the segment is closed. WXS_END: none for now (ask again), or none ever
 * again if wxs_journal_finished(). A record that fails its CRC is never
 * returned: reading goes on at the next one that does not, once nothing can
 * change there any more, because the writer has gone past it or is gone. */
wxs_status wxs_journal_next(wxs_journal_segment *segment, wxs_event *event);

/* Where reading would go on; to be stored together with the events. */
uint64_t wxs_journal_position(const wxs_journal_segment *segment);

/* True when the last wxs_journal_next() said WXS_END and nothing can follow:
 * the segment is sealed, or its owner is gone. */
bool wxs_journal_finished(const wxs_journal_segment *segment);

/* How far the owner has written, as it says itself: a hint that grows with each
 * record. */
uint64_t wxs_journal_written(const wxs_journal_segment *segment);

/* The sequence number of the last event, recorded or not, that the owner had
 * when it sealed the segment: what is missing up to it was lost. False if that
 * is not known. */
bool wxs_journal_last_sequence(const wxs_journal_segment *segment,
                               uint64_t *sequence);

/* fdatasync() of the file: what was committed before survives power loss. */
wxs_status wxs_journal_sync(const wxs_journal_segment *segment);

void wxs_journal_segment_close(wxs_journal_segment *segment);

/* Is this the name of a segment? Fills writer id and number if so. A directory
 * read while a writer makes segments may show a later one of it and lack an
 * earlier one: whoever counts gaps in the sequence takes them by number and
 * reads the directory again at a hole. */
bool wxs_journal_name_parse(const char *name, uint64_t *writer_id,
                            uint64_t *segment_number);

#endif
