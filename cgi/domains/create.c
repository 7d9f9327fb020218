#include <string.h>

#include "clock.h"
#include "dkim_add.h"
#include "dkim_pool.h"
#include "domain_json.h"
#include "domain_store.h"
#include "fields.h"
#include "record_store.h"
#include "routes.h"
#include "webhook_outbox.h"

#define POOL_WAIT_MS 5000

typedef enum {
    CREATED,
    TAKEN,
    NO_KEY, /* wishes.result says why */
    FAILED
} outcome;

/* The keys of a new domain. */
typedef struct {
    wxs_dkim_wish first; /* RSA */
    wxs_dkim_wish second;
    wxs_dkim_added result;
} wishes;

static bool
parse(const wxs_context *context, const wxs_request *request,
      wxs_domain *domain, wishes *keys, wxs_response *response)
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
         wxs_check_capabilities(body, response) &&
         wxs_parse_dkim(body, context, request, domain, &keys->first, response);
    json_decref(body);
    return ok;
}

static bool
add_records(wxs_db *db, const wxs_config *config, const wxs_domain *domain,
            const wxs_dkim_key *key, wxs_error *error)
{
    char target[WXS_DKIM_TARGET_TEXT];
    const wxs_record_needs needs = {
        .name = domain->name,
        .return_path = domain->return_path,
        .tracking = domain->tracking,
        .key = wxs_dkim_record_key(domain, key, config, target),
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
add_second(wxs_db *db, const wxs_config *config, const wxs_domain *domain,
           wishes *keys, wxs_error *error)
{
    char target[WXS_DKIM_TARGET_TEXT];
    wxs_record_key record_key;
    wxs_record record;
    wxs_dkim_key key;

    if (!keys->first.ed25519)
        return CREATED;
    keys->result = wxs_dkim_add(db, domain, &keys->second, domain->created_at,
                                &key, error);
    if (keys->result != WXS_DKIM_ADDED)
        return NO_KEY;
    record_key = wxs_dkim_record_key(domain, &key, config, target);
    if (!wxs_record_dkim(domain->name, &record_key, &record)) {
        wxs_fail(error, "a record of %s is too long", domain->name);
        return FAILED;
    }
    return wxs_record_add(db, domain->number, &record, 0, domain->state, error)
               ? CREATED
               : FAILED;
}

static outcome
store(wxs_db *db, const wxs_config *config, wxs_domain *domain, wishes *keys,
      wxs_error *error)
{
    wxs_dkim_key key;
    int taken = wxs_domain_name_taken(db, domain->name, error);

    if (taken != 0)
        return taken > 0 ? TAKEN : FAILED;
    domain->created_at = domain->state_since = wxs_now_us();
    if (!wxs_domain_insert(db, domain, error))
        return FAILED;
    keys->result =
        wxs_dkim_add(db, domain, &keys->first, domain->created_at, &key, error);
    if (keys->result != WXS_DKIM_ADDED)
        return NO_KEY;
    if (!add_records(db, config, domain, &key, error) ||
        !wxs_history_add(db, domain->number, domain->created_at, NULL,
                         domain->state, "created", error) ||
        !wxs_webhook_tell(db, domain->number, WXS_DOMAIN_CREATED,
                          domain->created_at, error))
        return FAILED;
    return add_second(db, config, domain, keys, error);
}

static outcome
create_once(const wxs_config *config, wxs_domain *domain, wishes *keys,
            wxs_error *error)
{
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, error);
    outcome result;

    if (db == NULL)
        return FAILED;
    result = store(db, config, domain, keys, error);
    if (result != CREATED)
        wxs_write_abort(db);
    else if (!wxs_write_commit(db, error))
        result = FAILED;
    return result;
}

/* An empty pool is filled by the worker within seconds; the write lock is not
 * held meanwhile. */
static outcome
create_waiting(const wxs_context *context, wxs_domain *domain, wishes *keys,
               wxs_error *error)
{
    int64_t deadline = wxs_monotonic_ms() + POOL_WAIT_MS;
    outcome result;
    int found;

    while ((result = create_once(context->config, domain, keys, error)) ==
               NO_KEY &&
           keys->result == WXS_DKIM_POOL_EMPTY) {
        found = wxs_dkim_wait(context->control, deadline, error);
        if (found != 1)
            return found == 0 ? NO_KEY : FAILED;
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

static void
create(const wxs_context *context, const wxs_request *request,
       wxs_domain *domain, wishes *keys, wxs_response *response)
{
    wxs_error error;

    switch (create_waiting(context, domain, keys, &error)) {
    case CREATED:
        answer_created(context, request, domain, response);
        break;
    case TAKEN:
        wxs_answer_error(response, 403, "validation_error",
                         "The `%s` domain has been registered already.",
                         domain->name);
        break;
    case NO_KEY:
        wxs_dkim_answer(keys->result, &keys->first, request, &error, response);
        break;
    case FAILED:
        wxs_answer_internal(response, request, &error);
        break;
    }
}

/* Fills the domain's id and the key that is made here. */
static bool
prepare(wxs_domain *domain, wishes *keys, wxs_error *error)
{
    uint8_t uuid[WXS_UUID_SIZE];

    if (!wxs_uuid_new(uuid))
        return wxs_fail(error, "the system has no random bytes");
    wxs_uuid_format(uuid, domain->id);
    keys->second.box = keys->first.box;
    return !keys->first.ed25519 ||
           wxs_dkim_pair_ed25519(&keys->second.pair, error);
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
    wishes keys = {0};
    wxs_error error;

    if (parse(context, request, &domain, &keys, response)) {
        if (prepare(&domain, &keys, &error))
            create(context, request, &domain, &keys, response);
        else
            wxs_answer_internal(response, request, &error);
    }
    wxs_dkim_pair_clear(&keys.first.pair);
    wxs_dkim_pair_clear(&keys.second.pair);
}
