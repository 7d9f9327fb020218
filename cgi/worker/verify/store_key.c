#include "store_key.h"

#include <string.h>

static bool
run(wxs_db *db, const char *sql, int64_t domain, const char *fqdn, int64_t now,
    wxs_error *error)
{
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL) {
        return false;
    }
    sqlite3_bind_int64(update, 1, domain);
    sqlite3_bind_text(update, 2, fqdn, (int)strcspn(fqdn, "."), SQLITE_STATIC);
    sqlite3_bind_int64(update, 3, now);
    return wxs_db_run(db, update, error);
}

bool
wxs_store_activate_key(wxs_db *db, int64_t domain, const char *fqdn,
                       int64_t now, wxs_error *error)
{
    static const char retire[] =
        "UPDATE dkim_keys SET state = 'retiring', retiring_since = ?3 "
        "WHERE domain = ?1 AND selector <> ?2 AND state = 'active' AND EXISTS "
        "(SELECT 1 FROM dkim_keys k WHERE k.domain = ?1 AND k.selector = ?2 "
        "AND k.state = 'pending' AND (k.algorithm = 'ed25519') = "
        "(dkim_keys.algorithm = 'ed25519'))";
    static const char activate[] =
        "UPDATE dkim_keys SET state = 'active', activated_at = ?3 "
        "WHERE domain = ?1 AND selector = ?2 AND state = 'pending'";

    return run(db, retire, domain, fqdn, now, error) &&
           run(db, activate, domain, fqdn, now, error);
}
