#include "list_query.h"

#include <string.h>

static bool
refuse(wxs_response *response, const char *message)
{
    wxs_answer_error(response, 422, "validation_error", "%s", message);
    return false;
}

/* Reads a parameter, "" if it is absent; a bad one becomes "?", which none of
 * them may be. */
static void
read_word(const wxs_request *request, const char *name, char *word, size_t cap)
{
    word[0] = '\0';
    if (wxs_query_has(request, name) &&
        (!wxs_query_get(request, name, word, cap) || word[0] == '\0'))
        memcpy(word, "?", 2);
}

/* The words of `status`; the partial ones only some clients have. */
static bool
parse_status(const wxs_request *request, wxs_domain_filter *filter,
             wxs_response *response)
{
    static const char *const states[] = {"not_started", "pending", "verified",
                                         "failed", "temporary_failure"};

    read_word(request, "status", filter->state, sizeof(filter->state));
    if (strcmp(filter->state, "partially_failed") == 0)
        memcpy(filter->state, "temporary_failure", sizeof("temporary_failure"));
    if (filter->state[0] == '\0')
        return true;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(filter->state, states[i]) == 0)
            return true;
    }
    return refuse(response, "`status` must be `not_started`, `pending`, "
                            "`verified`, `failed` or `temporary_failure`.");
}

static bool
parse_region(const wxs_context *context, const wxs_request *request,
             wxs_domain_filter *filter, wxs_response *response)
{
    read_word(request, "region", filter->region, sizeof(filter->region));
    if (filter->region[0] == '\0' ||
        wxs_config_region(context->config, filter->region) != NULL)
        return true;
    wxs_answer_error(response, 422, "invalid_region",
                     "Region must be \"us-east-1\" | \"eu-west-1\" | "
                     "\"sa-east-1\" | \"ap-northeast-1\".");
    return false;
}

static bool
parse_format(const wxs_request *request, bool *csv, wxs_response *response)
{
    char format[8];

    read_word(request, "format", format, sizeof(format));
    *csv = strcmp(format, "csv") == 0;
    return *csv || format[0] == '\0' || strcmp(format, "json") == 0 ||
           refuse(response, "`format` must be `json` or `csv`.");
}

/* Where the list begins; false after answering. */
static bool
find_cursor(const wxs_context *context, const wxs_request *request,
            const wxs_page *page, wxs_domain_cursor *cursor,
            wxs_response *response)
{
    const char *text = page->after[0] != '\0' ? page->after : page->before;
    uint8_t uuid[WXS_UUID_SIZE];
    char id[WXS_UUID_TEXT];
    wxs_error error;
    int found = 0;

    if (text[0] == '\0') {
        *cursor = (wxs_domain_cursor){INT64_MAX, INT64_MAX};
        return true;
    }
    if (wxs_uuid_parse(text, strlen(text), uuid)) {
        wxs_uuid_format(uuid, id);
        found = wxs_domain_locate(context->control, context->identity.account,
                                  id, cursor, &error);
    }
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_page_refuse(page, response);
    return found == 1;
}

bool
wxs_list_query_parse(const wxs_context *context, const wxs_request *request,
                     wxs_list_query *query, wxs_response *response)
{
    return wxs_page_parse(request, &query->page, response) &&
           parse_status(request, &query->filter, response) &&
           parse_region(context, request, &query->filter, response) &&
           parse_format(request, &query->csv, response) &&
           find_cursor(context, request, &query->page, &query->cursor,
                       response);
}
