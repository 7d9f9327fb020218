#include "routes.h"

#include <libpsl.h>

#define BODY_MAX   65536
#define IMPORT_MAX (8UL << 20)

static const wxs_route routes[] = {
    {"POST", "/domains", WXS_FULL_ACCESS, wxs_domains_create},
    {"GET", "/domains", WXS_FULL_ACCESS, wxs_domains_list},
    {"POST", "/domains/import", WXS_FULL_ACCESS, wxs_domains_import},
    {"POST", "/domains/claim", WXS_FULL_ACCESS, wxs_claims_create},
    {"GET", "/domains/{id}/claim", WXS_FULL_ACCESS, wxs_claims_get},
    {"POST", "/domains/{id}/claim/verify", WXS_FULL_ACCESS, wxs_claims_verify},
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
    {"POST", "/domains/{id}/certificate/renew", WXS_FULL_ACCESS,
     wxs_certificates_renew},
    {"POST", "/domains/{id}/tracking/check", WXS_FULL_ACCESS,
     wxs_tracking_check_ask},
    {"GET", "/domains/{id}/tracking/check", WXS_FULL_ACCESS,
     wxs_tracking_check_get},
    {"GET", "/certificates", WXS_FULL_ACCESS, wxs_certificates_list},
    {"GET", "/certificates/metrics", WXS_ADMIN, wxs_certificates_metrics},
    {"POST", "/api-keys", WXS_FULL_ACCESS, wxs_api_keys_create},
    {"GET", "/api-keys", WXS_FULL_ACCESS, wxs_api_keys_list},
    {"PATCH", "/api-keys/{id}", WXS_FULL_ACCESS, wxs_api_keys_rename},
    {"DELETE", "/api-keys/{id}", WXS_FULL_ACCESS, wxs_api_keys_delete},
    {"POST", "/accounts", WXS_ADMIN, wxs_accounts_create},
    {"GET", "/accounts", WXS_ADMIN, wxs_accounts_list},
    {"GET", "/accounts/{id}", WXS_ADMIN, wxs_accounts_get},
    {"PATCH", "/accounts/{id}", WXS_ADMIN, wxs_accounts_update},
    {"DELETE", "/accounts/{id}", WXS_ADMIN, wxs_accounts_delete},
    {"GET", "/status", WXS_ADMIN, wxs_status_get},
    {"GET", "/senders/{address}", WXS_SENDING_ACCESS, wxs_senders_get},
    {"GET", "/logs", WXS_FULL_ACCESS, wxs_logs_list},
    {"GET", "/logs/{id}", WXS_FULL_ACCESS, wxs_logs_get},
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
    .keeps_bodies = true,
    .uses_webhooks = true,
    .body_max = BODY_MAX,
    .large_path = "/domains/import",
    .large_body_max = IMPORT_MAX,
    .start = start,
    .stop = stop,
};
