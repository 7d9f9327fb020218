#include "store_cdn.h"

#include <string.h>

bool
wxs_store_leads_to_cdn(const wxs_verdict *verdict)
{
    static const char *const codes[] = {"cname_other", "cname_addresses",
                                        "proxied_cloudflare", "cname_cdn"};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (verdict->code != NULL && strcmp(verdict->code, codes[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool
wxs_store_ask_look(wxs_db *db, int64_t domain, int64_t now, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO tracking_checks (domain, asked_at) VALUES (?1, ?2) "
        "ON CONFLICT (domain) DO UPDATE SET asked_at = excluded.asked_at, "
        "started_at = NULL, ended_at = NULL, result = NULL "
        "WHERE ended_at IS NOT NULL";
    sqlite3_stmt *insert = wxs_db_prepare(db, sql, error);

    if (insert == NULL) {
        return false;
    }
    sqlite3_bind_int64(insert, 1, domain);
    sqlite3_bind_int64(insert, 2, now);
    return wxs_db_run(db, insert, error);
}

bool
wxs_store_no_cdn(wxs_db *db, int64_t host, wxs_error *error)
{
    static const char sql[] = "UPDATE tracking_hosts SET cdn_at = NULL "
                              "WHERE number = ?1 AND cdn_at IS NOT NULL";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL) {
        return false;
    }
    sqlite3_bind_int64(update, 1, host);
    return wxs_db_run(db, update, error);
}
