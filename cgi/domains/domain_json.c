#include "domain_json.h"

#include <idn2.h>
#include <string.h>

#include "claims/claim_store.h"
#include "clock.h"
#include "dkim_json.h"
#include "dns_provider.h"
#include "label_warnings.h"
#include "name_policy.h"
#include "record_store.h"

json_t *
wxs_time_json(int64_t us)
{
    char text[WXS_TIME_TEXT];

    if (us == 0)
        return json_null();
    wxs_time_text(us, text);
    return json_string(text);
}

/* The Rust and .NET clients fail a whole call on a word they do not know, and
 * temporary_failure is none that they know for a domain. */
static const char *
status_for(const char *state, const char *user_agent)
{
    static const char *const strict[] = {"resend-rs/", "resend-sdk/"};

    if (strcmp(state, "temporary_failure") != 0)
        return state;
    for (size_t i = 0; i < sizeof(strict) / sizeof(strict[0]); i++) {
        if (strncmp(user_agent, strict[i], strlen(strict[i])) == 0)
            return "partially_failed";
    }
    return state;
}

static int64_t
window_end(const wxs_domain *domain, const wxs_config *config)
{
    if (strcmp(domain->state, "pending") != 0)
        return 0;
    return domain->state_since + config->verify.window_ms * 1000;
}

/* The name as people write it. */
static json_t *
unicode_name(const char *name)
{
    char *text = NULL;
    json_t *json = NULL;

    if (idn2_to_unicode_8z8z(name, &text, IDN2_NONTRANSITIONAL) == IDN2_OK)
        json = json_string(text);
    idn2_free(text);
    return json != NULL ? json : json_string(name);
}

json_t *
wxs_domain_summary(const wxs_domain *domain, const wxs_context *context,
                   const wxs_request *request)
{
    const char *tracking =
        domain->tracking[0] != '\0' ? domain->tracking : NULL;

    return json_pack(
        "{s:s, s:s, s:o, s:s, s:b, s:b, s:s*, s:{s:s, s:s}, s:s,"
        " s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
        "id", domain->id, "name", domain->name, "created_at",
        wxs_time_json(domain->created_at), "status",
        status_for(domain->state, request->user_agent), "open_tracking",
        (int)domain->open_tracking, "click_tracking",
        (int)domain->click_tracking, "tracking_subdomain", tracking,
        "capabilities", "sending", "enabled", "receiving", "disabled", "region",
        domain->region, "tls", domain->tls, "state", domain->state,
        "state_since", wxs_time_json(domain->state_since), "checked_at",
        wxs_time_json(domain->checked_at), "next_check_at",
        wxs_time_json(domain->next_check_at), "window_ends_at",
        wxs_time_json(window_end(domain, context->config)), "dns_stale_since",
        wxs_time_json(domain->unknown_since), "unicode_name",
        unicode_name(domain->name));
}

static json_t *
detail_json(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL;

    return json != NULL ? json : json_null();
}

/* Where records are entered, and how their names are written there. */
typedef struct {
    const char *registrable; /* that the API's names are relative to */
    const char *zone;
    bool full_names;
} entry_place;

static entry_place
place_of(const wxs_domain *domain, const psl_ctx_t *psl)
{
    const char *registrable = wxs_name_registrable(domain->name, psl);
    entry_place place = {registrable, registrable, false};
    wxs_dns_provider provider;

    if (domain->dns_zone[0] != '\0')
        place.zone = domain->dns_zone;
    place.full_names =
        wxs_dns_provider_by_id(domain->dns_provider, &provider) &&
        provider.full_names;
    return place;
}

static json_t *
provider_json(const wxs_domain *domain)
{
    wxs_dns_provider provider;

    if (!wxs_dns_provider_by_id(domain->dns_provider, &provider))
        return json_null();
    return json_pack("{s:s, s:s, s:s}", "id", provider.id, "name",
                     provider.name, "record_names",
                     provider.full_names ? "full" : "short");
}

/* What to type into the provider's panel. */
static json_t *
display_name(const char *fqdn, const entry_place *place)
{
    size_t len = strlen(fqdn);

    if (place->full_names)
        return json_stringn(fqdn, len);
    if (strcmp(fqdn, place->zone) == 0)
        return json_string("@");
    return json_stringn(fqdn, wxs_record_relative(fqdn, place->zone));
}

/* One row of wxs_records_walk(). */
static json_t *
record_json(sqlite3_stmt *row, const entry_place *place)
{
    const char *kind = (const char *)sqlite3_column_text(row, 0);
    const char *fqdn = (const char *)sqlite3_column_text(row, 1);
    const char *type = (const char *)sqlite3_column_text(row, 2);
    const char *value = (const char *)sqlite3_column_text(row, 3);
    const char *status = (const char *)sqlite3_column_text(row, 5);
    json_t *priority = NULL;

    if (kind == NULL || fqdn == NULL || type == NULL || value == NULL ||
        status == NULL)
        return NULL;
    if (sqlite3_column_type(row, 4) != SQLITE_NULL)
        priority = json_integer(sqlite3_column_int(row, 4));
    return json_pack("{s:s, s:s%, s:s, s:s, s:s, s:s, s:o*, s:s, s:o, s:o}",
                     "record", wxs_record_label(kind), "name", fqdn,
                     wxs_record_relative(fqdn, place->registrable), "value",
                     value, "type", type, "ttl", "Auto", "status", status,
                     "priority", priority, "fqdn", fqdn, "display_name",
                     display_name(fqdn, place), "status_detail",
                     detail_json(row, 6));
}

/* What a CAA record that is needed looks like beside the others. */
static json_t *
caa_record_json(const json_t *detail, const char *at, const char *value,
                const entry_place *place)
{
    const json_t *caa = json_object_get(detail, "caa");
    size_t name = strcmp(at, place->registrable) == 0
                      ? 0
                      : wxs_record_relative(at, place->registrable);

    return json_pack("{s:s, s:s%, s:s, s:s, s:s, s:s, s:s, s:o,"
                     " s:{s:s, s:s, s:O?, s:O?, s:O*, s:O?, s:O?}}",
                     "record", "TrackingCAA", "name", at, name, "value", value,
                     "type", "CAA", "ttl", "Auto", "status", "pending", "fqdn",
                     at, "display_name", display_name(at, place),
                     "status_detail", "code", "caa_forbids", "class", "wrong",
                     "message", json_object_get(caa, "message"), "fix",
                     json_object_get(caa, "fix"), "found",
                     json_object_get(caa, "found"), "checked_at",
                     json_object_get(detail, "checked_at"), "next_check_at",
                     json_object_get(detail, "next_check_at"));
}

static bool
has_caa_record(const json_t *records, const char *at)
{
    size_t i;
    const json_t *record;

    json_array_foreach(records, i, record)
    {
        const char *type = json_string_value(json_object_get(record, "type"));
        const char *fqdn = json_string_value(json_object_get(record, "fqdn"));

        if (type != NULL && fqdn != NULL && strcmp(type, "CAA") == 0 &&
            strcmp(fqdn, at) == 0)
            return true;
    }
    return false;
}

/* Where the customer's own CAA records forbid the tracking host's certificate,
 * another one is needed beside them; the last check found out. */
static bool
add_caa_record(json_t *records, const json_t *tracking,
               const entry_place *place)
{
    const char *registrable = place->registrable;
    const json_t *detail = json_object_get(tracking, "status_detail");
    const json_t *caa = json_object_get(detail, "caa");
    const char *value = json_string_value(json_object_get(caa, "record"));
    const char *at = json_string_value(json_object_get(caa, "at"));

    if (value == NULL || at == NULL || has_caa_record(records, at) ||
        (strcmp(at, registrable) != 0 &&
         wxs_record_relative(at, registrable) == strlen(at)))
        return true; /* nothing is needed, or not in the customer's zone */
    return json_array_append_new(
               records, caa_record_json(detail, at, value, place)) == 0;
}

/* DMARC stands beside the records: it is advice, and no word of the API. */
static bool
place_record(json_t *domain, json_t *records, json_t *record,
             const entry_place *place)
{
    const char *label = json_string_value(json_object_get(record, "record"));

    if (label == NULL)
        return false;
    if (strcmp(label, "DMARC") != 0)
        return json_array_append(records, record) == 0 &&
               add_caa_record(records, record, place);
    return json_object_del(record, "record") == 0 &&
           json_object_del(record, "ttl") == 0 &&
           json_object_set(domain, "dmarc", record) == 0;
}

static int
add_records(wxs_db *db, const entry_place *place, int64_t number,
            json_t *domain, json_t *records, wxs_error *error)
{
    sqlite3_stmt *row = wxs_records_walk(db, number, error);
    int more;

    if (row == NULL)
        return -1;
    while ((more = wxs_db_step(db, row, error)) == 1) {
        json_t *record = record_json(row, place);
        bool placed = place_record(domain, records, record, place);

        json_decref(record);
        if (!placed) {
            wxs_fail(error, "out of memory");
            more = -1;
            break;
        }
    }
    wxs_db_done(row);
    return more;
}

static bool
add_parts(wxs_db *db, const wxs_domain *domain, const wxs_context *context,
          json_t *json, wxs_error *error)
{
    const entry_place place = place_of(domain, context->state);
    json_t *records = json_array();
    json_t *dkim;
    bool ok;

    ok =
        json_object_set(json, "records", records) == 0
            ? add_records(db, &place, domain->number, json, records, error) == 0
            : wxs_fail(error, "out of memory");
    json_decref(records);
    if (!ok)
        return false;
    dkim = wxs_dkim_json(db, domain, context->config, error);
    return dkim != NULL &&
           ((json_object_set_new(json, "dkim", dkim) == 0 &&
             json_object_set_new(json, "dns_zone", json_string(place.zone)) ==
                 0 &&
             json_object_set_new(json, "dns_provider", provider_json(domain)) ==
                 0) ||
            wxs_fail(error, "out of memory"));
}

/* Another account has proved that the name is its own: only a claim helps. */
static bool
add_claim_needed(wxs_db *db, const wxs_domain *domain, json_t *json,
                 wxs_error *error)
{
    bool is_holder = strcmp(domain->state, "verified") == 0 ||
                     strcmp(domain->state, "temporary_failure") == 0;
    int held =
        is_holder ? 0
                  : wxs_claim_is_held(db, domain->account, domain->name, error);

    return held >= 0 && (json_object_set_new(json, "claim_needed",
                                             json_boolean(held)) == 0 ||
                         wxs_fail(error, "out of memory"));
}

json_t *
wxs_domain_json(wxs_db *db, const wxs_domain *domain,
                const wxs_context *context, const wxs_request *request,
                wxs_error *error)
{
    json_t *json = wxs_domain_summary(domain, context, request);

    if (json == NULL) {
        wxs_fail(error, "out of memory");
        return NULL;
    }
    if (add_parts(db, domain, context, json, error) &&
        add_claim_needed(db, domain, json, error) &&
        (json_object_set_new(json, "warnings", wxs_label_warnings(domain)) ==
             0 ||
         wxs_fail(error, "out of memory")))
        return json;
    json_decref(json);
    return NULL;
}

json_t *
wxs_domain_reference(const wxs_domain *domain)
{
    return json_pack("{s:s, s:s}", "object", "domain", "id", domain->id);
}
