#include "dkim_request.h"

#include <openssl/crypto.h>
#include <string.h>

#define WORD_MAX     16
#define RETRY_S      2
#define SELECTOR_MAX 40 /* leaves room in the label of a CNAME's target */

static bool
refuse(wxs_response *response, const char *message)
{
    wxs_answer_error(response, 422, "validation_error", "%s", message);
    return false;
}

static bool
parse_form(const json_t *object, const wxs_config *config, wxs_domain *domain,
           wxs_response *response)
{
    const char *form = NULL;

    if (!wxs_field_string(object, "form", false, WORD_MAX, &form, response))
        return false;
    if (form == NULL)
        return true;
    domain->dkim_cname = strcmp(form, "cname") == 0;
    if (!domain->dkim_cname && strcmp(form, "txt") != 0)
        return refuse(response, "The `form` field must be `txt` or `cname`.");
    if (domain->dkim_cname && config->dkim.zone[0] == '\0')
        return refuse(response, "The `form` field cannot be `cname`: the "
                                "operator has set no `dkim.zone`.");
    return true;
}

static bool
parse_selector(const json_t *object, const wxs_domain *domain,
               wxs_dkim_wish *wish, wxs_response *response)
{
    const char *text = NULL;
    size_t len;

    if (!wxs_field_string(object, "selector", true, 0, &text, response))
        return false;
    len = strlen(text);
    if (len > SELECTOR_MAX || !wxs_labels_valid(text, len) ||
        strchr(text, '.') != NULL)
        return refuse(response, "The `selector` field must be one label of "
                                "lower-case letters, digits and inner hyphens, "
                                "at most 40 characters.");
    if (len + strlen("._domainkey.") + strlen(domain->name) > WXS_NAME_MAX)
        return refuse(response, "The `selector` field is too long for this "
                                "domain.");
    memcpy(wish->selector, text, len + 1);
    return true;
}

/* Takes over an imported key, and wipes it in the body. */
static bool
parse_key(const json_t *object, const wxs_domain *domain, wxs_dkim_wish *wish,
          wxs_response *response)
{
    const char *pem = NULL;
    wxs_error error;
    bool ok;

    if (!wxs_field_string(object, "private_key", false, 0, &pem, response))
        return false;
    wish->imported = pem != NULL;
    if (pem == NULL && json_object_get(object, "selector") != NULL)
        return refuse(response, "The `selector` field can only be given with "
                                "the `private_key` field: own keys get the "
                                "next selector.");
    if (pem == NULL)
        return true;
    ok = wxs_dkim_pair_import(pem, strlen(pem), &wish->pair, &error);
    OPENSSL_cleanse((char *)pem, strlen(pem));
    if (!ok) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `private_key` field cannot be used: %s.",
                         error.text);
        return false;
    }
    return parse_selector(object, domain, wish, response);
}

/* Private keys are kept in boxes that this program cannot open. */
static bool
find_box(const wxs_context *context, const wxs_request *request,
         wxs_dkim_wish *wish, wxs_response *response)
{
    wxs_error error;
    int found = wxs_box_key_read(context->control, &wish->box, &error);

    if (found < 0)
        wxs_answer_internal(response, request, &error);
    if (found == 0) {
        wxs_answer_error(response, 503, "application_error",
                         "The worker has not started yet. Please try again in "
                         "a few seconds.");
        response->retry_after = RETRY_S;
    }
    return found == 1;
}

static bool
make_ed25519(const wxs_request *request, wxs_dkim_wish *wish,
             wxs_response *response)
{
    wxs_error error;

    if (wxs_dkim_pair_ed25519(&wish->pair, &error))
        return true;
    wxs_answer_internal(response, request, &error);
    return false;
}

bool
wxs_parse_dkim(const json_t *body, const wxs_context *context,
               const wxs_request *request, wxs_domain *domain,
               wxs_dkim_wish *wish, wxs_response *response)
{
    const json_t *object = json_object_get(body, "dkim");

    if (object == NULL || json_is_null(object))
        return true;
    if (!json_is_object(object))
        return refuse(response, "The `dkim` field must be an object.");
    if (!parse_form(object, context->config, domain, response) ||
        !wxs_field_bool(object, "ed25519", false, &wish->ed25519, response) ||
        !parse_key(object, domain, wish, response))
        return false;
    if (wish->imported && strcmp(wish->pair.algorithm, "ed25519") == 0)
        return refuse(response,
                      "The `private_key` field must be an RSA key: many "
                      "receivers do not verify Ed25519, so it can only be "
                      "added as a second key, by rotating.");
    return (!wish->imported && !wish->ed25519) ||
           find_box(context, request, wish, response);
}

bool
wxs_parse_rotation(const json_t *body, const wxs_context *context,
                   const wxs_request *request, wxs_domain *domain,
                   wxs_dkim_wish *wish, wxs_response *response)
{
    const char *algorithm = NULL;

    if (!wxs_field_string(body, "algorithm", false, WORD_MAX, &algorithm,
                          response) ||
        !parse_form(body, context->config, domain, response) ||
        !parse_key(body, domain, wish, response))
        return false;
    if (algorithm != NULL && wish->imported)
        return refuse(response, "The `algorithm` field is not needed with the "
                                "`private_key` field: the key tells.");
    if (algorithm != NULL && strcmp(algorithm, "rsa") != 0 &&
        strcmp(algorithm, "ed25519") != 0)
        return refuse(response, "The `algorithm` field must be `rsa` or "
                                "`ed25519`.");
    wish->ed25519 = wish->imported
                        ? strcmp(wish->pair.algorithm, "ed25519") == 0
                        : algorithm != NULL && algorithm[0] == 'e';
    if (!wish->imported && !wish->ed25519)
        return true;
    return (wish->imported || make_ed25519(request, wish, response)) &&
           find_box(context, request, wish, response);
}
