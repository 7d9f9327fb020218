#include <string.h>

#include "domain_json.h"
#include "lookup.h"
#include "routes.h"
#include "zone_file.h"

static void
answer_domain(json_t *json, wxs_response *response)
{
    if (json_object_set_new(json, "object", json_string("domain")) != 0) {
        json_decref(json);
        json = NULL;
    }
    wxs_answer(response, 200, json);
}

static void
answer_records(json_t *json, wxs_response *response)
{
    wxs_answer(response, 200,
               json_pack("{s:s, s:b, s:O, s:O?}", "object", "list", "has_more",
                         0, "data", json_object_get(json, "records"), "dmarc",
                         json_object_get(json, "dmarc")));
    json_decref(json);
}

static void
answer_zone_file(json_t *json, wxs_response *response)
{
    response->text = wxs_zone_file(json, &response->text_len);
    json_decref(json);
    if (response->text == NULL) {
        wxs_answer(response, 200, NULL);
        return;
    }
    response->status = 200;
    response->content_type = "text/dns; charset=utf-8"; /* RFC 4027 */
}

/* Takes over the domain's JSON. */
typedef void wxs_domain_form(json_t *json, wxs_response *response);

static void
answer(const wxs_context *context, const wxs_request *request,
       wxs_domain_form *form, wxs_response *response)
{
    wxs_domain domain;
    wxs_error error;
    json_t *json;

    if (!wxs_domain_lookup(context->control, context, request, &domain,
                           response))
        return;
    json = wxs_domain_json(context->control, &domain, context, request, &error);
    if (json == NULL) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    form(json, response);
}

/* The domain and its records of one moment. */
static void
get(wxs_context *context, const wxs_request *request, wxs_domain_form *form,
    wxs_response *response)
{
    wxs_error error;

    if (!wxs_db_begin_read(context->control, &error)) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    answer(context, request, form, response);
    wxs_db_rollback(context->control);
}

void
wxs_domains_get(wxs_context *context, const wxs_request *request,
                wxs_response *response)
{
    get(context, request, answer_domain, response);
}

void
wxs_domains_records(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    char format[16] = "json";
    bool has_format = wxs_query_has(request, "format");

    if (has_format && !wxs_query_get(request, "format", format, sizeof(format)))
        format[0] = '\0';
    if (strcmp(format, "json") == 0)
        get(context, request, answer_records, response);
    else if (strcmp(format, "bind") == 0)
        get(context, request, answer_zone_file, response);
    else
        wxs_answer_error(response, 422, "validation_error",
                         "`format` must be `json` or `bind`.");
}
