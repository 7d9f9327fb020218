#include <string.h>

#include "domain_json.h"
#include "lookup.h"
#include "record_text.h"
#include "routes.h"

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
answer_file(json_t *json, const wxs_record_format *format,
            wxs_response *response)
{
    response->text = wxs_record_file(format, json, &response->text_len);
    json_decref(json);
    if (response->text == NULL) {
        wxs_answer(response, 200, NULL);
        return;
    }
    response->status = 200;
    response->content_type = format->content_type;
}

/* Takes over the domain's JSON. */
typedef void wxs_domain_form(json_t *json, wxs_response *response);

/* How a domain is answered: as form has it, or else as a file. */
typedef struct {
    wxs_domain_form *form;
    const wxs_record_format *file;
} shape;

static void
answer(const wxs_context *context, const wxs_request *request, shape as,
       wxs_response *response)
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
    if (as.form != NULL)
        as.form(json, response);
    else
        answer_file(json, as.file, response);
}

/* The domain and its records of one moment. */
static void
get(wxs_context *context, const wxs_request *request, shape as,
    wxs_response *response)
{
    wxs_error error;

    if (!wxs_db_begin_read(context->control, &error)) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    answer(context, request, as, response);
    wxs_db_rollback(context->control);
}

void
wxs_domains_get(wxs_context *context, const wxs_request *request,
                wxs_response *response)
{
    get(context, request, (shape){.form = answer_domain}, response);
}

void
wxs_domains_records(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    char format[16] = "json";
    shape as = {0};
    bool has_format = wxs_query_has(request, "format");

    if (has_format && !wxs_query_get(request, "format", format, sizeof(format)))
        format[0] = '\0';
    as.file = wxs_record_format_find(format);
    if (strcmp(format, "json") == 0)
        as.form = answer_records;
    if (as.form != NULL || as.file != NULL)
        get(context, request, as, response);
    else
        wxs_answer_error(response, 422, "validation_error",
                         "`format` must be `json`, `bind`, `terraform`, "
                         "`octodns`, `dnscontrol`, `nsupdate` or `route53`.");
}
