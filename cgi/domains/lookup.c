#include "lookup.h"

#include <string.h>

#include "idempotency.h"

bool
wxs_parse_id(const char *text, char id[WXS_UUID_TEXT], wxs_response *response)
{
    uint8_t uuid[WXS_UUID_SIZE];

    /* the one word that stands in the place of an id */
    if (strcmp(text, "claim") == 0) {
        wxs_answer_error(response, 404, "not_found",
                         "The requested endpoint does not exist.");
        return false;
    }
    if (!wxs_uuid_parse(text, strlen(text), uuid)) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `id` must be a valid UUID.");
        return false;
    }
    wxs_uuid_format(uuid, id);
    return true;
}

bool
wxs_domain_lookup(wxs_db *db, const wxs_context *context,
                  const wxs_request *request, wxs_domain *domain,
                  wxs_response *response)
{
    char id[WXS_UUID_TEXT];
    wxs_error error;
    int found;

    if (!wxs_parse_id(request->param[0], id, response))
        return false;
    found = wxs_domain_find(db, context->identity.account, id, domain, &error);
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_answer_error(response, 404, "not_found", "Domain not found");
    return found == 1;
}

/* A creation has its answer already. */
static bool
commit(wxs_db *db, const wxs_context *context, const wxs_request *request,
       wxs_response *response)
{
    wxs_error error;

    if (response->status == 201)
        return wxs_commit_creation(db, &context->identity, request, response);
    if (wxs_write_commit(db, &error))
        return true;
    wxs_answer_internal(response, request, &error);
    return false;
}

bool
wxs_domain_apply(const wxs_context *context, const wxs_request *request,
                 wxs_domain_change *change, const void *arg, wxs_domain *domain,
                 wxs_response *response)
{
    wxs_error error;
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, &error);

    if (db == NULL) {
        wxs_answer_internal(response, request, &error);
        return false;
    }
    if (!wxs_domain_lookup(db, context, request, domain, response)) {
        wxs_write_abort(db);
        return false;
    }
    if (!change(db, domain, arg, response, &error)) {
        wxs_write_abort(db);
        if (response->status == 0)
            wxs_answer_internal(response, request, &error);
        return false;
    }
    return commit(db, context, request, response);
}
