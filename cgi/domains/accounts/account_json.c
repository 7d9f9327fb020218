#include "account_json.h"

#include <string.h>

#include "domain_json.h"

#define RATE_MAX    1000000
#define DOMAINS_MAX 1000000000

static json_t *
limit_json(int64_t limit)
{
    return limit < 0 ? json_null() : json_integer(limit);
}

json_t *
wxs_account_json(const wxs_account *account)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:I, s:o, s:o}", "object", "account",
                     "id", account->id, "name", account->name, "created_at",
                     wxs_time_json(account->created_at), "domains",
                     (json_int_t)account->domains, "max_domains",
                     limit_json(account->max_domains), "requests_per_second",
                     limit_json(account->rate_limit));
}

static bool
parse_name(const json_t *body, bool is_new, wxs_account *account,
           wxs_response *response)
{
    const char *text = NULL;

    if (!wxs_field_string(body, "name", is_new, WXS_ACCOUNT_NAME_MAX, &text,
                          response))
        return false;
    if (text == NULL)
        return true;
    if (text[strspn(text, " ")] == '\0') {
        wxs_answer_error(response, 422, "missing_required_field",
                         "Missing `name` field.");
        return false;
    }
    memcpy(account->name, text, strlen(text) + 1);
    return true;
}

/* null takes a limit away. */
static bool
parse_limit(const json_t *body, const char *name, int64_t min, int64_t max,
            int64_t *limit, wxs_response *response)
{
    const json_t *field = json_object_get(body, name);

    if (field == NULL)
        return true;
    if (json_is_null(field)) {
        *limit = -1;
        return true;
    }
    if (!json_is_integer(field) || json_integer_value(field) < min ||
        json_integer_value(field) > max) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `%s` field must be a whole number from %lld to "
                         "%lld, or null for no limit.",
                         name, (long long)min, (long long)max);
        return false;
    }
    *limit = json_integer_value(field);
    return true;
}

bool
wxs_account_parse(const json_t *body, bool is_new, wxs_account *account,
                  wxs_response *response)
{
    return parse_name(body, is_new, account, response) &&
           parse_limit(body, "max_domains", 0, DOMAINS_MAX,
                       &account->max_domains, response) &&
           parse_limit(body, "requests_per_second", 1, RATE_MAX,
                       &account->rate_limit, response);
}
