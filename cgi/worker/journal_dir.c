#include "journal_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../core/journal_mark.h"
#include "log.h"

#define STALE_S     60  /* a writer makes a segment in far less */
#define FORGET_MAX  256 /* rows at once */
#define NEW_SUFFIX  ".wxj.new"
#define ASIDE       ".damaged"
#define NAME_FORMAT "%016" PRIx64 "-%08" PRIu64 ".wxj"

_Static_assert(WXS_OPEN_SEGMENTS <= WXS_JOURNAL_PLACES_MAX,
               "a mark has room for all open segments");

static int
open_path(const char *path, wxs_error *error)
{
    int fd;

    if (mkdir(path, 0770) == -1 && errno != EEXIST) {
        (void)wxs_fail(error, "cannot create %s: %s", path, strerror(errno));
        return -1;
    }
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1)
        (void)wxs_fail(error, "cannot open %s: %s", path, strerror(errno));
    return fd;
}

bool
wxs_journal_dir_open(wxs_journal_dir *dir, const char *path, wxs_error *error)
{
    dir->count = 0;
    dir->has_unsynced = true;
    dir->drained_ms = 0;
    dir->fd = -1;
    if (strlen(path) >= sizeof dir->path)
        return wxs_fail(error, "the path %s is too long", path);
    memcpy(dir->path, path, strlen(path) + 1);
    dir->fd = open_path(path, error);
    return dir->fd != -1;
}

void
wxs_journal_dir_reset(wxs_journal_dir *dir)
{
    for (size_t i = 0; i < dir->count; i++)
        if (!dir->segments[i].unreadable)
            wxs_journal_segment_close(&dir->segments[i].reader);
    dir->count = 0;
}

void
wxs_journal_dir_close(wxs_journal_dir *dir)
{
    wxs_journal_dir_reset(dir);
    if (dir->fd != -1)
        (void)close(dir->fd);
    dir->fd = -1;
}

/* ---- finding segments ---- */

static int
is_segment(const struct dirent *entry)
{
    uint64_t writer, number;

    return wxs_journal_name_parse(entry->d_name, &writer, &number);
}

static bool
stored_position(wxs_db *events, const wxs_segment *segment, uint64_t *position,
                wxs_error *error)
{
    static const char sql[] =
        "SELECT position FROM segments WHERE writer = ?1 AND segment = ?2";
    sqlite3_stmt *statement = wxs_db_prepare(events, sql, error);
    int row;

    *position = 0;
    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)segment->writer_id);
    sqlite3_bind_int64(statement, 2, (int64_t)segment->number);
    row = wxs_db_step(events, statement, error);
    if (row == 1)
        *position = (uint64_t)sqlite3_column_int64(statement, 0);
    wxs_db_done(statement);
    return row >= 0;
}

static bool
put_aside(const wxs_journal_dir *dir, const char *name)
{
    char aside[sizeof((wxs_segment *)0)->name + sizeof ASIDE];

    (void)snprintf(aside, sizeof aside, "%s" ASIDE, name);
    return renameat(dir->fd, name, dir->fd, aside) == 0;
}

/* Opens a segment; false if there is none to add. */
static bool
open_segment(const wxs_journal_dir *dir, wxs_segment *segment,
             uint64_t position)
{
    wxs_status status = wxs_journal_segment_open(&segment->reader, dir->fd,
                                                 segment->name, position);

    segment->resumed = position > 0;
    if (status == WXS_OK)
        return true;
    if (status == WXS_IO && errno == ENOENT)
        return false;
    wxs_log(WXS_LOG_ERROR, "cannot read a journal segment", "segment",
            segment->name, "reason",
            status == WXS_IO ? strerror(errno) : wxs_status_text(status), NULL);
    if (status == WXS_BAD_FORMAT && put_aside(dir, segment->name))
        return false;
    segment->unreadable = true;
    return true;
}

/* Where the name is or belongs; *found tells which. */
static size_t
place(const wxs_journal_dir *dir, const char *name, bool *found)
{
    size_t i = 0;
    int order = 1;

    while (i < dir->count && (order = strcmp(dir->segments[i].name, name)) < 0)
        i++;
    *found = i < dir->count && order == 0;
    return i;
}

static bool
add_segment(wxs_journal_dir *dir, const char *name, wxs_db *events,
            wxs_error *error)
{
    wxs_segment segment = {0};
    uint64_t position;
    bool found;
    size_t i = place(dir, name, &found);

    if (found || strlen(name) >= sizeof segment.name ||
        dir->count == WXS_OPEN_SEGMENTS ||
        !wxs_journal_name_parse(name, &segment.writer_id, &segment.number))
        return true;
    memcpy(segment.name, name, strlen(name) + 1);
    if (!stored_position(events, &segment, &position, error))
        return false;
    if (!open_segment(dir, &segment, position))
        return true;
    memmove(&dir->segments[i + 1], &dir->segments[i],
            (dir->count - i) * sizeof segment);
    dir->segments[i] = segment;
    dir->count++;
    dir->has_unsynced = true;
    return true;
}

/* Has somebody put another directory in the place of this one, or none? */
static bool
is_replaced(const wxs_journal_dir *dir)
{
    struct stat here, there;

    if (stat(dir->path, &here) == -1)
        return errno == ENOENT;
    return fstat(dir->fd, &there) == 0 &&
           (here.st_ino != there.st_ino || here.st_dev != there.st_dev);
}

static bool
reopen(wxs_journal_dir *dir, wxs_error *error)
{
    int fd = open_path(dir->path, error);

    if (fd == -1)
        return false;
    wxs_log(WXS_LOG_WARN, "the journal directory was replaced", "path",
            dir->path, NULL);
    (void)close(dir->fd);
    dir->fd = fd;
    dir->has_unsynced = true;
    return true;
}

bool
wxs_journal_dir_scan(wxs_journal_dir *dir, wxs_db *events, wxs_error *error)
{
    struct dirent **names;
    bool ok = true;
    int count = scandirat(dir->fd, ".", &names, is_segment, alphasort);

    if (count == -1)
        return wxs_fail(error, "cannot list the journal: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
        ok = ok && add_segment(dir, names[i]->d_name, events, error);
        free(names[i]);
    }
    free(names);
    if (ok && dir->count == 0 && is_replaced(dir))
        return reopen(dir, error);
    return ok;
}

/* ---- giving segments up ---- */

static void
drop(wxs_journal_dir *dir, size_t i)
{
    if (!dir->segments[i].unreadable)
        wxs_journal_segment_close(&dir->segments[i].reader);
    dir->count--;
    memmove(&dir->segments[i], &dir->segments[i + 1],
            (dir->count - i) * sizeof dir->segments[0]);
}

/* Damaged places of a segment that has been read to its end. A reader that went
 * on where a killed one stopped did not see those before. */
static uint64_t
damaged_places(const wxs_journal_dir *dir, const wxs_segment *segment)
{
    wxs_journal_segment again;
    uint64_t damaged = segment->reader.damaged;
    wxs_event event;

    if (segment->resumed &&
        wxs_journal_segment_open(&again, dir->fd, segment->name, 0) == WXS_OK) {
        while (wxs_journal_next(&again, &event) == WXS_OK)
            continue;
        damaged = again.damaged;
        wxs_journal_segment_close(&again);
    }
    return damaged;
}

static bool
remove_segment(const wxs_journal_dir *dir, const wxs_segment *segment)
{
    uint64_t damaged = damaged_places(dir, segment);
    char places[24];

    if (damaged == 0)
        return unlinkat(dir->fd, segment->name, 0) == 0 || errno == ENOENT;
    if (!put_aside(dir, segment->name))
        return errno == ENOENT;
    (void)snprintf(places, sizeof places, "%" PRIu64, damaged);
    wxs_log(WXS_LOG_ERROR, "a journal segment is damaged and was put aside",
            "segment", segment->name, "places", places, NULL);
    return true;
}

void
wxs_journal_dir_retire(wxs_journal_dir *dir)
{
    for (size_t i = dir->count; i-- > 0;) {
        wxs_segment *segment = &dir->segments[i];

        if (!segment->finished)
            continue;
        if (remove_segment(dir, segment)) {
            drop(dir, i);
            continue;
        }
        if (!segment->stuck)
            wxs_log(WXS_LOG_ERROR, "cannot remove a journal segment", "segment",
                    segment->name, "reason", strerror(errno), NULL);
        segment->stuck = true;
    }
}

/* A row of segments whose file is not there. */
struct gone {
    int64_t writer;
    int64_t number;
};

static bool
find_gone(const wxs_journal_dir *dir, wxs_db *events, struct gone *gone,
          size_t *count, wxs_error *error)
{
    static const char sql[] = "SELECT writer, segment FROM segments";
    sqlite3_stmt *statement = wxs_db_prepare(events, sql, error);
    char name[sizeof((wxs_segment *)0)->name];
    int row = 0;

    *count = 0;
    if (statement == NULL)
        return false;
    while (*count < FORGET_MAX &&
           (row = wxs_db_step(events, statement, error)) == 1) {
        gone[*count].writer = sqlite3_column_int64(statement, 0);
        gone[*count].number = sqlite3_column_int64(statement, 1);
        (void)snprintf(name, sizeof name, NAME_FORMAT,
                       (uint64_t)gone[*count].writer,
                       (uint64_t)gone[*count].number);
        if (faccessat(dir->fd, name, F_OK, 0) == -1 && errno == ENOENT)
            (*count)++;
    }
    wxs_db_done(statement);
    return row >= 0;
}

static bool
delete_row(wxs_db *events, const struct gone *gone, wxs_error *error)
{
    static const char sql[] =
        "DELETE FROM segments WHERE writer = ?1 AND segment = ?2";
    sqlite3_stmt *statement = wxs_db_prepare(events, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, gone->writer);
    sqlite3_bind_int64(statement, 2, gone->number);
    return wxs_db_run(events, statement, error);
}

static bool
delete_rows(wxs_db *events, const struct gone *gone, size_t count,
            wxs_error *error)
{
    bool ok = wxs_db_begin(events, error);

    for (size_t i = 0; ok && i < count; i++)
        ok = delete_row(events, &gone[i], error);
    if (ok && wxs_db_commit(events, error))
        return true;
    wxs_db_rollback(events);
    return false;
}

bool
wxs_journal_dir_forget(const wxs_journal_dir *dir, wxs_db *events,
                       wxs_error *error)
{
    struct gone gone[FORGET_MAX];
    size_t count;

    do {
        if (!find_gone(dir, events, gone, &count, error))
            return false;
        /* else a power loss could bring a file back whose row is gone */
        if (count > 0 && fsync(dir->fd) == -1)
            return wxs_fail(error, "cannot sync the journal: %s",
                            strerror(errno));
        if (count > 0 && !delete_rows(events, gone, count, error))
            return false;
    } while (count == FORGET_MAX);
    return true;
}

/* ---- upkeep ---- */

/* Removes a file that its writer had not renamed yet when it died. One that is
 * just being made has no lock for an instant, hence the age. */
static void
remove_stale(const wxs_journal_dir *dir, const char *name)
{
    int fd =
        openat(dir->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd == -1)
        return;
    if (fstat(fd, &st) == 0 && time(NULL) - st.st_mtime >= STALE_S &&
        flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(dir->fd, name, 0) == 0)
        wxs_log(WXS_LOG_INFO, "removed an unfinished journal segment",
                "segment", name, NULL);
    (void)close(fd);
}

static int
is_unfinished(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name), end = sizeof NEW_SUFFIX - 1;

    return len > end && strcmp(entry->d_name + len - end, NEW_SUFFIX) == 0;
}

void
wxs_journal_dir_tidy(wxs_journal_dir *dir)
{
    struct dirent **names;
    int count = scandirat(dir->fd, ".", &names, is_unfinished, alphasort);

    for (int i = 0; i < count; i++) {
        remove_stale(dir, names[i]->d_name);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    for (size_t i = dir->count; i-- > 0;)
        if (dir->segments[i].unreadable)
            drop(dir, i);
}

static bool
sync_segment(wxs_segment *segment)
{
    uint64_t written;

    if (segment->unreadable || segment->finished)
        return true;
    written = wxs_journal_written(&segment->reader);
    if (written == segment->synced)
        return true;
    if (wxs_journal_sync(&segment->reader) != WXS_OK)
        return false;
    segment->synced = written;
    return true;
}

bool
wxs_journal_dir_sync(wxs_journal_dir *dir, wxs_error *error)
{
    bool ok = true;

    for (size_t i = 0; i < dir->count; i++)
        if (!sync_segment(&dir->segments[i]))
            ok = wxs_fail(error, "cannot sync journal segment %s: %s",
                          dir->segments[i].name, strerror(errno));
    if (dir->has_unsynced && fsync(dir->fd) == -1)
        return wxs_fail(error, "cannot sync the journal: %s", strerror(errno));
    dir->has_unsynced = false;
    return ok;
}

void
wxs_journal_dir_mark(wxs_journal_dir *dir, uint64_t drained_ms)
{
    wxs_journal_mark mark = {.count = 0};

    if (drained_ms > dir->drained_ms)
        dir->drained_ms = drained_ms;
    mark.drained_ms = dir->drained_ms;
    for (size_t i = 0; i < dir->count; i++) {
        const wxs_segment *segment = &dir->segments[i];

        if (segment->unreadable)
            continue;
        mark.places[mark.count++] = (wxs_journal_place){
            segment->writer_id, segment->number,
            segment->finished ? UINT64_MAX
                              : wxs_journal_position(&segment->reader)};
    }
    (void)wxs_journal_mark_write(dir->fd, &mark);
}
