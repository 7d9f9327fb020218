#include "tracking_domain.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "service.h"
#include "uuid.h"

static bool
copy_text(sqlite3_stmt *row, int column, char *text, size_t cap)
{
    const unsigned char *value = sqlite3_column_text(row, column);
    int len = sqlite3_column_bytes(row, column);

    text[0] = '\0';
    if (value == NULL)
        return true;
    if (len < 0 || (size_t)len >= cap)
        return false;
    memcpy(text, value, (size_t)len);
    text[len] = '\0';
    return true;
}

/* Columns of tracking_settings, NULL in all of them if there is no row. */
static bool
read_settings(sqlite3_stmt *row, int column, wxs_tracking_domain *domain)
{
    const char *utm = (const char *)sqlite3_column_text(row, column + 5);
    int mode = sqlite3_column_int(row, column);

    domain->settings = (wxs_tracking_fields){
        .mode = WXS_MODE_FULL,
        .metadata = true,
    };
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        return true;
    if (mode < WXS_MODE_OFF || mode > WXS_MODE_FULL)
        return false;
    domain->settings.mode = (wxs_mode)mode;
    domain->settings.metadata = sqlite3_column_int(row, column + 1) != 0;
    domain->settings.text_links = sqlite3_column_int(row, column + 2) != 0;
    domain->settings.top_pixel = sqlite3_column_int(row, column + 3) != 0;
    domain->settings.table_links = sqlite3_column_int(row, column + 4) != 0;
    if (utm == NULL)
        return true;
    domain->stored_utm = json_loads(utm, 0, NULL);
    wxs_utm_read_stored(domain->stored_utm, &domain->settings.utm);
    return domain->stored_utm != NULL;
}

static bool
read_row(sqlite3_stmt *row, wxs_tracking_domain *domain)
{
    char id[WXS_UUID_TEXT];

    domain->number = sqlite3_column_int64(row, 0);
    domain->open_tracking = sqlite3_column_int(row, 3) != 0;
    domain->click_tracking = sqlite3_column_int(row, 4) != 0;
    domain->killed = sqlite3_column_int(row, 6) != 0;
    domain->tls_enforced = sqlite3_column_int(row, 13) != 0;
    return copy_text(row, 1, id, sizeof(id)) &&
           wxs_uuid_parse(id, strlen(id), domain->id) &&
           copy_text(row, 2, domain->name, sizeof(domain->name)) &&
           copy_text(row, 5, domain->host, sizeof(domain->host)) &&
           read_settings(row, 7, domain);
}

/* Lower case into text; false if it cannot be a name or an id. */
static bool
lower_name(const char *wanted, char text[WXS_HOST_MAX + 1])
{
    size_t len = strlen(wanted);

    if (len > WXS_HOST_MAX)
        return false;
    for (size_t i = 0; i <= len; i++) {
        char c = wanted[i];
        text[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return true;
}

/* A certificate that expires this minute is none: links are clicked later. A
 * CDN has one of its own. */
static bool
read_certificate(wxs_db *control, wxs_tracking_domain *domain, wxs_error *error)
{
    static const char sql[] =
        "SELECT 1 FROM certificate_hosts WHERE host = ?1 "
        "AND generation IS NOT NULL AND expires_at > ?2 UNION ALL "
        "SELECT 1 FROM tracking_hosts WHERE domain = ?3 AND host = ?1 "
        "AND cdn_at IS NOT NULL";
    sqlite3_stmt *row;
    int step;

    if (domain->host[0] == '\0')
        return true;
    row = wxs_db_prepare(control, sql, error);
    if (row == NULL)
        return false;
    sqlite3_bind_text(row, 1, domain->host, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, wxs_now_us() + 60 * INT64_C(1000000));
    sqlite3_bind_int64(row, 3, domain->number);
    step = wxs_db_step(control, row, error);
    domain->has_certificate = step == 1;
    wxs_db_done(row);
    return step >= 0;
}

int
wxs_tracking_domain_find(wxs_db *control, const wxs_identity *identity,
                         const char *wanted, wxs_tracking_domain *domain,
                         wxs_error *error)
{
    static const char sql[] =
        "SELECT d.number, d.id, d.name, d.open_tracking, d.click_tracking, "
        "(SELECT h.host FROM tracking_hosts h "
        "JOIN records r ON r.tracking_host = h.number AND r.domain = d.number "
        "WHERE h.domain = d.number AND h.verified_at IS NOT NULL "
        "AND r.kind = 'tracking' AND r.status = 'verified' "
        "ORDER BY h.verified_at DESC, h.number DESC LIMIT 1), "
        "d.killed_at IS NOT NULL, s.mode, s.metadata, s.text_links, "
        "s.top_pixel, s.table_links, s.utm, d.tls = 'enforced' FROM domains d "
        "LEFT JOIN tracking_settings s ON s.domain = d.number WHERE d.account "
        "= ?1 AND d.deleted_at IS NULL "
        "AND (d.name = ?2 OR d.id = ?2) AND (?3 = 0 OR d.number = ?3)";
    char name[WXS_HOST_MAX + 1];
    sqlite3_stmt *row;
    int step;

    memset(domain, 0, sizeof(*domain));
    if (!lower_name(wanted, name))
        return 0;
    row = wxs_db_prepare(control, sql, error);
    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, identity->account);
    sqlite3_bind_text(row, 2, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 3, identity->domain);
    step = wxs_db_step(control, row, error);
    if (step == 1 && !read_row(row, domain)) {
        wxs_fail(error, "a domain of control.db is damaged");
        step = -1;
    }
    wxs_db_done(row);
    if (step == 1 && !read_certificate(control, domain, error))
        return -1;
    return step;
}

bool
wxs_tracking_domain_https(const wxs_tracking_domain *domain,
                          const wxs_config *config)
{
    return config->edge.public_scheme == WXS_SCHEME_HTTPS ||
           (config->edge.public_scheme == WXS_SCHEME_AUTO &&
            domain->has_certificate);
}

wxs_links_readiness
wxs_tracking_domain_links(const wxs_tracking_domain *domain,
                          const wxs_config *config)
{
    if (domain->host[0] == '\0')
        return WXS_LINKS_NO_HOST;
    if (domain->tls_enforced && config->edge.public_scheme == WXS_SCHEME_AUTO &&
        !domain->has_certificate)
        return WXS_LINKS_NO_CERTIFICATE;
    return WXS_LINKS_READY;
}

void
wxs_tracking_domain_free(wxs_tracking_domain *domain)
{
    json_decref(domain->stored_utm);
    domain->stored_utm = NULL;
}

static bool
make_secret(const wxs_seal_key *key, int64_t domain, wxs_error *error)
{
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, error);

    if (db == NULL)
        return false;
    if (wxs_link_secret_ensure(db, key, domain, error))
        return wxs_write_commit(db, error);
    wxs_write_abort(db);
    return false;
}

bool
wxs_tracking_domain_secret(wxs_db *control, const wxs_seal_key *key,
                           const wxs_tracking_domain *domain,
                           wxs_link_secret *secret, wxs_error *error)
{
    bool found;

    if (!wxs_link_secret_get(control, key, domain->number, &found, secret,
                             error))
        return false;
    if (found)
        return true;
    if (!make_secret(key, domain->number, error) ||
        !wxs_link_secret_get(control, key, domain->number, &found, secret,
                             error))
        return false;
    return found ||
           wxs_fail(error, "domain %s has no link secret", domain->name);
}
