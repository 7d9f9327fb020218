#include "domain_create.h"
#include "domain_json.h"
#include "routes.h"
#include "webhook_outbox.h"

static void
answer_created(const wxs_context *context, const wxs_request *request,
               const wxs_domain *domain, wxs_response *response)
{
    wxs_error error;
    json_t *json =
        wxs_domain_json(context->control, domain, context, request, &error);

    if (json == NULL)
        wxs_answer_internal(response, request, &error);
    else
        wxs_answer(response, 201, json);
}

static void
create(const wxs_context *context, const wxs_request *request,
       const json_t *body, wxs_response *response)
{
    wxs_domain domain = wxs_create_defaults(context->identity.account);
    wxs_create_wishes wishes = {0};
    wxs_create_outcome outcome;
    wxs_error error;

    if (wxs_create_parse(body, context, request, &domain, &wishes, response)) {
        outcome = wxs_create_domain(context, &domain, &wishes, &error);
        if (outcome == WXS_CREATED)
            answer_created(context, request, &domain, response);
        else
            wxs_create_refuse(outcome, &domain, &wishes, request, &error,
                              response);
    }
    wxs_create_clear(&wishes);
}

void
wxs_domains_create(wxs_context *context, const wxs_request *request,
                   wxs_response *response)
{
    json_t *body = wxs_body_object(request, response);

    if (body == NULL)
        return;
    create(context, request, body, response);
    json_decref(body);
}
