#include "domain_create.h"
#include "domain_json.h"
#include "routes.h"
#include "webhook_outbox.h"

static json_t *
answer(wxs_db *db, const wxs_context *context, const wxs_request *request,
       const wxs_domain *domain, const wxs_create_wishes *wishes,
       wxs_error *error)
{
    (void)wishes;
    return wxs_domain_json(db, domain, context, request, error);
}

static void
create(const wxs_context *context, const wxs_request *request,
       const json_t *body, wxs_response *response)
{
    wxs_domain domain = wxs_create_defaults(context->identity.account);
    wxs_create_wishes wishes = {0};

    if (wxs_create_parse(body, context, request, &domain, &wishes, response))
        wxs_create_domain(context, request, &domain, &wishes, answer, response);
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
