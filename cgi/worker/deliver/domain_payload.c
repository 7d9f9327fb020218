#include "domain_payload.h"

#include <string.h>

#include "clock.h"

static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* The words of the API's record kinds. */
static const char *
label_of(const char *kind)
{
    if (strcmp(kind, "dkim") == 0)
        return "DKIM";
    return strcmp(kind, "tracking") == 0 ? "Tracking" : "SPF";
}

/* The length of the part of fqdn before the registrable domain, as record
 * names stand in the API. */
static size_t
relative_length(const char *fqdn, const char *registrable)
{
    size_t len = strlen(fqdn), zone = strlen(registrable);

    return len > zone + 1 && fqdn[len - zone - 1] == '.' &&
                   strcmp(fqdn + len - zone, registrable) == 0
               ? len - zone - 1
               : len;
}

static json_t *
record_json(const json_t *record, const char *registrable)
{
    const char *fqdn = text_of(record, "fqdn");
    json_t *priority = json_object_get(record, "priority");

    if (json_is_null(priority))
        priority = NULL;
    return json_pack("{s:s, s:s%, s:s, s:s, s:s, s:s, s:O*, s:s}", "record",
                     label_of(text_of(record, "kind")), "name", fqdn,
                     relative_length(fqdn, registrable), "type",
                     text_of(record, "type"), "value", text_of(record, "value"),
                     "ttl", "Auto", "status", text_of(record, "status"),
                     "priority", priority, "fqdn", fqdn);
}

/* DMARC is advice, and no record of the API's. */
static json_t *
records_json(const json_t *snapshot, const char *registrable)
{
    const json_t *records = json_object_get(snapshot, "records");
    json_t *list = json_array();

    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);

        if (strcmp(text_of(record, "kind"), "dmarc") != 0 &&
            json_array_append_new(list, record_json(record, registrable)) !=
                0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *
data_json(const json_t *snapshot, const psl_ctx_t *psl)
{
    const char *name = text_of(snapshot, "name");
    const char *registrable = psl_registrable_domain(psl, name);
    const char *state = text_of(snapshot, "state");
    json_t *tracking = json_object_get(snapshot, "tracking_subdomain");
    char created_at[WXS_TIME_TEXT];

    wxs_time_iso(json_integer_value(json_object_get(snapshot, "created_at")),
                 created_at);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:b, s:b, s:O*, s:s, s:o}",
        "id", text_of(snapshot, "id"), "name", name, "status",
        strcmp(state, "temporary_failure") == 0 ? "verified" : state,
        "created_at", created_at, "region", text_of(snapshot, "region"),
        "capabilities", "sending", "enabled", "receiving", "disabled",
        "open_tracking",
        json_integer_value(json_object_get(snapshot, "open_tracking")) != 0,
        "click_tracking",
        json_integer_value(json_object_get(snapshot, "click_tracking")) != 0,
        "tracking_subdomain", json_is_string(tracking) ? tracking : NULL,
        "state", state, "records",
        records_json(snapshot, registrable != NULL ? registrable : name));
}

char *
wxs_domain_payload(const char *type, int64_t created_at, const char *snapshot,
                   const psl_ctx_t *psl)
{
    json_t *parsed = json_loads(snapshot, 0, NULL);
    char at[WXS_TIME_TEXT];
    char *text = NULL;
    json_t *json;

    if (parsed == NULL)
        return NULL;
    wxs_time_iso(created_at, at);
    json = json_pack("{s:s, s:s, s:o}", "type", type, "created_at", at, "data",
                     data_json(parsed, psl));
    if (json != NULL)
        text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    json_decref(parsed);
    return text;
}
