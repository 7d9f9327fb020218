#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "service.h"

#define GROUP_MAX 64 /* changes in one commit */

/* Changes that are committed together, because their threads came while one of
 * them had its turn: the wait for the disk is the same for one as for all. */
typedef struct {
    pthread_cond_t end;
    size_t members; /* that wait for the commit */
    bool has_ended;
    bool ok;
    wxs_error error;
} group;

struct writer {
    pthread_mutex_t lock; /* whoever has it has its turn */
    atomic_uint waiting;  /* for a turn */
    group *open;          /* changed, but not yet committed */
    wxs_db *db;
};

static struct writer writers[] = {
    [WXS_DB_CONTROL] = {.lock = PTHREAD_MUTEX_INITIALIZER},
    [WXS_DB_EVENTS] = {.lock = PTHREAD_MUTEX_INITIALIZER},
    [WXS_DB_REQUESTS] = {.lock = PTHREAD_MUTEX_INITIALIZER},
};

bool
wxs_write_open(const char *dir, bool uses_events, wxs_error *error)
{
    if (wxs_db_open(&writers[WXS_DB_CONTROL].db, dir, WXS_DB_CONTROL,
                    WXS_DB_WRITE, error) &&
        wxs_db_open(&writers[WXS_DB_REQUESTS].db, dir, WXS_DB_REQUESTS,
                    WXS_DB_WRITE, error) &&
        (!uses_events || wxs_db_open(&writers[WXS_DB_EVENTS].db, dir,
                                     WXS_DB_EVENTS, WXS_DB_WRITE, error)))
        return true;
    wxs_write_close();
    return false;
}

void
wxs_write_close(void)
{
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
        wxs_db_close(writers[i].db);
        writers[i].db = NULL;
    }
}

bool
wxs_write_is_open(wxs_db_kind kind)
{
    return writers[kind].db != NULL;
}

/* Begins the transaction, if the turn before has left none, and in it this
 * turn's part, which can be taken back alone. */
static bool
begin_turn(struct writer *writer, wxs_error *error)
{
    if (writer->db == NULL)
        return wxs_fail(error, "the database is not open for writing");
    if (writer->open == NULL) {
        if (!wxs_db_begin(writer->db, error))
            return false;
        writer->open = calloc(1, sizeof(*writer->open));
        if (writer->open == NULL) {
            wxs_db_rollback(writer->db);
            return wxs_fail(error, "out of memory");
        }
        (void)pthread_cond_init(&writer->open->end, NULL);
    }
    return wxs_db_savepoint(writer->db, error);
}

/* Is there somebody who waits for a turn, and will commit the group? An error
 * of the disk may have ended its transaction, which is then for all to know. */
static bool
goes_on(struct writer *writer)
{
    return writer->open->members > 0 && writer->open->members < GROUP_MAX &&
           atomic_load(&writer->waiting) > 0 &&
           wxs_db_in_transaction(writer->db);
}

/* Commits the group, unless it goes on. */
static void
end_turn(struct writer *writer)
{
    group *g = writer->open;

    if (g == NULL || goes_on(writer))
        return;
    writer->open = NULL;
    if (g->members == 0) {
        wxs_db_rollback(writer->db);
        (void)pthread_cond_destroy(&g->end);
        free(g);
        return;
    }
    g->ok = wxs_db_commit(writer->db, &g->error);
    if (!g->ok)
        wxs_db_rollback(writer->db);
    g->has_ended = true;
    (void)pthread_cond_broadcast(&g->end);
}

wxs_db *
wxs_write_begin(wxs_db_kind kind, wxs_error *error)
{
    struct writer *writer = &writers[kind];

    atomic_fetch_add(&writer->waiting, 1);
    pthread_mutex_lock(&writer->lock);
    atomic_fetch_sub(&writer->waiting, 1);
    if (begin_turn(writer, error))
        return writer->db;
    end_turn(writer);
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

static struct writer *
writer_of(const wxs_db *db)
{
    size_t kind = WXS_DB_CONTROL;

    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
        if (writers[i].db == db)
            kind = i;
    }
    return &writers[kind];
}

/* Waits until the group has ended; the last one frees it. */
static bool
wait_for_end(struct writer *writer, group *g, wxs_error *error)
{
    bool ok;

    while (!g->has_ended)
        (void)pthread_cond_wait(&g->end, &writer->lock);
    ok = g->ok;
    if (!ok)
        wxs_fail(error, "%s", g->error.text);
    if (--g->members == 0) {
        (void)pthread_cond_destroy(&g->end);
        free(g);
    }
    return ok;
}

bool
wxs_write_commit(wxs_db *db, wxs_error *error)
{
    struct writer *writer = writer_of(db);
    group *g = writer->open;
    bool ok = wxs_db_release(db, error);

    if (ok) {
        g->members++;
        end_turn(writer);
        ok = wait_for_end(writer, g, error);
    } else {
        wxs_db_rollback_to_savepoint(db);
        end_turn(writer);
    }
    pthread_mutex_unlock(&writer->lock);
    return ok;
}

void
wxs_write_abort(wxs_db *db)
{
    struct writer *writer = writer_of(db);

    wxs_db_rollback_to_savepoint(db);
    end_turn(writer);
    pthread_mutex_unlock(&writer->lock);
}
