#include "routes.h"

#include <libpsl.h>

#define BODY_MAX 65536

/* Without this route the path would be that of a domain, with a method that
 * domains do not know. */
static void
no_claims(wxs_context *context, const wxs_request *request,
          wxs_response *response)
{
    (void)context;
    (void)request;
    wxs_answer_error(response, 404, "not_found",
                     "The requested endpoint does not exist.");
}

static const wxs_route routes[] = {
    {"POST", "/domains", WXS_FULL_ACCESS, wxs_domains_create},
    {"GET", "/domains", WXS_FULL_ACCESS, wxs_domains_list},
    {"POST", "/domains/claim", WXS_FULL_ACCESS, no_claims},
    {"POST", "/domains/verify", WXS_FULL_ACCESS, wxs_domains_verify_all},
    {"GET", "/domains/verify", WXS_FULL_ACCESS, wxs_domains_verify_progress},
    {"GET", "/domains/{id}", WXS_FULL_ACCESS, wxs_domains_get},
    {"PATCH", "/domains/{id}", WXS_FULL_ACCESS, wxs_domains_update},
    {"DELETE", "/domains/{id}", WXS_FULL_ACCESS, wxs_domains_delete},
    {"POST", "/domains/{id}/verify", WXS_FULL_ACCESS, wxs_domains_verify},
    {"POST", "/domains/{id}/retry", WXS_FULL_ACCESS, wxs_domains_retry},
    {"GET", "/domains/{id}/records", WXS_FULL_ACCESS, wxs_domains_records},
    {"GET", "/domains/{id}/history", WXS_FULL_ACCESS, wxs_domains_history},
    {"POST", "/domains/{id}/dkim/rotate", WXS_FULL_ACCESS, wxs_domains_rotate},
    {"DELETE", "/domains/{id}/dkim/{selector}", WXS_FULL_ACCESS,
     wxs_domains_end_key},
    {"POST", "/webhooks", WXS_FULL_ACCESS, wxs_webhooks_create},
    {"GET", "/webhooks", WXS_FULL_ACCESS, wxs_webhooks_list},
    {"GET", "/webhooks/{id}", WXS_FULL_ACCESS, wxs_webhooks_get},
    {"PATCH", "/webhooks/{id}", WXS_FULL_ACCESS, wxs_webhooks_update},
    {"DELETE", "/webhooks/{id}", WXS_FULL_ACCESS, wxs_webhooks_delete},
    {"POST", "/webhooks/{id}/signing-secret/rotate", WXS_FULL_ACCESS,
     wxs_webhooks_rotate},
    {"GET", "/webhooks/{id}/events", WXS_FULL_ACCESS, wxs_webhooks_events},
    {"GET", "/webhooks/{id}/events/{event}", WXS_FULL_ACCESS,
     wxs_webhooks_event},
    {"GET", "/webhooks/{id}/events/{event}/attempts", WXS_FULL_ACCESS,
     wxs_webhooks_attempts},
    {"POST", "/webhooks/{id}/events/{event}/replay", WXS_FULL_ACCESS,
     wxs_webhooks_replay},
    {0},
};

static bool
start(const wxs_config *config, void **state, wxs_error *error)
{
    (void)config;
    /* the distribution's list is newer than the one inside libpsl */
    *state = psl_latest(NULL);
    if (*state == NULL)
        return wxs_fail(error, "there is no public suffix list: install the "
                               "package publicsuffix");
    return true;
}

static void
stop(void *state)
{
    psl_free(state);
}

const wxs_service wxs_domains_service = {
    .name = "waxseal-domains",
    .routes = routes,
    .uses_webhooks = true,
    .body_max = BODY_MAX,
    .start = start,
    .stop = stop,
};
