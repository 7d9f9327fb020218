#include "record_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "dns_provider.h"
#include "name_policy.h"
#include "record_store.h"

#define CAA_MAX 16 /* more than a domain has tracking hosts */

/* The records that are needed for certificates, by name: one is enough for
 * several tracking hosts. */
typedef struct {
    char at[CAA_MAX][WXS_NAME_TEXT];
    size_t count;
} caa_names;

wxs_entry_place
wxs_entry_place_of(const wxs_domain *domain, const psl_ctx_t *psl)
{
    const char *registrable = wxs_name_registrable(domain->name, psl);
    wxs_entry_place place = {registrable, registrable, false};
    wxs_dns_provider provider;

    if (domain->dns_zone[0] != '\0')
        place.zone = domain->dns_zone;
    place.full_names =
        wxs_dns_provider_by_id(domain->dns_provider, &provider) &&
        provider.full_names;
    return place;
}

/* What to type into the provider's panel. */
static void
write_display_name(wxs_json_writer *json, const char *fqdn,
                   const wxs_entry_place *place)
{
    static const char name[] = "display_name";

    if (place->full_names)
        wxs_json_string(json, name, fqdn);
    else if (strcmp(fqdn, place->zone) == 0)
        wxs_json_string(json, name, "@");
    else
        wxs_json_stringn(json, name, fqdn,
                         wxs_record_relative(fqdn, place->zone));
}

static void
write_column(wxs_json_writer *json, const char *name, sqlite3_stmt *row,
             int column)
{
    wxs_json_stringn(json, name, (const char *)sqlite3_column_text(row, column),
                     (size_t)sqlite3_column_bytes(row, column));
}

/* One row of wxs_records_walk(). DMARC stands beside the records: it is advice,
 * and no word of the API. */
static void
write_record(wxs_json_writer *json, sqlite3_stmt *row, bool is_dmarc,
             const wxs_entry_place *place)
{
    const char *fqdn = (const char *)sqlite3_column_text(row, 1);

    wxs_json_open(json, NULL, '{');
    if (!is_dmarc)
        wxs_json_string(
            json, "record",
            wxs_record_label((const char *)sqlite3_column_text(row, 0)));
    wxs_json_stringn(json, "name", fqdn,
                     wxs_record_relative(fqdn, place->registrable));
    write_column(json, "value", row, 3);
    write_column(json, "type", row, 2);
    if (!is_dmarc)
        wxs_json_string(json, "ttl", "Auto");
    write_column(json, "status", row, 5);
    if (sqlite3_column_type(row, 4) != SQLITE_NULL)
        wxs_json_integer(json, "priority", sqlite3_column_int(row, 4));
    write_column(json, "fqdn", row, 1);
    write_display_name(json, fqdn, place);
    if (sqlite3_column_type(row, 6) == SQLITE_NULL)
        wxs_json_null(json, "status_detail");
    else /* the worker stores it as it is answered */
        wxs_json_raw(json, "status_detail",
                     (const char *)sqlite3_column_text(row, 6),
                     (size_t)sqlite3_column_bytes(row, 6));
    wxs_json_close(json, '}');
}

/* The CAA records that are there, as the last check saw them. */
static void
write_found(wxs_json_writer *json, const json_t *found)
{
    char *text = found == NULL ? NULL : json_dumps(found, JSON_COMPACT);

    if (text != NULL)
        wxs_json_raw(json, "found", text, strlen(text));
    free(text);
}

/* What a CAA record that is needed looks like beside the others. */
static void
write_caa(wxs_json_writer *json, const json_t *detail, const char *at,
          const char *value, const wxs_entry_place *place)
{
    const json_t *caa = json_object_get(detail, "caa");
    size_t name = strcmp(at, place->registrable) == 0
                      ? 0
                      : wxs_record_relative(at, place->registrable);
#define TEXT(object, member) json_string_value(json_object_get(object, member))

    wxs_json_open(json, NULL, '{');
    wxs_json_string(json, "record", "TrackingCAA");
    wxs_json_stringn(json, "name", at, name);
    wxs_json_string(json, "value", value);
    wxs_json_string(json, "type", "CAA");
    wxs_json_string(json, "ttl", "Auto");
    wxs_json_string(json, "status", "pending");
    wxs_json_string(json, "fqdn", at);
    write_display_name(json, at, place);
    wxs_json_open(json, "status_detail", '{');
    wxs_json_string(json, "code", "caa_forbids");
    wxs_json_string(json, "class", "wrong");
    wxs_json_string(json, "message", TEXT(caa, "message"));
    wxs_json_string(json, "fix", TEXT(caa, "fix"));
    write_found(json, json_object_get(caa, "found"));
    wxs_json_string(json, "checked_at", TEXT(detail, "checked_at"));
    wxs_json_string(json, "next_check_at", TEXT(detail, "next_check_at"));
    wxs_json_close(json, '}');
    wxs_json_close(json, '}');
#undef TEXT
}

/* Remembers the name; false if it was there before. */
static bool
is_new(caa_names *names, const char *at)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->at[i], at) == 0)
            return false;
    }
    if (names->count == CAA_MAX || strlen(at) >= WXS_NAME_TEXT)
        return false;
    memcpy(names->at[names->count++], at, strlen(at) + 1);
    return true;
}

/* Where the customer's own CAA records forbid the tracking host's certificate,
 * another one is needed beside them; the last check found out. */
static void
write_caa_needed(wxs_json_writer *json, sqlite3_stmt *row,
                 const wxs_entry_place *place, caa_names *names)
{
    const char *registrable = place->registrable;
    const char *text = (const char *)sqlite3_column_text(row, 6);
    json_t *detail = text == NULL ? NULL : json_loads(text, 0, NULL);
    const json_t *caa = json_object_get(detail, "caa");
    const char *value = json_string_value(json_object_get(caa, "record"));
    const char *at = json_string_value(json_object_get(caa, "at"));

    /* not where it lies outside of the customer's zone */
    if (value != NULL && at != NULL &&
        (strcmp(at, registrable) == 0 ||
         wxs_record_relative(at, registrable) != strlen(at)) &&
        is_new(names, at))
        write_caa(json, detail, at, value, place);
    json_decref(detail);
}

/* The items of `records`, of which those about DKIM stand first, and what
 * stands beside them. */
typedef struct {
    wxs_json_writer *dkim; /* where the whole is written */
    wxs_json_writer others;
    wxs_json_writer dmarc;
    caa_names caa;
} record_parts;

static void
write_row(record_parts *parts, sqlite3_stmt *row, const wxs_entry_place *place)
{
    const char *kind = (const char *)sqlite3_column_text(row, 0);

    if (strcmp(kind, "dmarc") == 0) {
        parts->dmarc.out.len = 0; /* the last one counts */
        write_record(&parts->dmarc, row, true, place);
        return;
    }
    write_record(strcmp(kind, "dkim") == 0 ? parts->dkim : &parts->others, row,
                 false, place);
    if (strcmp(kind, "tracking") == 0)
        write_caa_needed(&parts->others, row, place, &parts->caa);
}

static bool
write_rows(record_parts *parts, wxs_db *db, sqlite3_stmt *row,
           const wxs_entry_place *place, wxs_error *error)
{
    static const int needed[] = {0, 1, 2, 3, 5};
    int more;

    while ((more = wxs_db_step(db, row, error)) == 1) {
        for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
            if (sqlite3_column_text(row, needed[i]) == NULL)
                return wxs_fail(error, "out of memory");
        }
        write_row(parts, row, place);
    }
    return more == 0;
}

bool
wxs_records_json(wxs_json_writer *json, wxs_db *db, int64_t domain,
                 const wxs_entry_place *place, wxs_error *error)
{
    sqlite3_stmt *row = wxs_records_walk(db, domain, error);
    record_parts parts;
    bool ok;

    if (row == NULL)
        return false;
    parts.dkim = json;
    parts.others = parts.dmarc = (wxs_json_writer){0};
    parts.caa.count = 0;
    wxs_json_open(json, "records", '[');
    ok = write_rows(&parts, db, row, place, error);
    wxs_db_done(row);
    wxs_json_append(json, NULL, &parts.others);
    wxs_json_close(json, ']');
    wxs_json_append(json, "dmarc", &parts.dmarc);
    wxs_json_free(&parts.others);
    wxs_json_free(&parts.dmarc);
    return ok;
}
