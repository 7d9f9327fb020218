#include "domain_json.h"
#include "lookup.h"
#include "routes.h"

static void
answer(const wxs_context *context, const wxs_request *request,
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
    if (json_object_set_new(json, "object", json_string("domain")) != 0) {
        json_decref(json);
        json = NULL;
    }
    wxs_answer(response, 200, json);
}

void
wxs_domains_get(wxs_context *context, const wxs_request *request,
                wxs_response *response)
{
    wxs_error error;

    /* the domain and its records of one moment */
    if (!wxs_db_begin_read(context->control, &error)) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    answer(context, request, response);
    wxs_db_rollback(context->control);
}
