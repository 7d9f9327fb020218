#include "clock.h"
#include "dkim_store.h"
#include "domain_json.h"
#include "lookup.h"
#include "routes.h"
#include "webhook_outbox.h"

/* The rows stay: links that were sent must go on redirecting. Nothing is signed
 * for the domain any more, so its private keys go. */
static bool
delete_domain(wxs_db *db, wxs_domain *domain, const void *arg,
              wxs_response *response, wxs_error *error)
{
    int64_t now = wxs_now_us();

    (void)arg;
    (void)response;
    return wxs_domain_delete(db, domain, now, error) &&
           wxs_dkim_retire_all(db, domain->number, error) &&
           wxs_history_add(db, domain->number, now, domain->state,
                           domain->state, "deleted", error) &&
           wxs_webhook_tell(db, domain->number, WXS_DOMAIN_DELETED, now, error);
}

void
wxs_domains_delete(wxs_context *context, const wxs_request *request,
                   wxs_response *response)
{
    wxs_domain domain;

    if (wxs_domain_apply(context, request, delete_domain, NULL, &domain,
                         response))
        wxs_answer(response, 200,
                   json_pack("{s:s, s:s, s:b}", "object", "domain", "id",
                             domain.id, "deleted", 1));
}
