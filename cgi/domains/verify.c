#include <string.h>

#include "clock.h"
#include "domain_json.h"
#include "lookup.h"
#include "record_store.h"
#include "routes.h"
#include "schedule.h"
#include "verify.h"
#include "webhook_outbox.h"

static bool
restart(wxs_db *db, const wxs_domain *domain, const wxs_config *config,
        const char *cause, wxs_error *error)
{
    int64_t now = wxs_now_us();

    return wxs_domain_restart(db, domain, now,
                              wxs_check_due(domain, config, now), error) &&
           wxs_records_restart(db, domain->number, error) &&
           wxs_history_add(db, domain->number, now, domain->state, "pending",
                           cause, error) &&
           wxs_webhook_tell(db, domain->number, WXS_DOMAIN_UPDATED, now, error);
}

bool
wxs_domain_verify(wxs_db *db, wxs_domain *domain, const void *data,
                  wxs_response *response, wxs_error *error)
{
    const wxs_config *config = data;
    int64_t now = wxs_now_us();

    (void)response;
    if (strcmp(domain->state, "not_started") == 0 ||
        strcmp(domain->state, "failed") == 0)
        return restart(db, domain, config, "verify", error);
    return wxs_domain_request_check(
        db, domain, now, wxs_check_due(domain, config, now),
        now - config->verify.min_interval_ms * 1000, error);
}

static bool
retry(wxs_db *db, wxs_domain *domain, const void *config,
      wxs_response *response, wxs_error *error)
{
    if (strcmp(domain->state, "failed") != 0) {
        wxs_answer_error(response, 422, "validation_error",
                         "Only a failed domain can be retried; the state of "
                         "`%s` is `%s`.",
                         domain->name, domain->state);
        return false;
    }
    return restart(db, domain, config, "retry", error);
}

void
wxs_domains_verify(wxs_context *context, const wxs_request *request,
                   wxs_response *response)
{
    wxs_domain domain;

    if (wxs_domain_apply(context, request, wxs_domain_verify, context->config,
                         &domain, response))
        wxs_answer(response, 200, wxs_domain_reference(&domain));
}

void
wxs_domains_retry(wxs_context *context, const wxs_request *request,
                  wxs_response *response)
{
    wxs_domain domain;

    if (wxs_domain_apply(context, request, retry, context->config, &domain,
                         response))
        wxs_answer(response, 200, wxs_domain_reference(&domain));
}
