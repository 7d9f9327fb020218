#include "fields.h"

#include <string.h>
#include <strings.h>

#include "name_policy.h"

#define TEXT_MAX 1024

static bool
refuse(wxs_response *response, const char *message)
{
    wxs_answer_error(response, 422, "validation_error", "%s", message);
    return false;
}

bool
wxs_parse_name(const json_t *body, const wxs_context *context,
               wxs_domain *domain, wxs_response *response)
{
    const wxs_name_rules rules = {
        .allow_special = context->config->names.allow_special,
        .allow_suffixes = context->config->names.allow_suffixes,
        .allow_freemail = context->config->names.allow_freemail,
        .refuse = context->config->names.refuse,
    };
    const char *text = NULL;
    wxs_error error;

    if (!wxs_field_string(body, "name", true, TEXT_MAX, &text, response))
        return false;
    if (text[strspn(text, " ")] == '\0') {
        wxs_answer_error(response, 422, "missing_required_field",
                         "Missing `name` field.");
        return false;
    }
    if (!wxs_name_clean(text, strlen(text), domain->name, &error) ||
        !wxs_name_allowed(domain->name, context->state, &rules, &error))
        return refuse(response, error.text);
    return true;
}

bool
wxs_parse_region(const json_t *body, const wxs_config *config,
                 wxs_domain *domain, wxs_response *response)
{
    const char *text = domain->region;
    const wxs_region *region;

    if (!wxs_field_string(body, "region", false, TEXT_MAX, &text, response))
        return false;
    region = wxs_config_region(config, text);
    if (region == NULL || strlen(region->name) >= sizeof(domain->region)) {
        wxs_answer_error(response, 422, "invalid_region",
                         "Region must be \"us-east-1\" | \"eu-west-1\" | "
                         "\"sa-east-1\" | \"ap-northeast-1\".");
        return false;
    }
    memmove(domain->region, region->name, strlen(region->name) + 1);
    return true;
}

/* Copies in lower case; false if it does not fit. */
static bool
copy_lower(const char *text, char *copy, size_t cap)
{
    size_t len = strlen(text);

    if (len >= cap)
        return false;
    for (size_t i = 0; i <= len; i++)
        copy[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a')
                                                   : text[i];
    return true;
}

bool
wxs_parse_return_path(const json_t *body, wxs_domain *domain,
                      wxs_response *response)
{
    const char *text = domain->return_path;
    char label[WXS_LABEL_MAX + 1];

    if (!wxs_field_string(body, "custom_return_path", false, TEXT_MAX, &text,
                          response))
        return false;
    if (!copy_lower(text, label, sizeof(label)))
        return refuse(response, "The `custom_return_path` field must have 63 "
                                "characters or less.");
    if (!wxs_labels_valid(label, strlen(label)) || strchr(label, '.') != NULL ||
        label[0] < 'a' || label[0] > 'z')
        return refuse(response,
                      "The `custom_return_path` field must start with a "
                      "letter, end with a letter or number, and contain only "
                      "letters, numbers, and hyphens.");
    if (strlen(label) + 1 + strlen(domain->name) > WXS_NAME_MAX)
        return refuse(response, "The `custom_return_path` field is too long "
                                "for this domain.");
    memcpy(domain->return_path, label, sizeof(label));
    return true;
}

bool
wxs_parse_toggles(const json_t *body, wxs_domain *domain,
                  wxs_response *response)
{
    return wxs_field_bool(body, "open_tracking", false, &domain->open_tracking,
                          response) &&
           wxs_field_bool(body, "click_tracking", false,
                          &domain->click_tracking, response);
}

bool
wxs_parse_tls(const json_t *body, wxs_domain *domain, wxs_response *response)
{
    static const char *const modes[] = {"opportunistic", "enforced"};
    const char *text = domain->tls;

    if (!wxs_field_string(body, "tls", false, TEXT_MAX, &text, response))
        return false;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcasecmp(text, modes[i]) == 0) {
            memmove(domain->tls, modes[i], strlen(modes[i]) + 1);
            return true;
        }
    }
    return refuse(response, "The `tls` field must be `opportunistic` or "
                            "`enforced`.");
}

/* Was the domain itself given along with the label? */
static bool
ends_in_domain(const char *label, const char *name)
{
    size_t len = strlen(label);
    size_t name_len = strlen(name);

    return len > name_len && label[len - name_len - 1] == '.' &&
           strcmp(label + len - name_len, name) == 0;
}

static bool
check_tracking(const char *label, const wxs_domain *domain,
               wxs_response *response)
{
    if (ends_in_domain(label, domain->name)) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `tracking_subdomain` field must be only the "
                         "part before the domain. Did you mean `%.*s`?",
                         (int)(strlen(label) - strlen(domain->name) - 1),
                         label);
        return false;
    }
    if (strcmp(label, domain->return_path) == 0)
        return refuse(response, "The `tracking_subdomain` field must differ "
                                "from the return path: a CNAME cannot share "
                                "its name with other records.");
    if (strlen(label) + 1 + strlen(domain->name) > WXS_NAME_MAX)
        return refuse(response, "The `tracking_subdomain` field is too long "
                                "for this domain.");
    return true;
}

bool
wxs_parse_tracking(const json_t *body, wxs_domain *domain,
                   wxs_response *response)
{
    const char *text = NULL;
    char label[WXS_NAME_TEXT];

    if (!wxs_field_string(body, "tracking_subdomain", false, TEXT_MAX, &text,
                          response))
        return false;
    if (text == NULL)
        return true;
    if (!copy_lower(text, label, sizeof(label)) ||
        !wxs_labels_valid(label, strlen(label)))
        return refuse(response,
                      "The `tracking_subdomain` field must be a label such as "
                      "`links`, made of letters, digits and inner hyphens, at "
                      "most 63 characters.");
    if (!check_tracking(label, domain, response))
        return false;
    memcpy(domain->tracking, label, sizeof(label));
    return true;
}

bool
wxs_check_capabilities(const json_t *body, wxs_response *response)
{
    static const char *const names[] = {"sending", "receiving"};
    const json_t *object = json_object_get(body, "capabilities");

    if (object == NULL || json_is_null(object))
        return true;
    if (!json_is_object(object))
        return refuse(response, "The `capabilities` field must be an object.");
    for (size_t i = 0; i < 2; i++) {
        const char *value = NULL;

        if (!wxs_field_string(object, names[i], false, 16, &value, response))
            return false;
        if (value != NULL && strcmp(value, "enabled") != 0 &&
            strcmp(value, "disabled") != 0)
            return refuse(response,
                          "The values of the `capabilities` field must be "
                          "`enabled` or `disabled`.");
        if (value != NULL && (strcmp(value, "enabled") == 0) != (i == 0))
            return refuse(response,
                          i == 0 ? "The `capabilities` field must leave "
                                   "`sending` enabled: no other capability "
                                   "is offered."
                                 : "The `capabilities` field cannot enable "
                                   "`receiving`: it is not offered.");
    }
    return true;
}
