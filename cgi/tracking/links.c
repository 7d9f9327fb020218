#include "links.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define ID_DIGITS 15 /* of 2^48 - 1 */

json_t *
wxs_link_id_json(int64_t id)
{
    return json_sprintf("%" PRId64, id);
}

static json_t *
link_json(sqlite3_stmt *row, int64_t id)
{
    char created[WXS_TIME_TEXT];

    wxs_time_iso(sqlite3_column_int64(row, 3), created);
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:b}", "object", "link",
                     "id", wxs_link_id_json(id), "domain",
                     (const char *)sqlite3_column_text(row, 1), "type", "table",
                     "url", (const char *)sqlite3_column_text(row, 0),
                     "created_at", created, "killed",
                     sqlite3_column_type(row, 2) != SQLITE_NULL);
}

int
wxs_link_lookup(wxs_context *context, const wxs_request *request, int64_t *id,
                json_t **json, wxs_response *response)
{
    static const char sql[] =
        "SELECT l.url, d.name, l.killed_at, l.created_at FROM links l "
        "JOIN domains d ON d.number = l.domain WHERE l.id = ?1 "
        "AND d.account = ?2 AND (?3 = 0 OR d.number = ?3)";
    const char *text = request->param[0];
    size_t len = strlen(text);
    wxs_error error = {"out of memory"};
    sqlite3_stmt *row;
    int step = 0;

    if (len > 0 && len <= ID_DIGITS && strspn(text, "0123456789") == len) {
        *id = strtoll(text, NULL, 10);
        row = wxs_db_prepare(context->control, sql, &error);
        step = row == NULL ? -1 : 0;
        if (row != NULL) {
            sqlite3_bind_int64(row, 1, *id);
            sqlite3_bind_int64(row, 2, context->identity.account);
            sqlite3_bind_int64(row, 3, context->identity.domain);
            step = wxs_db_step(context->control, row, &error);
            if (step == 1 && json != NULL)
                *json = link_json(row, *id);
        }
        wxs_db_done(row);
    }
    if (step < 0)
        wxs_answer_internal(response, request, &error);
    if (step == 0)
        wxs_answer_error(response, 404, "not_found", "Link not found");
    return step;
}

void
wxs_links_get(wxs_context *context, const wxs_request *request,
              wxs_response *response)
{
    json_t *json = NULL;
    int64_t id;

    if (wxs_link_lookup(context, request, &id, &json, response) == 1)
        wxs_answer(response, 200, json);
}
