#ifndef WXS_STORE_WRITERS_H
#define WXS_STORE_WRITERS_H

#include "db.h"
#include "journal_dir.h"

/* Rows of the newest partition about those who write the journal. */

/* A row of writers. */
typedef struct {
    uint64_t sequence; /* the last one seen */
    uint64_t lost;
} wxs_writer;

/* The row of this writer; zeros if there is none. */
bool wxs_writer_read(wxs_db *part, uint64_t id, wxs_writer *writer,
                     wxs_error *error);
bool wxs_writer_save(wxs_db *part, uint64_t id, const wxs_writer *writer,
                     wxs_error *error);

/* Saves how far the segment has been read. */
bool wxs_position_save(wxs_db *part, const wxs_segment *segment,
                       wxs_error *error);

/* Sums up the writers that nothing was heard of for a week in the row of writer
 * 0; a transaction of its own. One that lives on all the same, idle, would be
 * believed to have lost what it wrote before; but its open segment has a row.
 */
bool wxs_writers_forget(wxs_db *part, wxs_error *error);

#endif
