#include "table_entry.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "link_secret.h"
#include "log.h"
#include "uuid.h"

static void
log_left_out(const char *kind, const char *name, wxs_status status)
{
    wxs_log(WXS_LOG_ERROR, "entry left out of the lookup table", kind, name,
            "reason", wxs_status_text(status), NULL);
}

/* Fills error unless it went well. */
static wxs_status
judge(wxs_status status, const char *kind, const char *name, wxs_error *error)
{
    if (status != WXS_OK)
        (void)wxs_fail(error, "cannot put %s %s into the lookup table: %s",
                       kind, name, wxs_status_text(status));
    return status;
}

/* The domain of the statement's present row. */
static bool
read_domain(wxs_db *control, const wxs_seal_key *link_key,
            sqlite3_stmt *statement, wxs_table_domain *domain, wxs_error *error)
{
    int64_t number = sqlite3_column_int64(statement, 0);
    const char *id = (const char *)sqlite3_column_text(statement, 1);
    wxs_link_secret secret;
    bool found;

    memset(domain, 0, sizeof *domain);
    if (number < 1 || number > UINT32_MAX || id == NULL ||
        !wxs_uuid_parse(id, strlen(id), domain->id))
        return wxs_fail(error,
                        "domain %" PRId64 " of control.db has no "
                        "proper id",
                        number);
    domain->number = (uint32_t)number;
    if (sqlite3_column_int(statement, 2) != 0)
        domain->flags |= WXS_DOMAIN_RECORD_OPENS;
    if (sqlite3_column_int(statement, 3) != 0)
        domain->flags |= WXS_DOMAIN_RECORD_CLICKS;
    if (sqlite3_column_int(statement, 4) != 0)
        domain->flags |= WXS_DOMAIN_TLS_ENFORCED;
    if (sqlite3_column_int(statement, 5) != 0)
        domain->flags |= WXS_DOMAIN_DELETED;
    if (sqlite3_column_int(statement, 6) != 0)
        domain->flags |= WXS_DOMAIN_KILLED;
    domain->certificate = (uint64_t)sqlite3_column_int64(statement, 7);
    if (!wxs_link_secret_get(control, link_key, number, &found, &secret, error))
        return false;
    if (!found)
        return wxs_fail(error, "domain %s has no link secret", id);
    memcpy(domain->secret, secret.secret, sizeof domain->secret);
    memcpy(domain->valid_keys, secret.valid_keys, sizeof domain->valid_keys);
    OPENSSL_cleanse(&secret, sizeof secret);
    return true;
}

static bool
read_domains(wxs_db *control, const wxs_seal_key *link_key, const char *host,
             wxs_table_domain *domains, size_t *count, wxs_error *error)
{
    static const char sql[] =
        "SELECT d.number, d.id, d.open_tracking, d.click_tracking, "
        "d.tls = 'enforced', d.deleted_at IS NOT NULL, "
        "d.killed_at IS NOT NULL, c.generation "
        "FROM tracking_hosts t JOIN domains d ON d.number = t.domain "
        "LEFT JOIN certificate_hosts c ON c.host = t.host "
        "WHERE t.host = ?1 AND t.verified_at IS NOT NULL "
        "ORDER BY t.verified_at DESC, t.number DESC LIMIT ?2";
    sqlite3_stmt *statement = wxs_db_prepare(control, sql, error);
    bool ok = true;
    int row;

    *count = 0;
    if (statement == NULL)
        return false;
    sqlite3_bind_text(statement, 1, host, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 2, WXS_HOST_DOMAINS_MAX);
    while (ok && *count < WXS_HOST_DOMAINS_MAX) {
        row = wxs_db_step(control, statement, error);
        if (row != 1) {
            ok = row == 0;
            break;
        }
        ok = read_domain(control, link_key, statement, &domains[*count], error);
        (*count)++;
    }
    wxs_db_done(statement);
    return ok;
}

static wxs_status
put_host(wxs_table_writer *writer, const char *host,
         const wxs_table_domain *domains, size_t count)
{
    size_t len = strlen(host);
    wxs_status status;

    if (count > 0)
        return wxs_table_put_host(writer, host, len, domains, count);
    status = wxs_table_remove_host(writer, host, len);
    return status == WXS_NOT_FOUND ? WXS_OK : status;
}

wxs_status
wxs_table_entry_host(wxs_table_writer *writer, wxs_db *control,
                     const wxs_seal_key *link_key, const char *host,
                     wxs_error *error)
{
    wxs_table_domain domains[WXS_HOST_DOMAINS_MAX];
    wxs_status status = WXS_IO;
    size_t count;

    if (host[0] == '\0' || strlen(host) > WXS_HOST_MAX) {
        log_left_out("host", host, WXS_TOO_LONG);
        return WXS_OK;
    }
    if (read_domains(control, link_key, host, domains, &count, error))
        status =
            judge(put_host(writer, host, domains, count), "host", host, error);
    OPENSSL_cleanse(domains, sizeof domains);
    return status;
}

/* Puts the link of the statement's present row: id, domain, url, killed. */
static wxs_status
put_link(wxs_table_writer *writer, sqlite3_stmt *statement, wxs_error *error)
{
    int64_t id = sqlite3_column_int64(statement, 0);
    int64_t domain = sqlite3_column_int64(statement, 1);
    const char *url = (const char *)sqlite3_column_text(statement, 2);
    size_t len = (size_t)sqlite3_column_bytes(statement, 2);
    bool killed = sqlite3_column_int(statement, 3) != 0;
    wxs_status status = WXS_BAD_FORMAT;
    char name[24];

    (void)snprintf(name, sizeof name, "%" PRId64, id);
    if (id >= 0 && (uint64_t)id <= WXS_LINK_ID_MAX && domain > 0 &&
        domain <= UINT32_MAX && url != NULL)
        status = wxs_destination_check(url, len);
    if (status != WXS_OK) {
        log_left_out("link", name, status);
        return WXS_OK;
    }
    status = wxs_table_put_link(writer, (uint64_t)id, (uint32_t)domain,
                                killed ? WXS_LINK_KILLED : 0, url, len);
    return judge(status, "link", name, error);
}

static wxs_status
remove_link(wxs_table_writer *writer, int64_t link, wxs_error *error)
{
    wxs_status status = wxs_table_remove_link(writer, (uint64_t)link);
    char name[24];

    if (status == WXS_NOT_FOUND)
        return WXS_OK;
    (void)snprintf(name, sizeof name, "%" PRId64, link);
    return judge(status, "link", name, error);
}

wxs_status
wxs_table_entry_link(wxs_table_writer *writer, wxs_db *control, int64_t link,
                     wxs_error *error)
{
    static const char sql[] = "SELECT id, domain, url, killed_at IS NOT NULL "
                              "FROM links WHERE id = ?1";
    sqlite3_stmt *statement = wxs_db_prepare(control, sql, error);
    wxs_status status = WXS_IO;
    int row;

    if (statement == NULL)
        return WXS_IO;
    sqlite3_bind_int64(statement, 1, link);
    row = wxs_db_step(control, statement, error);
    if (row == 1)
        status = put_link(writer, statement, error);
    else if (row == 0)
        status = remove_link(writer, link, error);
    wxs_db_done(statement);
    return status;
}

wxs_status
wxs_table_entry_links(wxs_table_writer *writer, wxs_db *control,
                      void (*step)(void *data), void *data, wxs_error *error)
{
    static const char sql[] =
        "SELECT id, domain, url, killed_at IS NOT NULL FROM links";
    sqlite3_stmt *statement = wxs_db_prepare(control, sql, error);
    wxs_status status = WXS_OK;
    int row = 0;

    if (statement == NULL)
        return WXS_IO;
    while (status == WXS_OK &&
           (row = wxs_db_step(control, statement, error)) == 1) {
        status = put_link(writer, statement, error);
        step(data);
    }
    wxs_db_done(statement);
    return row < 0 ? WXS_IO : status;
}
