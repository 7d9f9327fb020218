#include <string.h>
#include <strings.h>

#include "clock.h"
#include "domain_json.h"
#include "fields.h"
#include "lookup.h"
#include "record_store.h"
#include "routes.h"
#include "schedule.h"
#include "webhook_outbox.h"

/* With three other records and the DKIM keys, as many as one check looks at. */
#define TRACKING_HOSTS_MAX 12

typedef struct {
    const json_t *body;
    const wxs_config *config;
} patch;

/* The records that the owner published stand on these two. */
static bool
check_fixed(const json_t *body, const wxs_domain *domain,
            wxs_response *response)
{
    const struct {
        const char *field;
        const char *value;
    } fixed[] = {
        {"region", domain->region},
        {"custom_return_path", domain->return_path},
    };

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        const char *value = fixed[i].value;

        if (!wxs_field_string(body, fixed[i].field, false, 0, &value, response))
            return false;
        if (strcasecmp(value, fixed[i].value) != 0) {
            wxs_answer_error(response, 422, "validation_error",
                             "The `%s` field cannot be changed: delete the "
                             "domain and add it again.",
                             fixed[i].field);
            return false;
        }
    }
    return true;
}

static bool
parse(const json_t *body, wxs_domain *domain, wxs_response *response)
{
    if (json_is_null(json_object_get(body, "tracking_subdomain"))) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `tracking_subdomain` field can be changed but "
                         "not removed: links that were sent depend on it.");
        return false;
    }
    return check_fixed(body, domain, response) &&
           wxs_parse_toggles(body, domain, response) &&
           wxs_parse_tls(body, domain, response) &&
           wxs_check_capabilities(body, response) &&
           wxs_parse_tracking(body, domain, response);
}

static bool
add_host(wxs_db *db, const wxs_domain *domain, const wxs_config *config,
         wxs_error *error)
{
    const wxs_region *region = wxs_config_region(config, domain->region);
    int64_t now = wxs_now_us();
    wxs_record record;
    int64_t host;

    if (region == NULL ||
        !wxs_record_tracking(domain->name, domain->tracking, region, &record))
        return wxs_fail(error, "no tracking record for %s", domain->name);
    return wxs_tracking_host_add(db, domain->number, domain->tracking,
                                 record.fqdn, now, &host, error) &&
           wxs_record_add(db, domain->number, &record, host,
                          wxs_is_checked(domain) ? "pending" : "not_started",
                          error) &&
           (!wxs_is_checked(domain) ||
            wxs_domain_ask_check(db, domain, wxs_check_due(domain, config, now),
                                 error));
}

static bool
change_host(wxs_db *db, const wxs_domain *domain, const wxs_config *config,
            wxs_response *response, wxs_error *error)
{
    int returned =
        wxs_tracking_host_return(db, domain->number, domain->tracking, error);
    int64_t count;

    if (returned != 0)
        return returned > 0;
    count = wxs_tracking_host_count(db, domain->number, error);
    if (count < 0)
        return false;
    if (count >= TRACKING_HOSTS_MAX) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `tracking_subdomain` field was changed too "
                         "often: a domain has at most %d tracking hosts.",
                         TRACKING_HOSTS_MAX);
        return false;
    }
    return add_host(db, domain, config, error);
}

static bool
is_changed(const wxs_domain *domain, const wxs_domain *before)
{
    return domain->open_tracking != before->open_tracking ||
           domain->click_tracking != before->click_tracking ||
           strcmp(domain->tls, before->tls) != 0 ||
           strcmp(domain->tracking, before->tracking) != 0;
}

static bool
update(wxs_db *db, wxs_domain *domain, const void *arg, wxs_response *response,
       wxs_error *error)
{
    const patch *p = arg;
    const wxs_domain before = *domain;

    if (!parse(p->body, domain, response))
        return false;
    if (strcmp(domain->tracking, before.tracking) != 0 &&
        !change_host(db, domain, p->config, response, error))
        return false;
    return wxs_domain_save_options(db, domain, error) &&
           (!is_changed(domain, &before) ||
            wxs_webhook_tell(db, domain->number, WXS_DOMAIN_UPDATED,
                             wxs_now_us(), error));
}

void
wxs_domains_update(wxs_context *context, const wxs_request *request,
                   wxs_response *response)
{
    json_t *body = wxs_body_object(request, response);
    const patch p = {body, context->config};
    wxs_domain domain;

    if (body == NULL)
        return;
    if (wxs_domain_apply(context, request, update, &p, &domain, response))
        wxs_answer(response, 200, wxs_domain_reference(&domain));
    json_decref(body);
}
