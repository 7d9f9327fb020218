#include "store_zone.h"

#include <string.h>
#include <strings.h>

#include "dns_provider.h"

/* Is the domain the zone's name, or below it? */
static bool
holds(const char *zone, const char *domain)
{
    size_t a = strlen(zone);
    size_t b = strlen(domain);

    if (a > 0 && zone[a - 1] == '.') {
        a--;
    }
    return a > 0 && a <= b && strncasecmp(domain + b - a, zone, a) == 0 &&
           (a == b || domain[b - a - 1] == '.');
}

/* A record below the domain may be delegated elsewhere. */
static const wxs_check_result *
find(const wxs_job *job, const wxs_check_result *results)
{
    for (size_t i = 0; i < job->check.count; i++) {
        if (results[i].zone != NULL && holds(results[i].zone, job->name)) {
            return &results[i];
        }
    }
    return NULL;
}

static bool
find_provider(const wxs_check_result *result, wxs_dns_provider *provider)
{
    for (size_t i = 0; i < result->host_count; i++) {
        if (wxs_dns_provider_by_host(result->hosts[i], provider)) {
            return true;
        }
    }
    return false;
}

bool
wxs_store_zone(wxs_db *db, const wxs_job *job, const wxs_check_result *results,
               wxs_error *error)
{
    static const char sql[] =
        "UPDATE domains SET dns_zone = rtrim(lower(?2), '.'), "
        "dns_provider = ?3 WHERE number = ?1 "
        "AND (dns_zone IS NOT rtrim(lower(?2), '.') "
        "OR dns_provider IS NOT ?3)";
    const wxs_check_result *result = find(job, results);
    wxs_dns_provider provider;
    sqlite3_stmt *update;

    if (result == NULL) {
        return true;
    }
    update = wxs_db_prepare(db, sql, error);
    if (update == NULL) {
        return false;
    }
    sqlite3_bind_int64(update, 1, job->number);
    sqlite3_bind_text(update, 2, result->zone, -1, SQLITE_STATIC);
    if (find_provider(result, &provider)) {
        sqlite3_bind_text(update, 3, provider.id, -1, SQLITE_STATIC);
    }
    return wxs_db_run(db, update, error);
}
