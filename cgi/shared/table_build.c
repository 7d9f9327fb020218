#include "table_build.h"

#include <errno.h>
#include <string.h>

#include "table_entry.h"
#include "table_killed.h"
#include "table_secrets.h"

#define PROGRESS_STEP 10000 /* entries */

typedef struct {
    wxs_table_progress *report;
    uint64_t done;
    uint64_t total;
} progress;

bool
wxs_table_newest_change(wxs_db *control, uint64_t *sequence, wxs_error *error)
{
    static const char sql[] =
        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence "
        "WHERE name = 'changes'";
    sqlite3_stmt *statement = wxs_db_prepare(control, sql, error);
    int row;

    if (statement == NULL)
        return false;
    row = wxs_db_step(control, statement, error);
    if (row == 1)
        *sequence = (uint64_t)sqlite3_column_int64(statement, 0);
    wxs_db_done(statement);
    return row == 1;
}

/* Begins reading a snapshot in which no link secret is missing. */
static bool
begin_snapshot(wxs_db *control, const wxs_seal_key *link_key, wxs_error *error)
{
    int64_t domain;
    size_t missing;

    for (;;) {
        if (!wxs_table_secrets_supply(control, link_key, NULL, error) ||
            !wxs_db_begin_read(control, error))
            return false;
        if (!wxs_table_secrets_missing(control, NULL, &domain, 1, &missing,
                                       error)) {
            wxs_db_end_read(control);
            return false;
        }
        if (missing == 0)
            return true;
        wxs_db_end_read(control);
    }
}

/* As if no two links had the same URL: to sort all of them out would take
 * longer than to build the table, which is trimmed when it is whole. */
static bool
measure(wxs_db *control, wxs_table_capacity *capacity, wxs_error *error)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM tracking_hosts "
        "WHERE verified_at IS NOT NULL), count(*), "
        "coalesce(sum(length(url)), 0), "
        "(SELECT count(*) FROM killed_messages) FROM links";
    sqlite3_stmt *statement = wxs_db_prepare(control, sql, error);
    int row;

    if (statement == NULL)
        return false;
    row = wxs_db_step(control, statement, error);
    if (row == 1) {
        capacity->hosts = (uint64_t)sqlite3_column_int64(statement, 0);
        capacity->links = (uint64_t)sqlite3_column_int64(statement, 1);
        capacity->urls = capacity->links;
        capacity->url_bytes = (uint64_t)sqlite3_column_int64(statement, 2);
        capacity->killed = (uint64_t)sqlite3_column_int64(statement, 3);
    }
    wxs_db_done(statement);
    return row == 1;
}

static void
step(void *data)
{
    progress *state = data;

    state->done++;
    if (state->report != NULL && state->done % PROGRESS_STEP == 0)
        state->report(state->done, state->total);
}

static wxs_status
put_hosts(wxs_table_writer *writer, wxs_db *control,
          const wxs_seal_key *link_key, progress *state, wxs_error *error)
{
    static const char sql[] = "SELECT DISTINCT host FROM tracking_hosts "
                              "WHERE verified_at IS NOT NULL";
    sqlite3_stmt *statement = wxs_db_prepare(control, sql, error);
    wxs_status status = WXS_OK;
    int row = 0;

    if (statement == NULL)
        return WXS_IO;
    while (status == WXS_OK &&
           (row = wxs_db_step(control, statement, error)) == 1) {
        status = wxs_table_entry_host(
            writer, control, link_key,
            (const char *)sqlite3_column_text(statement, 0), error);
        step(state);
    }
    wxs_db_done(statement);
    return row < 0 ? WXS_IO : status;
}

static uint64_t
next_generation(const char *path)
{
    wxs_table_info info = {0};
    wxs_table table;

    if (wxs_table_open(&table, path) == WXS_OK) {
        wxs_table_get_info(&table, &info);
        wxs_table_close(&table);
    }
    return info.generation + 1;
}

/* Everything that happens inside the snapshot. */
static bool
copy_snapshot(wxs_db *control, const wxs_seal_key *link_key, const char *path,
              wxs_table_progress *report, wxs_table_writer **writer,
              wxs_error *error)
{
    wxs_table_capacity capacity;
    progress state = {.report = report};
    wxs_status status;
    uint64_t newest;

    if (!wxs_table_newest_change(control, &newest, error) ||
        !measure(control, &capacity, error))
        return false;
    state.total = capacity.hosts + capacity.links;
    status = wxs_table_create(path, &capacity, next_generation(path), writer);
    if (status != WXS_OK)
        return wxs_fail(error, "cannot create a new %s: %s", path,
                        wxs_table_reason(status));
    if (report != NULL)
        report(0, state.total);
    if (put_hosts(*writer, control, link_key, &state, error) != WXS_OK ||
        wxs_table_entry_links(*writer, control, step, &state, error) !=
            WXS_OK ||
        wxs_table_killed_messages(*writer, control, error) != WXS_OK)
        return false;
    status = wxs_table_trim(*writer);
    if (status != WXS_OK)
        return wxs_fail(error, "cannot trim the new %s: %s", path,
                        wxs_table_reason(status));
    wxs_table_set_applied(*writer, newest);
    if (report != NULL)
        report(state.done, state.done);
    return true;
}

bool
wxs_table_rebuild(wxs_db *control, const wxs_seal_key *link_key,
                  const char *path, wxs_table_progress *report,
                  wxs_table_writer **writer, wxs_error *error)
{
    wxs_table_writer *built = NULL;
    wxs_status status;
    bool ok;

    if (!begin_snapshot(control, link_key, error))
        return false;
    ok = copy_snapshot(control, link_key, path, report, &built, error);
    wxs_db_end_read(control);
    if (ok) {
        status = wxs_table_publish(built);
        if (status != WXS_OK)
            ok = wxs_fail(error, "cannot publish %s: %s", path,
                          wxs_table_reason(status));
    }
    if (ok)
        *writer = built;
    else if (built != NULL)
        wxs_table_writer_close(built);
    return ok;
}

const char *
wxs_table_reason(wxs_status status)
{
    if (status == WXS_FULL)
        return "the disk is full";
    return status == WXS_IO ? strerror(errno) : wxs_status_text(status);
}

/* Only the writer of the table may put another one in its place. */
static bool
take_former(const char *path, wxs_table_writer **former, wxs_error *error)
{
    bool same_boot;

    *former = NULL;
    if (wxs_table_writer_open(path, &same_boot, former) == WXS_BUSY)
        return wxs_fail(error,
                        "%s is in use by a running waxseal-worker, which "
                        "keeps it complete; stop it to build the table anew",
                        path);
    return true;
}

bool
wxs_table_build(const wxs_config *config, wxs_table_progress *report,
                wxs_error *error)
{
    wxs_table_writer *former = NULL, *writer = NULL;
    char path[512], key_path[512];
    wxs_seal_key link_key;
    wxs_db *control = NULL;
    bool ok;

    if (!wxs_config_path(config, "table.wxt", path, sizeof path) ||
        !wxs_config_path(config, "link.key", key_path, sizeof key_path))
        return wxs_fail(error, "the path of %s is too long", config->dir);
    if (!wxs_seal_key_load(&link_key, key_path, error))
        return false;
    ok = take_former(path, &former, error) &&
         wxs_db_open(&control, config->dir, WXS_DB_CONTROL, WXS_DB_WRITE,
                     error) &&
         wxs_table_rebuild(control, &link_key, path, report, &writer, error);
    if (writer != NULL)
        wxs_table_writer_close(writer);
    if (former != NULL)
        wxs_table_writer_close(former);
    wxs_db_close(control);
    wxs_seal_key_clear(&link_key);
    return ok;
}
