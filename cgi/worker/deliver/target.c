#include "target.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"

static bool
load_row(wxs_db *control, wxs_target *target, wxs_error *error)
{
    static const char sql[] =
        "SELECT id, endpoint, status, enabled_at FROM webhooks "
        "WHERE number = ?1";
    sqlite3_stmt *row = wxs_db_prepare(control, sql, error);
    const char *status;
    int found;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, target->webhook);
    found = wxs_db_step(control, row, error);
    if (found == 1) {
        (void)snprintf(target->id, sizeof(target->id), "%s",
                       (const char *)sqlite3_column_text(row, 0));
        (void)snprintf(target->endpoint, sizeof(target->endpoint), "%s",
                       (const char *)sqlite3_column_text(row, 1));
        status = (const char *)sqlite3_column_text(row, 2);
        target->state = status != NULL && strcmp(status, "enabled") == 0
                            ? WXS_TARGET_ENABLED
                            : WXS_TARGET_DISABLED;
        target->enabled_at = sqlite3_column_int64(row, 3);
    }
    wxs_db_done(row);
    return found >= 0;
}

static bool
load_secrets(wxs_db *control, const wxs_seal_key *key, int64_t now,
             wxs_target *target, wxs_error *error)
{
    static const char sql[] =
        "SELECT sealed FROM webhook_secrets WHERE webhook = ?1 "
        "AND (expires_at IS NULL OR expires_at > ?2) ORDER BY number DESC";
    sqlite3_stmt *row = wxs_db_prepare(control, sql, error);
    bool ok = true;
    int more = -1;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, target->webhook);
    sqlite3_bind_int64(row, 2, now);
    while (ok && target->secrets < WXS_TARGET_SECRETS_MAX &&
           (more = wxs_db_step(control, row, error)) == 1) {
        ok = wxs_webhook_secret_open(key, target->id,
                                     sqlite3_column_blob(row, 0),
                                     (size_t)sqlite3_column_bytes(row, 0),
                                     target->secret[target->secrets], error);
        target->secrets += ok;
    }
    wxs_db_done(row);
    if (ok && more >= 0 && target->secrets == 0)
        return wxs_fail(error, "webhook %s has no secret", target->id);
    return ok && more >= 0;
}

bool
wxs_target_load(wxs_db *control, const wxs_seal_key *key, int64_t webhook,
                int64_t now, wxs_target *target, wxs_error *error)
{
    memset(target, 0, sizeof(*target));
    target->webhook = webhook;
    target->state = WXS_TARGET_DELETED;
    return load_row(control, target, error) &&
           (target->state != WXS_TARGET_ENABLED ||
            load_secrets(control, key, now, target, error));
}

bool
wxs_target_disable(wxs_db *control, const wxs_target *target,
                   const char *reason, bool *done, wxs_error *error)
{
    static const char sql[] =
        "UPDATE webhooks SET status = 'disabled', disabled_reason = ?2, "
        "disabled_at = ?4 "
        "WHERE number = ?1 AND status = 'enabled' AND enabled_at = ?3";
    sqlite3_stmt *update;

    *done = false;
    if (!wxs_db_begin(control, error))
        return false;
    update = wxs_db_prepare(control, sql, error);
    if (update != NULL) {
        sqlite3_bind_int64(update, 1, target->webhook);
        sqlite3_bind_text(update, 2, reason, -1, SQLITE_STATIC);
        sqlite3_bind_int64(update, 3, target->enabled_at);
        sqlite3_bind_int64(update, 4, wxs_now_us());
        if (wxs_db_run(control, update, error)) {
            *done = wxs_db_changes(control) > 0;
            if (wxs_db_commit(control, error))
                return true;
        }
    }
    wxs_db_rollback(control);
    return false;
}
