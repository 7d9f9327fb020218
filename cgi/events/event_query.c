#include "event_query.h"

#include <string.h>

#include "domain_number.h"
#include "event_id.h"
#include "event_parts.h"
#include "parameter.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MAX     100
#define WORD_MAX      64

static bool
read_order(const wxs_request *request, wxs_event_query *query,
           wxs_response *response)
{
    static const char *const words[] = {"asc", "desc", NULL};
    int which;

    if (!wxs_parameter_word(request, "order", words, &which, response))
        return false;
    query->ascending = which == 0;
    return true;
}

static bool
read_type(const wxs_request *request, wxs_event_query *query,
          wxs_response *response)
{
    static const char *const words[] = {"click", "open", "unsubscribe", NULL};
    static const char types[] = "cou";
    int which;

    if (!wxs_parameter_word(request, "type", words, &which, response))
        return false;
    query->type = which < 0 ? 0 : types[which];
    return true;
}

static bool
read_verdict(const wxs_request *request, wxs_event_query *query,
             wxs_response *response)
{
    static const char *const words[] = {"human", "proxy", "machine", "unknown",
                                        NULL};
    wxs_verdict verdict;
    int which;

    query->verdicts = 0;
    if (!wxs_parameter_word(request, "verdict", words, &which, response))
        return false;
    if (which >= 0 && wxs_verdict_parse(words[which], &verdict))
        query->verdicts = 1U << verdict;
    return true;
}

static bool
read_final(const wxs_request *request, wxs_event_query *query,
           wxs_response *response)
{
    static const char *const words[] = {"true", "false", NULL};
    int which;

    if (!wxs_parameter_word(request, "final", words, &which, response))
        return false;
    query->final = which < 0    ? WXS_FINAL_ANY
                   : which == 0 ? WXS_FINAL_YES
                                : WXS_FINAL_NO;
    return true;
}

static bool
read_after(const wxs_request *request, wxs_event_query *query,
           wxs_response *response)
{
    char value[WORD_MAX];

    query->after = 0;
    wxs_parameter_read(request, "after", value, sizeof(value));
    return value[0] == '\0' || wxs_event_id_parse(value, &query->after) ||
           wxs_parameter_refuse(response, "after", "the id of an event");
}

static bool
read_message(const wxs_request *request, wxs_event_query *query,
             wxs_response *response)
{
    char value[WORD_MAX];

    wxs_parameter_read(request, "message_id", value, sizeof(value));
    query->by_message = value[0] != '\0';
    return !query->by_message ||
           wxs_uuid_parse(value, strlen(value), query->message) ||
           wxs_parameter_refuse(response, "message_id", "a valid UUID");
}

/* Milliseconds; what is finer counts as the millisecond that follows, so that
 * from and to mean the same limit. */
static bool
read_time(const wxs_request *request, const char *name, int64_t *ms,
          wxs_response *response)
{
    int64_t us = INT64_MIN;

    *ms = 0;
    if (!wxs_parameter_time(request, name, &us, response))
        return false;
    if (us == INT64_MIN)
        return true;
    *ms = us / 1000 + (us % 1000 > 0);
    if (*ms < 1) /* 0 would be open */
        *ms = 1;
    return true;
}

static bool
read_link(const wxs_request *request, wxs_event_query *query,
          wxs_response *response)
{
    query->link[0] = '\0';
    return !wxs_query_has(request, "link") ||
           (wxs_query_get(request, "link", query->link, sizeof(query->link)) &&
            query->link[0] != '\0') ||
           wxs_parameter_refuse(response, "link",
                                "a destination of at most 2048 bytes");
}

/* "name" or "name:value" */
static bool
read_tag(const wxs_request *request, wxs_event_query *query,
         wxs_response *response)
{
    char text[2 * WXS_QUERY_TAG_MAX + 2];
    const char *colon;
    size_t len;

    query->tag[0] = query->value[0] = '\0';
    query->has_value = false;
    if (!wxs_query_has(request, "tag"))
        return true;
    if (!wxs_query_get(request, "tag", text, sizeof(text)))
        text[0] = '\0';
    colon = strchr(text, ':');
    len = colon == NULL ? strlen(text) : (size_t)(colon - text);
    if (len == 0 || len > WXS_QUERY_TAG_MAX ||
        (colon != NULL && strlen(colon + 1) > WXS_QUERY_TAG_MAX))
        return wxs_parameter_refuse(
            response, "tag",
            "a name or name:value, each of at most 1000 bytes");
    memcpy(query->tag, text, len);
    query->tag[len] = '\0';
    query->has_value = colon != NULL;
    if (query->has_value)
        memcpy(query->value, colon + 1, strlen(colon + 1) + 1);
    return true;
}

static bool
read_domain(const wxs_context *context, const wxs_request *request,
            wxs_event_query *query, wxs_response *response)
{
    char value[WORD_MAX];

    query->domain = 0;
    wxs_parameter_read(request, "domain_id", value, sizeof(value));
    if (value[0] == '\0')
        return true;
    query->domain = wxs_domain_number_ask(context, request, value, response);
    return query->domain > 0;
}

static bool
read_place(const wxs_request *request, bool is_export, wxs_event_query *query,
           wxs_response *response)
{
    query->ascending = is_export;
    query->limit = LIMIT_DEFAULT;
    return (is_export ||
            (wxs_parameter_limit(request, LIMIT_MAX, &query->limit, response) &&
             read_order(request, query, response))) &&
           read_after(request, query, response);
}

bool
wxs_event_query_read(wxs_context *context, const wxs_request *request,
                     bool is_export, wxs_event_query *query,
                     wxs_response *response)
{
    return read_place(request, is_export, query, response) &&
           read_type(request, query, response) &&
           read_verdict(request, query, response) &&
           read_final(request, query, response) &&
           read_message(request, query, response) &&
           read_time(request, "from", &query->from, response) &&
           read_time(request, "to", &query->to, response) &&
           read_link(request, query, response) &&
           read_tag(request, query, response) &&
           read_domain(context, request, query, response);
}
