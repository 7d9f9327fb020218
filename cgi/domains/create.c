#include <string.h>

#include "clock.h"
#include "dkim_pool.h"
#include "domain_json.h"
#include "domain_store.h"
#include "fields.h"
#include "record_store.h"
#include "routes.h"

#define POOL_WAIT_MS 5000

typedef enum {
    CREATED,
    TAKEN,
    POOL_EMPTY,
    FAILED
} outcome;

static bool
parse(const wxs_context *context, const wxs_request *request,
      wxs_domain *domain, wxs_response *response)
{
    json_t *body = wxs_body_object(request, response);
    bool ok;

    if (body == NULL)
        return false;
    ok = wxs_parse_name(body, context, domain, response) &&
         wxs_parse_region(body, context->config, domain, response) &&
         wxs_parse_return_path(body, domain, response) &&
         wxs_parse_toggles(body, domain, response) &&
         wxs_parse_tracking(body, domain, response) &&
         wxs_parse_tls(body, domain, response) &&
         wxs_check_capabilities(body, response);
    json_decref(body);
    return ok;
}

static bool
add_records(wxs_db *db, const wxs_config *config, const wxs_domain *domain,
            const wxs_dkim_key *key, wxs_error *error)
{
    const wxs_record_needs needs = {
        .name = domain->name,
        .return_path = domain->return_path,
        .tracking = domain->tracking,
        .selector = key->selector,
        .public_key = key->public_key,
        .region = wxs_config_region(config, domain->region),
    };
    wxs_record records[WXS_RECORDS_MAX];
    size_t count = wxs_record_set(&needs, records);

    if (count == 0)
        return wxs_fail(error, "a record of %s is too long", domain->name);
    for (size_t i = 0; i < count; i++) {
        int64_t host = 0;

        if (strcmp(records[i].kind, "tracking") == 0 &&
            !wxs_tracking_host_add(db, domain->number, domain->tracking,
                                   records[i].fqdn, domain->created_at, &host,
                                   error))
            return false;
        if (!wxs_record_add(db, domain->number, &records[i], host,
                            domain->state, error))
            return false;
    }
    return true;
}

static outcome
store(wxs_db *db, const wxs_config *config, wxs_domain *domain,
      wxs_error *error)
{
    wxs_dkim_key key;
    int taken = wxs_domain_name_taken(db, domain->name, error);

    if (taken != 0)
        return taken > 0 ? TAKEN : FAILED;
    domain->created_at = domain->state_since = wxs_now_us();
    if (!wxs_domain_insert(db, domain, error))
        return FAILED;
    taken = wxs_dkim_take(db, domain->number, domain->name, &key, error);
    if (taken != 1)
        return taken == 0 ? POOL_EMPTY : FAILED;
    if (!add_records(db, config, domain, &key, error) ||
        !wxs_history_add(db, domain->number, domain->created_at, NULL,
                         domain->state, "created", error))
        return FAILED;
    return CREATED;
}

static outcome
create_once(const wxs_config *config, wxs_domain *domain, wxs_error *error)
{
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, error);
    outcome result;

    if (db == NULL)
        return FAILED;
    result = store(db, config, domain, error);
    if (result != CREATED)
        wxs_write_abort(db);
    else if (!wxs_write_commit(db, error))
        result = FAILED;
    return result;
}

/* An empty pool is filled by the worker within seconds; the write lock is not
 * held meanwhile. */
static outcome
create_waiting(const wxs_context *context, wxs_domain *domain, wxs_error *error)
{
    int64_t deadline = wxs_monotonic_ms() + POOL_WAIT_MS;
    outcome result;
    int found;

    while ((result = create_once(context->config, domain, error)) ==
           POOL_EMPTY) {
        found = wxs_dkim_wait(context->control, deadline, error);
        if (found != 1)
            return found == 0 ? POOL_EMPTY : FAILED;
    }
    return result;
}

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

void
wxs_domains_create(wxs_context *context, const wxs_request *request,
                   wxs_response *response)
{
    wxs_domain domain = {
        .account = context->identity.account,
        .region = "us-east-1",
        .return_path = "send",
        .tls = "opportunistic",
        .state = "not_started",
    };
    uint8_t uuid[WXS_UUID_SIZE];
    wxs_error error;

    if (!parse(context, request, &domain, response))
        return;
    if (!wxs_uuid_new(uuid)) {
        wxs_fail(&error, "the system has no random bytes");
        wxs_answer_internal(response, request, &error);
        return;
    }
    wxs_uuid_format(uuid, domain.id);
    switch (create_waiting(context, &domain, &error)) {
    case CREATED:
        answer_created(context, request, &domain, response);
        break;
    case TAKEN:
        wxs_answer_error(response, 403, "validation_error",
                         "The `%s` domain has been registered already.",
                         domain.name);
        break;
    case POOL_EMPTY:
        wxs_answer_error(response, 503, "application_error",
                         "DKIM keys are being generated. Please try again in "
                         "a few seconds.");
        response->retry_after = 2;
        break;
    case FAILED:
        wxs_answer_internal(response, request, &error);
        break;
    }
}
