#include "domain_json.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "certificates/certificate_json.h"
#include "claims/claim_store.h"
#include "clock.h"
#include "dkim_json.h"
#include "dns_provider.h"
#include "label_warnings.h"
#include "record_json.h"

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
static void
write_unicode_name(wxs_json_writer *json, const char *name)
{
    char *text = NULL;

    if (strstr(name, "xn--") == NULL ||
        idn2_to_unicode_8z8z(name, &text, IDN2_NONTRANSITIONAL) != IDN2_OK)
        text = NULL;
    wxs_json_string(json, "unicode_name", text != NULL ? text : name);
    idn2_free(text);
}

/* The members of a domain in lists. */
static void
write_members(wxs_json_writer *json, const wxs_domain *domain,
              const wxs_context *context, const wxs_request *request)
{
    wxs_json_string(json, "id", domain->id);
    wxs_json_string(json, "name", domain->name);
    wxs_json_time(json, "created_at", domain->created_at);
    wxs_json_string(json, "status",
                    status_for(domain->state, request->user_agent));
    wxs_json_bool(json, "open_tracking", domain->open_tracking);
    wxs_json_bool(json, "click_tracking", domain->click_tracking);
    if (domain->tracking[0] != '\0')
        wxs_json_string(json, "tracking_subdomain", domain->tracking);
    wxs_json_open(json, "capabilities", '{');
    wxs_json_string(json, "sending", "enabled");
    wxs_json_string(json, "receiving", "disabled");
    wxs_json_close(json, '}');
    wxs_json_string(json, "region", domain->region);
    wxs_json_string(json, "tls", domain->tls);
    wxs_json_string(json, "state", domain->state);
    wxs_json_time(json, "state_since", domain->state_since);
    wxs_json_time(json, "checked_at", domain->checked_at);
    wxs_json_time(json, "next_check_at", domain->next_check_at);
    wxs_json_time(json, "window_ends_at", window_end(domain, context->config));
    wxs_json_time(json, "dns_stale_since", domain->unknown_since);
    write_unicode_name(json, domain->name);
}

void
wxs_domain_write_summary(wxs_json_writer *json, const wxs_domain *domain,
                         const wxs_context *context, const wxs_request *request)
{
    wxs_json_open(json, NULL, '{');
    write_members(json, domain, context, request);
    wxs_json_close(json, '}');
}

/* The tree of a text, which is freed; NULL without memory. */
static json_t *
parse(wxs_json_writer *text)
{
    json_t *json = NULL;

    if (wxs_json_done(text))
        json = json_loadb(text->out.data, text->out.len, 0, NULL);
    wxs_json_free(text);
    return json;
}

json_t *
wxs_domain_summary(const wxs_domain *domain, const wxs_context *context,
                   const wxs_request *request)
{
    wxs_json_writer text = {0};

    wxs_domain_write_summary(&text, domain, context, request);
    return parse(&text);
}

static void
write_provider(wxs_json_writer *json, const wxs_domain *domain)
{
    wxs_dns_provider provider;

    if (!wxs_dns_provider_by_id(domain->dns_provider, &provider)) {
        wxs_json_null(json, "dns_provider");
        return;
    }
    wxs_json_open(json, "dns_provider", '{');
    wxs_json_string(json, "id", provider.id);
    wxs_json_string(json, "name", provider.name);
    wxs_json_string(json, "record_names",
                    provider.full_names ? "full" : "short");
    wxs_json_close(json, '}');
}

/* Another account has proved that the name is its own: only a claim helps. */
static bool
write_claim_needed(wxs_json_writer *json, wxs_db *db, const wxs_domain *domain,
                   wxs_error *error)
{
    bool is_holder = strcmp(domain->state, "verified") == 0 ||
                     strcmp(domain->state, "temporary_failure") == 0;
    int held =
        is_holder ? 0
                  : wxs_claim_is_held(db, domain->account, domain->name, error);

    wxs_json_bool(json, "claim_needed", held > 0);
    return held >= 0;
}

static bool
write_certificate(wxs_json_writer *json, wxs_db *db, const wxs_domain *domain,
                  const wxs_config *config, wxs_error *error)
{
    json_t *certificate = wxs_certificate_json(db, domain, config, error);
    char *text;

    if (certificate == NULL)
        return false;
    text = json_dumps(certificate, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(certificate);
    if (text == NULL)
        return wxs_fail(error, "out of memory");
    wxs_json_raw(json, "certificate", text, strlen(text));
    free(text);
    return true;
}

bool
wxs_domain_write(wxs_json_writer *json, wxs_db *db, const wxs_domain *domain,
                 const wxs_context *context, const wxs_request *request,
                 wxs_error *error)
{
    const wxs_entry_place place = wxs_entry_place_of(domain, context->state);

    write_members(json, domain, context, request);
    if (!wxs_records_json(json, db, domain->number, &place, error) ||
        !wxs_dkim_json(json, db, domain, context->config, error) ||
        !write_certificate(json, db, domain, context->config, error))
        return false;
    wxs_json_string(json, "dns_zone", place.zone);
    write_provider(json, domain);
    if (!write_claim_needed(json, db, domain, error))
        return false;
    wxs_label_warnings(json, domain);
    return wxs_json_done(json) ||
           wxs_fail(error, "the domain cannot be written as JSON");
}

json_t *
wxs_domain_json(wxs_db *db, const wxs_domain *domain,
                const wxs_context *context, const wxs_request *request,
                wxs_error *error)
{
    wxs_json_writer text = {0};
    json_t *json;

    wxs_json_open(&text, NULL, '{');
    if (!wxs_domain_write(&text, db, domain, context, request, error)) {
        wxs_json_free(&text);
        return NULL;
    }
    wxs_json_close(&text, '}');
    json = parse(&text);
    if (json == NULL)
        wxs_fail(error, "out of memory");
    return json;
}

json_t *
wxs_domain_reference(const wxs_domain *domain)
{
    return json_pack("{s:s, s:s}", "object", "domain", "id", domain->id);
}
