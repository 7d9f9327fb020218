#include <openssl/crypto.h>
#include <string.h>

#include "clock.h"
#include "domain_store.h"
#include "idempotency.h"
#include "key_fields.h"
#include "key_store.h"
#include "routes.h"

/* A key as the body asks for it. */
typedef struct {
    wxs_api_key key;
    int64_t domain; /* number, 0 = none */
    char token[WXS_API_KEY_TEXT];
    uint8_t hash[WXS_API_KEY_HASH];
} new_key;

static bool
refuse(wxs_response *response, const char *message)
{
    wxs_answer_error(response, 422, "validation_error", "%s", message);
    return false;
}

static bool
parse_permission(const json_t *body, new_key *made, wxs_response *response)
{
    const char *text = "full_access";

    if (!wxs_field_string(body, "permission", false, 64, &text, response))
        return false;
    made->key.full_access = strcmp(text, "full_access") == 0;
    return made->key.full_access || strcmp(text, "sending_access") == 0 ||
           refuse(response, "The `permission` field must be `full_access` or "
                            "`sending_access`.");
}

static bool
parse_domain(const json_t *body, const wxs_context *context,
             const wxs_request *request, new_key *made, wxs_response *response)
{
    const char *text = NULL;
    uint8_t uuid[WXS_UUID_SIZE];
    wxs_domain domain;
    wxs_error error;
    int found;

    if (!wxs_field_string(body, "domain_id", false, 64, &text, response))
        return false;
    if (text == NULL)
        return true;
    if (made->key.full_access)
        return refuse(response, "The `domain_id` field is only for keys with "
                                "the permission `sending_access`.");
    if (!wxs_uuid_parse(text, strlen(text), uuid))
        return refuse(response, "The `domain_id` field must be a valid UUID.");
    wxs_uuid_format(uuid, made->key.domain_id);
    found = wxs_domain_find(context->control, context->identity.account,
                            made->key.domain_id, &domain, &error);
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_answer_error(response, 404, "not_found", "Domain not found");
    made->domain = domain.number;
    return found == 1;
}

static bool
parse(const wxs_context *context, const wxs_request *request, new_key *made,
      wxs_response *response)
{
    json_t *body = wxs_body_object(request, response);
    bool ok;

    if (body == NULL)
        return false;
    ok = wxs_parse_key_name(body, made->key.name, response) &&
         parse_permission(body, made, response) &&
         parse_domain(body, context, request, made, response);
    json_decref(body);
    return ok;
}

static bool
make(new_key *made, wxs_error *error)
{
    uint8_t uuid[WXS_UUID_SIZE];

    if (!wxs_uuid_new(uuid) || !wxs_api_key_new(made->token, made->hash))
        return wxs_fail(error, "the system has no random bytes");
    wxs_uuid_format(uuid, made->key.id);
    made->key.created_at = wxs_now_us();
    return true;
}

static void
store(const wxs_context *context, const wxs_request *request,
      const new_key *made, wxs_response *response)
{
    const wxs_identity *identity = &context->identity;
    wxs_error error;
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, &error);

    if (db == NULL) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    if (!wxs_api_key_insert(db, identity->account, &made->key, made->domain,
                            made->hash, &error)) {
        wxs_write_abort(db);
        wxs_answer_internal(response, request, &error);
        return;
    }
    wxs_answer(response, 201,
               json_pack("{s:s, s:s, s:s}", "object", "api_key", "id",
                         made->key.id, "token", made->token));
    (void)wxs_commit_creation(db, identity, request, response);
}

void
wxs_api_keys_create(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    new_key made = {0};
    wxs_error error;

    if (!parse(context, request, &made, response))
        return;
    if (make(&made, &error))
        store(context, request, &made, response);
    else
        wxs_answer_internal(response, request, &error);
    OPENSSL_cleanse(made.token, sizeof(made.token));
}
