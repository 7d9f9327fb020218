#include <string.h>

#include "claim_json.h"
#include "clock.h"
#include "lookup.h"
#include "routes.h"
#include "verify.h"

/* Answers the claim of the domain. */
static void
answer(const wxs_context *context, const wxs_request *request,
       const wxs_domain *domain, wxs_response *response)
{
    wxs_claim claim;
    wxs_error error;
    json_t *json = NULL;
    int found = wxs_claim_find(context->control, domain->number, wxs_now_us(),
                               &claim, &error);

    if (found == 1)
        json = wxs_claim_json(context->control, context, request, domain,
                              &claim, &error);
    if (json != NULL)
        wxs_answer(response, 200, json);
    else if (found == 0)
        wxs_answer_error(response, 404, "not_found", "Domain claim not found");
    else
        wxs_answer_internal(response, request, &error);
}

void
wxs_claims_get(wxs_context *context, const wxs_request *request,
               wxs_response *response)
{
    wxs_domain domain;

    if (wxs_domain_lookup(context->control, context, request, &domain,
                          response))
        answer(context, request, &domain, response);
}

/* Only a claim that is open is checked for. */
static bool
verify(wxs_db *db, wxs_domain *domain, const void *config,
       wxs_response *response, wxs_error *error)
{
    wxs_claim claim;
    int found = wxs_claim_find(db, domain->number, wxs_now_us(), &claim, error);

    if (found < 0)
        return false;
    if (found == 0 || strcmp(claim.status, "pending") == 0)
        return found == 0 ||
               wxs_domain_verify(db, domain, config, response, error);
    wxs_answer_error(response, 422, "validation_error",
                     "The claim is %s. Make a new one with "
                     "POST /domains/claim.",
                     claim.status);
    return false;
}

void
wxs_claims_verify(wxs_context *context, const wxs_request *request,
                  wxs_response *response)
{
    wxs_domain domain;

    if (wxs_domain_apply(context, request, verify, context->config, &domain,
                         response))
        answer(context, request, &domain, response);
}
