#include "domain_find.h"

#include <stdio.h>
#include <string.h>

#include "uuid.h"

/* Takes the row if it is the one; false with error filled if it cannot be told
 * apart from the one before. */
static bool
take_row(sqlite3_stmt *row, int taken, wxs_found_domain *domain,
         wxs_error *error)
{
    bool deleted = sqlite3_column_int(row, 2) != 0;

    if (taken > 0 && deleted && !domain->deleted)
        return true; /* the present owner comes before the former ones */
    if (taken > 0 && !deleted)
        return wxs_fail(error,
                        "several accounts have a domain %s: give the id of one",
                        domain->name);
    if (taken > 0)
        return wxs_fail(error,
                        "several former domains had the name %s: give the id "
                        "of one",
                        domain->name);
    domain->number = sqlite3_column_int64(row, 0);
    (void)snprintf(domain->name, sizeof domain->name, "%s",
                   (const char *)sqlite3_column_text(row, 1));
    domain->deleted = deleted;
    return true;
}

bool
wxs_domain_find(wxs_db *control, const char *what, wxs_found_domain *domain,
                wxs_error *error)
{
    static const char sql[] =
        "SELECT number, name, deleted_at IS NOT NULL FROM domains "
        "WHERE id = ?1 OR name = ?1 ORDER BY deleted_at IS NOT NULL LIMIT 2";
    uint8_t uuid[WXS_UUID_SIZE];
    char key[WXS_NAME_SIZE];
    sqlite3_stmt *row;
    bool ok = true;
    int step, taken = 0;

    if (wxs_uuid_parse(what, strlen(what), uuid))
        wxs_uuid_format(uuid, key);
    else if (!wxs_name_ascii(what, key))
        return wxs_fail(error, "\"%s\" is not a domain name", what);
    row = wxs_db_prepare(control, sql, error);
    if (row == NULL)
        return false;
    sqlite3_bind_text(row, 1, key, -1, SQLITE_STATIC);
    while (ok && (step = wxs_db_step(control, row, error)) != 0)
        ok = step == 1 && take_row(row, taken++, domain, error);
    wxs_db_done(row);
    if (ok && taken == 0)
        return wxs_fail(error, "there is no domain %s", what);
    return ok;
}
