#include "certificate_json.h"

#include <string.h>

#include "../domain_json.h"
#include "../sql.h"

/* Why this installation orders no certificates, or NULL if it does. */
static const char *
unmanaged(const wxs_config *config, const char **code)
{
    if (config->acme.directory[0] == '\0') {
        *code = "not_configured";
        return "No certification authority is set (acme.directory): a proxy "
               "or CDN in front ends TLS, or links are http.";
    }
    if (!config->acme.accept_terms) {
        *code = "terms_not_accepted";
        return "The certification authority's terms of service are not "
               "accepted: acme.accept_terms must be yes.";
    }
    return NULL;
}

/* The word of the API for a state of certificate_hosts. */
static const char *
state_word(const char *state, bool served)
{
    if (state == NULL || strcmp(state, "waiting") == 0)
        return "waiting_for_dns";
    if (strcmp(state, "failing") == 0 && served)
        return "renewal_failing";
    return state;
}

static bool
is_settled(const char *state)
{
    static const char *const words[] = {"waiting_for_dns", "issuing", "issued",
                                        "stopped"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(state, words[i]) == 0)
            return true;
    return false;
}

json_t *
wxs_certificate_row(sqlite3_stmt *row, int first, const wxs_config *config)
{
    const char *host = (const char *)sqlite3_column_text(row, first);
    const char *code = (const char *)sqlite3_column_text(row, first + 2);
    const char *message = (const char *)sqlite3_column_text(row, first + 3);
    bool served = sqlite3_column_type(row, first + 4) != SQLITE_NULL;
    const char *state =
        state_word((const char *)sqlite3_column_text(row, first + 1), served);
    int64_t next = sqlite3_column_int64(row, first + 7);
    const char *reason = unmanaged(config, &code);

    if (sqlite3_column_type(row, first + 12) != SQLITE_NULL) {
        code = "cdn";
        reason = "A CDN in front of the host ends TLS, with a certificate of "
                 "its own.";
    }
    if (reason != NULL) {
        state = served ? "issued" : "not_managed";
        message = reason;
        next = 0;
    }
    return json_pack(
        "{s:s?, s:s, s:s?, s:s?, s:s?, s:o, s:o, s:o, s:o, s:o, s:i}", "host",
        host, "state", state, "code", code, "message", message, "issuer",
        (const char *)sqlite3_column_text(row, first + 10), "issued_at",
        wxs_time_json(sqlite3_column_int64(row, first + 11)), "expires_at",
        wxs_time_json(sqlite3_column_int64(row, first + 5)), "renews_at",
        wxs_time_json(sqlite3_column_int64(row, first + 6)), "next_attempt_at",
        wxs_time_json(is_settled(state) ? 0 : next), "failing_since",
        wxs_time_json(sqlite3_column_int64(row, first + 8)), "attempts",
        sqlite3_column_int(row, first + 9));
}

json_t *
wxs_certificate_json(wxs_db *db, const wxs_domain *domain,
                     const wxs_config *config, wxs_error *error)
{
    sqlite3_stmt *row = wxs_sql(db, error,
                                "SELECT " WXS_CERTIFICATE_COLUMNS
                                "FROM tracking_hosts t " WXS_CERTIFICATE_JOIN
                                "WHERE t.domain = ? AND t.label = ?",
                                "it", domain->number, domain->tracking);
    json_t *json = NULL;
    int found;

    if (row == NULL)
        return NULL;
    found = wxs_db_step(db, row, error);
    if (found >= 0) {
        json = found == 1 ? wxs_certificate_row(row, 0, config) : json_null();
        if (json == NULL)
            wxs_fail(error, "out of memory");
    }
    wxs_db_done(row);
    return json;
}
