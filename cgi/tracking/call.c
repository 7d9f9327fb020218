#include "call.h"

#include "in_effect.h"

wxs_workshop
wxs_call_workshop(const wxs_context *context)
{
    return (wxs_workshop){
        .config = context->config,
        .control = context->control,
        .link_key = context->state,
        .account = context->identity.account,
    };
}

bool
wxs_call_domain(wxs_context *context, const wxs_request *request,
                const char *wanted, wxs_tracking_domain *domain,
                wxs_response *response)
{
    wxs_error error;
    int found = wxs_tracking_domain_find(context->control, &context->identity,
                                         wanted, domain, &error);

    if (found < 0)
        wxs_answer_internal(response, request, &error);
    if (found == 0)
        wxs_answer_error(response, 404, "not_found", "Domain not found");
    return found > 0;
}

bool
wxs_call_in_effect(wxs_context *context, const wxs_request *request,
                   bool *reached, wxs_response *response)
{
    wxs_error error;

    if (wxs_in_effect(context->control, context->config->dir, reached, &error))
        return true;
    wxs_answer_internal(response, request, &error);
    return false;
}

bool
wxs_call_commit(wxs_db *db, bool ok, const wxs_request *request,
                wxs_error *error, wxs_response *response)
{
    if (ok && wxs_write_commit(db, error))
        return true;
    if (!ok)
        wxs_write_abort(db);
    wxs_answer_internal(response, request, error);
    return false;
}
