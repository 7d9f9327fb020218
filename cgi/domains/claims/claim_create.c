#include <string.h>

#include "claim_json.h"
#include "clock.h"
#include "domain_create.h"
#include "idempotency.h"
#include "routes.h"

#define WEEK_US INT64_C(604800000000)

static bool
new_claim(wxs_claim *claim, wxs_error *error)
{
    uint8_t uuid[WXS_UUID_SIZE];

    if (!wxs_uuid_new(uuid))
        return wxs_fail(error, "the system has no random bytes");
    wxs_uuid_format(uuid, claim->id);
    memcpy(claim->status, "pending", sizeof("pending"));
    claim->created_at = wxs_now_us();
    claim->expires_at = claim->created_at + WEEK_US;
    return true;
}

/* The account's own domain of that name: 1, 0, -1. */
static int
find_own(const wxs_context *context, const char *name, wxs_domain *domain,
         wxs_error *error)
{
    return wxs_domain_find_name(context->control, context->identity.account,
                                name, domain, error);
}

static void
answer_present(const wxs_context *context, const wxs_request *request,
               const wxs_domain *domain, const wxs_claim *claim,
               wxs_response *response)
{
    wxs_error error;
    json_t *json = wxs_claim_json(context->control, context, request, domain,
                                  claim, &error);

    if (json == NULL)
        wxs_answer_internal(response, request, &error);
    else
        wxs_answer(response, 200, json);
}

/* Stores a claim for a domain that is there, and answers. */
static bool
store(const wxs_context *context, const wxs_request *request,
      const wxs_domain *domain, const wxs_claim *claim, wxs_response *response,
      wxs_error *error)
{
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, error);
    json_t *json = NULL;

    if (db == NULL)
        return false;
    if (wxs_claim_insert(db, claim->id, domain->number, claim->created_at,
                         claim->expires_at, error))
        json = wxs_claim_json(db, context, request, domain, claim, error);
    if (json == NULL) {
        wxs_write_abort(db);
        return false;
    }
    wxs_answer(response, 201, json);
    (void)wxs_commit_creation(db, &context->identity, request, response);
    return true;
}

/* A claim for a domain that the account has added already. */
static void
claim_own(const wxs_context *context, const wxs_request *request,
          const wxs_domain *domain, wxs_response *response)
{
    wxs_claim claim;
    wxs_error error;
    int found = wxs_claim_find(context->control, domain->number, wxs_now_us(),
                               &claim, &error);

    if (found == 1 && strcmp(claim.status, "pending") == 0)
        answer_present(context, request, domain, &claim, response);
    else if (found < 0 || !new_claim(&claim, &error) ||
             !store(context, request, domain, &claim, response, &error))
        wxs_answer_internal(response, request, &error);
}

static json_t *
answer_new(wxs_db *db, const wxs_context *context, const wxs_request *request,
           const wxs_domain *domain, const wxs_create_wishes *wishes,
           wxs_error *error)
{
    wxs_claim claim = {.status = "pending",
                       .created_at = domain->created_at,
                       .expires_at = wishes->claim_expires_at};

    memcpy(claim.id, wishes->claim, sizeof(claim.id));
    return wxs_claim_json(db, context, request, domain, &claim, error);
}

/* A claim with a domain of its own. */
static void
claim_new(const wxs_context *context, const wxs_request *request,
          wxs_domain *domain, wxs_create_wishes *wishes, wxs_response *response)
{
    wxs_claim claim;
    wxs_error error;

    if (!new_claim(&claim, &error)) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    memcpy(wishes->claim, claim.id, sizeof(claim.id));
    wishes->claim_expires_at = claim.expires_at;
    wxs_create_domain(context, request, domain, wishes, answer_new, response);
}

static void
claim(const wxs_context *context, const wxs_request *request,
      wxs_domain *domain, wxs_create_wishes *wishes, wxs_response *response)
{
    wxs_domain own;
    wxs_error error;
    int has = find_own(context, domain->name, &own, &error);
    int held = has < 0 ? -1
                       : wxs_claim_is_held(context->control, domain->account,
                                           domain->name, &error);

    if (held < 0)
        wxs_answer_internal(response, request, &error);
    else if (held == 0)
        wxs_answer_error(response, 422, "validation_error",
                         "No other account holds `%s`: add it with "
                         "POST /domains.",
                         domain->name);
    else if (has == 1)
        claim_own(context, request, &own, response);
    else
        claim_new(context, request, domain, wishes, response);
}

void
wxs_claims_create(wxs_context *context, const wxs_request *request,
                  wxs_response *response)
{
    wxs_domain domain = wxs_create_defaults(context->identity.account);
    json_t *body = wxs_body_object(request, response);
    wxs_create_wishes wishes = {0};

    if (body == NULL)
        return;
    if (wxs_create_parse(body, context, request, &domain, &wishes, response))
        claim(context, request, &domain, &wishes, response);
    wxs_create_clear(&wishes);
    json_decref(body);
}
