#include <string.h>

#include "domain_json.h"
#include "lookup.h"
#include "record_text.h"
#include "routes.h"

#define ANSWER_USUAL 4096 /* bytes that are enough for most domains */

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

/* The form of records: JSON, or else a file. */
static void
answer(const wxs_context *context, const wxs_request *request,
       const wxs_record_format *file, wxs_response *response)
{
    wxs_domain domain;
    wxs_error error;
    json_t *json;

    if (!wxs_domain_lookup(context->control, context, request, &domain,
                           response))
        return;
    json = wxs_domain_json(context->control, &domain, context, request, &error);
    if (json == NULL)
        wxs_answer_internal(response, request, &error);
    else if (file == NULL)
        answer_records(json, response);
    else
        answer_file(json, file, response);
}

void
wxs_domains_get(wxs_context *context, const wxs_request *request,
                wxs_response *response)
{
    wxs_json_writer json = {0};
    wxs_domain domain;
    wxs_error error;

    if (!wxs_domain_lookup(context->control, context, request, &domain,
                           response))
        return;
    wxs_buffer_reserve(&json.out, ANSWER_USUAL);
    wxs_json_open(&json, NULL, '{');
    if (!wxs_domain_write(&json, context->control, &domain, context, request,
                          &error)) {
        wxs_json_free(&json);
        wxs_answer_internal(response, request, &error);
        return;
    }
    wxs_json_string(&json, "object", "domain");
    wxs_json_close(&json, '}');
    wxs_answer_text(response, 200, &json);
}

void
wxs_domains_records(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    char format[16] = "json";
    const wxs_record_format *file;
    bool has_format = wxs_query_has(request, "format");

    if (has_format && !wxs_query_get(request, "format", format, sizeof(format)))
        format[0] = '\0';
    file = wxs_record_format_find(format);
    if (file != NULL || strcmp(format, "json") == 0)
        answer(context, request, file, response);
    else
        wxs_answer_error(response, 422, "validation_error",
                         "`format` must be `json`, `bind`, `terraform`, "
                         "`octodns`, `dnscontrol`, `nsupdate` or `route53`.");
}
