#include <pthread.h>

#include "service.h"

struct writer {
    pthread_mutex_t lock;
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

wxs_db *
wxs_write_begin(wxs_db_kind kind, wxs_error *error)
{
    struct writer *writer = &writers[kind];

    pthread_mutex_lock(&writer->lock);
    if (writer->db == NULL)
        wxs_fail(error, "the database is not open for writing");
    else if (wxs_db_begin(writer->db, error))
        return writer->db;
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

static void
unlock(const wxs_db *db)
{
    size_t kind = WXS_DB_CONTROL;

    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
        if (writers[i].db == db)
            kind = i;
    }
    pthread_mutex_unlock(&writers[kind].lock);
}

bool
wxs_write_commit(wxs_db *db, wxs_error *error)
{
    bool ok = wxs_db_commit(db, error);

    if (!ok)
        wxs_db_rollback(db);
    unlock(db);
    return ok;
}

void
wxs_write_abort(wxs_db *db)
{
    wxs_db_rollback(db);
    unlock(db);
}
