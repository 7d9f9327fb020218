#include "settings.h"

#include <stdlib.h>

#include "call.h"
#include "uuid.h"

static json_t *
utm_json(const wxs_utm *utm)
{
    json_t *object = wxs_utm_size(utm) == 0 ? json_null() : json_object();

    for (size_t i = 0; i < WXS_UTM_COUNT; i++)
        if (utm->value[i] != NULL)
            (void)json_object_set_new(object, wxs_utm_names[i],
                                      json_string(utm->value[i]));
    return object;
}

static void
answer(const wxs_tracking_domain *domain, wxs_response *response)
{
    const wxs_tracking_fields *fields = &domain->settings;
    char id[WXS_UUID_TEXT];

    wxs_uuid_format(domain->id, id);
    wxs_answer(response, 200,
               json_pack("{s:s, s:s, s:s, s:b, s:b, s:s, s:s, s:o}", "object",
                         "tracking_settings", "domain_id", id, "mode",
                         wxs_mode_name(fields->mode), "metadata",
                         fields->metadata, "text", fields->text_links, "pixel",
                         fields->top_pixel ? "both" : "bottom", "links",
                         fields->table_links ? "table" : "signed", "utm",
                         utm_json(&fields->utm)));
}

static bool
insert(wxs_db *db, const wxs_tracking_domain *domain, const char *utm,
       wxs_error *error)
{
    static const char sql[] =
        "INSERT OR REPLACE INTO tracking_settings (domain, mode, metadata, "
        "text_links, top_pixel, table_links, utm) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    const wxs_tracking_fields *fields = &domain->settings;
    sqlite3_stmt *statement = wxs_db_prepare(db, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, domain->number);
    sqlite3_bind_int(statement, 2, (int)fields->mode);
    sqlite3_bind_int(statement, 3, fields->metadata);
    sqlite3_bind_int(statement, 4, fields->text_links);
    sqlite3_bind_int(statement, 5, fields->top_pixel);
    sqlite3_bind_int(statement, 6, fields->table_links);
    sqlite3_bind_text(statement, 7, utm, -1, SQLITE_STATIC);
    return wxs_db_run(db, statement, error);
}

static bool
store(const wxs_tracking_domain *domain, const wxs_request *request,
      wxs_response *response)
{
    json_t *json = utm_json(&domain->settings.utm);
    char *utm = json_is_null(json) ? NULL : json_dumps(json, JSON_COMPACT);
    bool ok = json_is_null(json) || utm != NULL;
    wxs_error error = {"out of memory"};
    wxs_db *db = ok ? wxs_write_begin(WXS_DB_CONTROL, &error) : NULL;

    if (db != NULL)
        ok = wxs_call_commit(db, insert(db, domain, utm, &error), request,
                             &error, response);
    else
        wxs_answer_internal(response, request, &error);
    free(utm);
    json_decref(json);
    return db != NULL && ok;
}

void
wxs_settings_get(wxs_context *context, const wxs_request *request,
                 wxs_response *response)
{
    wxs_tracking_domain domain;

    if (wxs_call_domain(context, request, request->param[0], &domain, response))
        answer(&domain, response);
    wxs_tracking_domain_free(&domain);
}

void
wxs_settings_update(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    json_t *body = wxs_body_object(request, response);
    wxs_tracking_domain domain;

    if (body == NULL)
        return;
    if (wxs_call_domain(context, request, request->param[0], &domain,
                        response) &&
        wxs_tracking_fields_read(body, "", &domain.settings, response) &&
        store(&domain, request, response))
        answer(&domain, response);
    wxs_tracking_domain_free(&domain);
    json_decref(body);
}
