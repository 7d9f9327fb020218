#include "webhook_outbox.h"

#include <stddef.h>

/* A row for each domain d that the condition picks; ?2 is the type, ?3 now. */
#define TELL(condition)                                                        \
    "INSERT INTO webhook_outbox (account, message, type, created_at, "         \
    "snapshot) "                                                               \
    "SELECT d.account, 'msg_' || lower(hex(randomblob(16))), ?2, ?3, "         \
    " json_object('id', d.id, 'name', d.name, 'state', d.state,"               \
    "  'created_at', d.created_at, 'region', d.region,"                        \
    "  'open_tracking', d.open_tracking,"                                      \
    "  'click_tracking', d.click_tracking,"                                    \
    "  'tracking_subdomain', (SELECT label FROM tracking_hosts"                \
    "   WHERE domain = d.number ORDER BY number DESC LIMIT 1),"                \
    "  'records', json((SELECT json_group_array(json_object("                  \
    "    'kind', kind, 'fqdn', fqdn, 'type', type, 'value', value,"            \
    "    'status', status, 'priority', priority))"                             \
    "   FROM (SELECT * FROM records WHERE domain = d.number"                   \
    "    ORDER BY number)))) "                                                 \
    "FROM domains d WHERE " condition " AND EXISTS (SELECT 1 "                 \
    " FROM webhooks w, json_each(w.events) e WHERE w.account = d.account"      \
    " AND w.status = 'enabled' AND e.value = ?2)"

static bool
tell(wxs_db *control, const char *sql, int64_t who, const char *type,
     int64_t now, wxs_error *error)
{
    sqlite3_stmt *insert = wxs_db_prepare(control, sql, error);

    if (insert == NULL)
        return false;
    sqlite3_bind_int64(insert, 1, who);
    sqlite3_bind_text(insert, 2, type, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 3, now);
    return wxs_db_run(control, insert, error);
}

bool
wxs_webhook_tell(wxs_db *control, int64_t domain, const char *type, int64_t now,
                 wxs_error *error)
{
    static const char sql[] = TELL("d.number = ?1");

    return tell(control, sql, domain, type, now, error);
}

bool
wxs_webhook_tell_all(wxs_db *control, int64_t account, const char *type,
                     int64_t now, wxs_error *error)
{
    static const char sql[] =
        TELL("d.account = ?1 AND d.deleted_at IS NULL AND d.state_since = ?3");

    return tell(control, sql, account, type, now, error);
}

bool
wxs_webhook_replay(wxs_db *control, int64_t account, int64_t webhook,
                   const char *message, int64_t now, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO webhook_outbox (account, webhook, message, created_at) "
        "VALUES (?1, ?2, ?3, ?4)";
    sqlite3_stmt *insert = wxs_db_prepare(control, sql, error);

    if (insert == NULL)
        return false;
    sqlite3_bind_int64(insert, 1, account);
    sqlite3_bind_int64(insert, 2, webhook);
    sqlite3_bind_text(insert, 3, message, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 4, now);
    return wxs_db_run(control, insert, error);
}
