#include "domain_create.h"

#include <string.h>

#include "accounts/account_store.h"
#include "claims/claim_store.h"
#include "clock.h"
#include "dkim_pool.h"
#include "fields.h"
#include "idempotency.h"
#include "record_store.h"
#include "webhook_outbox.h"

#define POOL_WAIT_MS 5000

typedef enum {
    WXS_CREATED,
    WXS_CREATE_TAKEN,
    WXS_CREATE_FULL,   /* the account has as many domains as it may */
    WXS_CREATE_NO_KEY, /* wishes.result says why */
    WXS_CREATE_FAILED
} wxs_create_outcome;

bool
wxs_create_parse(const json_t *body, const wxs_context *context,
                 const wxs_request *request, wxs_domain *domain,
                 wxs_create_wishes *wishes, wxs_response *response)
{
    return wxs_parse_name(body, context, domain, response) &&
           wxs_parse_region(body, context->config, domain, response) &&
           wxs_parse_return_path(body, domain, response) &&
           wxs_parse_toggles(body, domain, response) &&
           wxs_parse_tracking(body, domain, response) &&
           wxs_parse_tls(body, domain, response) &&
           wxs_check_capabilities(body, response) &&
           wxs_parse_dkim(body, context, request, domain, &wishes->first,
                          response);
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

static wxs_create_outcome
add_second(wxs_db *db, const wxs_config *config, const wxs_domain *domain,
           wxs_create_wishes *wishes, wxs_error *error)
{
    char target[WXS_DKIM_TARGET_TEXT];
    wxs_record_key record_key;
    wxs_record record;
    wxs_dkim_key key;

    if (!wishes->first.ed25519)
        return WXS_CREATED;
    wishes->result = wxs_dkim_add(db, domain, &wishes->second,
                                  domain->created_at, &key, error);
    if (wishes->result != WXS_DKIM_ADDED)
        return WXS_CREATE_NO_KEY;
    record_key = wxs_dkim_record_key(domain, &key, config, target);
    if (!wxs_record_dkim(domain->name, &record_key, &record)) {
        wxs_fail(error, "a record of %s is too long", domain->name);
        return WXS_CREATE_FAILED;
    }
    return wxs_record_add(db, domain->number, &record, 0, domain->state, error)
               ? WXS_CREATED
               : WXS_CREATE_FAILED;
}

static wxs_create_outcome
store(wxs_db *db, const wxs_config *config, wxs_domain *domain,
      wxs_create_wishes *wishes, wxs_error *error)
{
    wxs_create_outcome outcome;
    wxs_dkim_key key;
    int64_t max = 0;
    bool is_claim = wishes->claim[0] != '\0';
    int taken = wxs_domain_name_taken(db, domain->account, domain->name,
                                      !is_claim, error);
    int room;

    if (taken != 0)
        return taken > 0 ? WXS_CREATE_TAKEN : WXS_CREATE_FAILED;
    room = wxs_account_has_room(db, domain->account, &max, error);
    if (room != 1)
        return room == 0 ? WXS_CREATE_FULL : WXS_CREATE_FAILED;
    domain->created_at = domain->state_since = wxs_now_us();
    if (!wxs_domain_insert(db, domain, error))
        return WXS_CREATE_FAILED;
    wishes->result = wxs_dkim_add(db, domain, &wishes->first,
                                  domain->created_at, &key, error);
    if (wishes->result != WXS_DKIM_ADDED)
        return WXS_CREATE_NO_KEY;
    if (!add_records(db, config, domain, &key, error) ||
        !wxs_history_add(db, domain->number, domain->created_at, NULL,
                         domain->state, "created", error))
        return WXS_CREATE_FAILED;
    if (is_claim &&
        !wxs_claim_insert(db, wishes->claim, domain->number, domain->created_at,
                          wishes->claim_expires_at, error))
        return WXS_CREATE_FAILED;
    outcome = add_second(db, config, domain, wishes, error);
    if (outcome == WXS_CREATED &&
        !wxs_webhook_tell(db, domain->number, WXS_DOMAIN_CREATED,
                          domain->created_at, error))
        outcome = WXS_CREATE_FAILED;
    return outcome;
}

/* One creation on its way to the answer. */
typedef struct {
    const wxs_context *context;
    const wxs_request *request;
    wxs_domain *domain;
    wxs_create_wishes *wishes;
    wxs_create_answer *answer;
    wxs_response *response;
} creation;

static wxs_create_outcome
create_once(const creation *c, wxs_error *error)
{
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, error);
    wxs_create_outcome result;
    json_t *json;

    if (db == NULL)
        return WXS_CREATE_FAILED;
    result = store(db, c->context->config, c->domain, c->wishes, error);
    if (result == WXS_CREATED) {
        json =
            c->answer(db, c->context, c->request, c->domain, c->wishes, error);
        if (json != NULL) {
            wxs_answer(c->response, 201, json);
            (void)wxs_commit_creation(db, &c->context->identity, c->request,
                                      c->response);
            return WXS_CREATED;
        }
        result = WXS_CREATE_FAILED;
    }
    wxs_write_abort(db);
    return result;
}

/* An empty pool is filled by the worker within seconds; the write lock is not
 * held meanwhile. */
static wxs_create_outcome
create_waiting(const creation *c, wxs_error *error)
{
    int64_t deadline = wxs_monotonic_ms() + POOL_WAIT_MS;
    wxs_create_outcome result;
    int found;

    while ((result = create_once(c, error)) == WXS_CREATE_NO_KEY &&
           c->wishes->result == WXS_DKIM_POOL_EMPTY) {
        found = wxs_dkim_wait(c->context->control, deadline, error);
        if (found != 1)
            return found == 0 ? WXS_CREATE_NO_KEY : WXS_CREATE_FAILED;
    }
    return result;
}

wxs_domain
wxs_create_defaults(int64_t account)
{
    return (wxs_domain){
        .account = account,
        .region = "us-east-1",
        .return_path = "send",
        .tls = "opportunistic",
        .state = "not_started",
    };
}

/* Fills the domain's id and the key that is made here. */
static bool
prepare(wxs_domain *domain, wxs_create_wishes *wishes, wxs_error *error)
{
    uint8_t uuid[WXS_UUID_SIZE];

    if (!wxs_uuid_new(uuid))
        return wxs_fail(error, "the system has no random bytes");
    wxs_uuid_format(uuid, domain->id);
    wishes->second.box = wishes->first.box;
    return !wishes->first.ed25519 ||
           wxs_dkim_pair_ed25519(&wishes->second.pair, error);
}

/* Answers what kept the domain from being added. */
static void
refuse(wxs_create_outcome outcome, const creation *c, const wxs_error *error)
{
    switch (outcome) {
    case WXS_CREATE_TAKEN:
        wxs_answer_error(c->response, 403, "validation_error",
                         "The `%s` domain has been registered already.",
                         c->domain->name);
        break;
    case WXS_CREATE_FULL:
        wxs_answer_error(c->response, 403, "validation_error",
                         "This account has as many domains as its limit "
                         "allows. Delete one, or have the limit raised.");
        break;
    case WXS_CREATE_NO_KEY:
        wxs_dkim_answer(c->wishes->result, &c->wishes->first, c->request, error,
                        c->response);
        break;
    default:
        wxs_answer_internal(c->response, c->request, error);
        break;
    }
}

void
wxs_create_domain(const wxs_context *context, const wxs_request *request,
                  wxs_domain *domain, wxs_create_wishes *wishes,
                  wxs_create_answer *answer, wxs_response *response)
{
    const creation c = {context, request, domain, wishes, answer, response};
    wxs_create_outcome outcome = WXS_CREATE_FAILED;
    wxs_error error;

    if (prepare(domain, wishes, &error))
        outcome = create_waiting(&c, &error);
    if (outcome != WXS_CREATED)
        refuse(outcome, &c, &error);
}

void
wxs_create_clear(wxs_create_wishes *wishes)
{
    wxs_dkim_pair_clear(&wishes->first.pair);
    wxs_dkim_pair_clear(&wishes->second.pair);
}
