#include "claim_json.h"

#include <string.h>

#include "domain_json.h"

/* The first DKIM record of a domain; NULL if there is none. */
static json_t *
find_record(const json_t *domain)
{
    size_t i;
    json_t *record;

    json_array_foreach(json_object_get(domain, "records"), i, record)
    {
        const char *label =
            json_string_value(json_object_get(record, "record"));

        if (label != NULL && strcmp(label, "DKIM") == 0)
            return record;
    }
    return NULL;
}

static json_t *
record_json(const json_t *record)
{
    return json_pack("{s:O?, s:O?, s:O?, s:s, s:O?, s:O?}", "type",
                     json_object_get(record, "type"), "name",
                     json_object_get(record, "name"), "value",
                     json_object_get(record, "value"), "ttl", "Auto", "fqdn",
                     json_object_get(record, "fqdn"), "status_detail",
                     json_object_get(record, "status_detail"));
}

json_t *
wxs_claim_json(wxs_db *db, const wxs_context *context,
               const wxs_request *request, const wxs_domain *domain,
               const wxs_claim *claim, wxs_error *error)
{
    json_t *whole = wxs_domain_json(db, domain, context, request, error);
    json_t *json;

    if (whole == NULL)
        return NULL;
    json = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:n, s:n, s:o, s:o}", "object",
        "domain_claim", "id", claim->id, "name", domain->name, "status",
        claim->status, "domain_id", domain->id, "region", domain->region,
        "record", record_json(find_record(whole)), "blocked_reason",
        "failure_reason", "created_at", wxs_time_json(claim->created_at),
        "expires_at", wxs_time_json(claim->expires_at));
    json_decref(whole);
    if (json == NULL)
        wxs_fail(error, "out of memory");
    return json;
}
