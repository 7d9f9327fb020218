#include <string.h>

#include "clock.h"
#include "domain_json.h"
#include "lookup.h"
#include "routes.h"
#include "sql.h"

/* How a tracking host answers is looked at by the worker, not here: this
 * program connects to no place that others choose, and never waits for one. */

/* A check that waits or runs is joined. */
static bool
ask(wxs_db *db, wxs_domain *domain, const void *data, wxs_response *response,
    wxs_error *error)
{
    (void)data;
    if (domain->tracking[0] == '\0') {
        wxs_answer_error(response, 422, "validation_error",
                         "`%s` has no tracking host: set its "
                         "`tracking_subdomain`.",
                         domain->name);
        return false;
    }
    return wxs_sql_run(db, error,
                       "INSERT INTO tracking_checks (domain, asked_at) "
                       "VALUES (?, ?) ON CONFLICT (domain) DO UPDATE SET "
                       "asked_at = excluded.asked_at, started_at = NULL, "
                       "ended_at = NULL, result = NULL "
                       "WHERE ended_at IS NOT NULL",
                       "ii", domain->number, wxs_now_us());
}

static json_t *
check_json(sqlite3_stmt *row, const wxs_domain *domain)
{
    const char *text = (const char *)sqlite3_column_text(row, 2);
    int64_t ended_at = sqlite3_column_int64(row, 1);
    json_t *result = text != NULL ? json_loads(text, 0, NULL) : NULL;
    json_t *json = json_pack(
        "{s:s, s:s, s:s++, s:s, s:o, s:o, s:O?, s:O?}", "object",
        "tracking_check", "domain_id", domain->id, "host", domain->tracking,
        ".", domain->name, "state", ended_at == 0 ? "running" : "done",
        "asked_at", wxs_time_json(sqlite3_column_int64(row, 0)), "checked_at",
        wxs_time_json(ended_at), "https", json_object_get(result, "https"),
        "findings", json_object_get(result, "findings"));

    json_decref(result);
    return json;
}

static void
answer(wxs_context *context, const wxs_request *request,
       const wxs_domain *domain, int status, wxs_response *response)
{
    wxs_error error;
    sqlite3_stmt *row =
        wxs_sql(context->control, &error,
                "SELECT asked_at, ended_at, result FROM tracking_checks "
                "WHERE domain = ?",
                "i", domain->number);
    int found = row != NULL ? wxs_db_step(context->control, row, &error) : -1;

    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_answer_error(response, 404, "not_found",
                         "No check of this tracking host was asked for.");
    else
        wxs_answer(response, status, check_json(row, domain));
    wxs_db_done(row);
}

void
wxs_tracking_check_ask(wxs_context *context, const wxs_request *request,
                       wxs_response *response)
{
    wxs_domain domain;

    if (wxs_domain_apply(context, request, ask, NULL, &domain, response))
        answer(context, request, &domain, 202, response);
}

void
wxs_tracking_check_get(wxs_context *context, const wxs_request *request,
                       wxs_response *response)
{
    wxs_domain domain;

    if (wxs_domain_lookup(context->control, context, request, &domain,
                          response))
        answer(context, request, &domain, 200, response);
}
