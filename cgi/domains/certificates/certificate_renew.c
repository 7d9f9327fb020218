#include <string.h>

#include "../domain_json.h"
#include "../lookup.h"
#include "../routes.h"
#include "../sql.h"
#include "certificate_json.h"

/* The worker looks at the host at once, whatever it has waited for. */
static bool
renew(wxs_db *db, wxs_domain *domain, const void *data, wxs_response *response,
      wxs_error *error)
{
    const wxs_config *config = data;

    if (config->acme.directory[0] == '\0' || !config->acme.accept_terms) {
        wxs_answer_error(response, 422, "validation_error",
                         "This installation orders no certificates: "
                         "acme.directory and acme.accept_terms are not set.");
        return false;
    }
    if (!wxs_sql_run(db, error,
                     "UPDATE certificate_hosts SET forced = 1, next_at = 0 "
                     "WHERE host = (SELECT host FROM tracking_hosts "
                     "WHERE domain = ? AND label = ? "
                     "AND verified_at IS NOT NULL)",
                     "it", domain->number, domain->tracking))
        return false;
    if (wxs_db_changes(db) == 1)
        return true;
    wxs_answer_error(response, 422, "validation_error",
                     "`%s` has no tracking host that is verified.",
                     domain->name);
    return false;
}

void
wxs_certificates_renew(wxs_context *context, const wxs_request *request,
                       wxs_response *response)
{
    wxs_domain domain;

    if (wxs_domain_apply(context, request, renew, context->config, &domain,
                         response))
        wxs_answer(response, 200, wxs_domain_reference(&domain));
}
