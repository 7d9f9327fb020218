#ifndef WXS_WORKER_JOURNAL_DIR_H
#define WXS_WORKER_JOURNAL_DIR_H

#include "../../core/journal_read.h"
#include "db.h"

#define WXS_OPEN_SEGMENTS 256 /* the rest waits until some are finished */

/* A segment of the journal directory. */
typedef struct {
    wxs_journal_segment reader;
    uint64_t writer_id;
    uint64_t number;
    char name[48];
    bool unreadable; /* could not be opened: left alone for a while */
    bool resumed;    /* opened behind its beginning */
    bool stuck;      /* its removal failed, which was logged */
    bool finished;   /* all that was ever written has been read */
    uint64_t synced; /* written end at the last sync */
    uint64_t lost;   /* events found missing in the present batch */
} wxs_segment;

/* The open segments in order of writer and number. */
typedef struct {
    int fd; /* of the directory */
    char path[512];
    bool has_unsynced; /* names that may not survive a power loss */
    wxs_segment segments[WXS_OPEN_SEGMENTS];
    size_t count;
    uint64_t drained_ms;
} wxs_journal_dir;

/* Opens the directory, which is made if it is not there. */
bool wxs_journal_dir_open(wxs_journal_dir *dir, const char *path,
                          wxs_error *error);

/* Closes the directory and what is open in it. */
void wxs_journal_dir_close(wxs_journal_dir *dir);

/* Opens the segments that came since, where the partition says that reading
 * stopped. A file that is no segment is put aside, logged. When the path names
 * another directory than before and all of the former one has been read, the
 * other is gone on with. */
bool wxs_journal_dir_scan(wxs_journal_dir *dir, wxs_db *part, wxs_error *error);

/* Closes all segments: the next scan opens them at their stored positions. */
void wxs_journal_dir_reset(wxs_journal_dir *dir);

/* Once in a while: lets unreadable segments be tried again and removes what
 * writers left behind that died while making a segment. */
void wxs_journal_dir_tidy(wxs_journal_dir *dir);

/* Makes what was written so far, and the names of the segments, survive a
 * power loss. */
bool wxs_journal_dir_sync(wxs_journal_dir *dir, wxs_error *error);

/* Removes the files of the finished segments; a damaged one is put aside and
 * logged. Their rows in the partition stay. What cannot be removed now is tried
 * again by the next call. */
void wxs_journal_dir_retire(wxs_journal_dir *dir);

/* Tells readers of the metrics how far reading has come; drained_ms as in
 * wxs_journal_mark, 0 to keep the former. Failure harms nothing else. */
void wxs_journal_dir_mark(wxs_journal_dir *dir, uint64_t drained_ms);

/* Deletes the rows of the partition whose segment is gone for good. */
bool wxs_journal_dir_forget(const wxs_journal_dir *dir, wxs_db *part,
                            wxs_error *error);

#endif
