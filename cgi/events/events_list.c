#include "events_list.h"

#include <stdlib.h>
#include <string.h>

#include "event_json.h"
#include "uuid.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MAX     100

/* What a request asks for. */
struct query {
    bool ascending;
    bool by_message;
    uint8_t message[WXS_UUID_SIZE];
    int64_t domain; /* number, 0 = any */
    int type;       /* 0 = any */
    int limit;
    int64_t after; /* number of an event, 0 = none */
};

static bool
answer_invalid(wxs_response *response, const char *name, const char *allowed)
{
    wxs_answer_error(response, 422, "validation_error",
                     "The `%s` parameter must be %s.", name, allowed);
    return false;
}

/* Reads a parameter; *value is empty if it is absent. A value that cannot be
 * read becomes "?", which none of the parameters allows. */
static void
read_parameter(const wxs_request *request, const char *name, char value[64])
{
    if (!wxs_query_has(request, name))
        value[0] = '\0';
    else if (!wxs_query_get(request, name, value, 64) || *value == '\0')
        memcpy(value, "?", 2);
}

static bool
read_limit(const wxs_request *request, struct query *query,
           wxs_response *response)
{
    char value[64];
    long limit;

    query->limit = LIMIT_DEFAULT;
    read_parameter(request, "limit", value);
    if (*value == '\0')
        return true;
    limit = strspn(value, "0123456789") == strlen(value) && strlen(value) <= 3
                ? strtol(value, NULL, 10)
                : 0;
    if (limit < 1 || limit > LIMIT_MAX)
        return answer_invalid(response, "limit", "a number between 1 and 100");
    query->limit = (int)limit;
    return true;
}

static bool
read_order(const wxs_request *request, struct query *query,
           wxs_response *response)
{
    char value[64];

    read_parameter(request, "order", value);
    query->ascending = strcmp(value, "asc") == 0;
    if (*value == '\0' || query->ascending || strcmp(value, "desc") == 0)
        return true;
    return answer_invalid(response, "order", "asc or desc");
}

static bool
read_type(const wxs_request *request, struct query *query,
          wxs_response *response)
{
    char value[64];

    read_parameter(request, "type", value);
    if (strcmp(value, "click") == 0)
        query->type = 'c';
    else if (strcmp(value, "open") == 0)
        query->type = 'o';
    else if (strcmp(value, "unsubscribe") == 0)
        query->type = 'u';
    else if (*value != '\0')
        return answer_invalid(response, "type", "click, open or unsubscribe");
    return true;
}

static bool
read_after(const wxs_request *request, struct query *query,
           wxs_response *response)
{
    char value[64];

    query->after = 0;
    read_parameter(request, "after", value);
    if (*value == '\0' || wxs_event_id_parse(value, &query->after))
        return true;
    return answer_invalid(response, "after", "the id of an event");
}

static bool
read_message(const wxs_request *request, struct query *query,
             wxs_response *response)
{
    char value[64];

    read_parameter(request, "message_id", value);
    query->by_message = *value != '\0';
    if (!query->by_message ||
        wxs_uuid_parse(value, strlen(value), query->message))
        return true;
    return answer_invalid(response, "message_id", "a valid UUID");
}

/* Finds the number of a domain of the account, also of a deleted one: its
 * events are still there. 0 if there is none, -1 with error filled. */
static int64_t
find_domain(wxs_context *context, const char *id, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(
        context->control,
        "SELECT number FROM domains WHERE id = ? AND account = ?", error);
    int64_t number = -1;
    int step;

    if (row == NULL)
        return -1;
    sqlite3_bind_text(row, 1, id, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(row, 2, context->identity.account);
    step = wxs_db_step(context->control, row, error);
    if (step >= 0)
        number = step == 0 ? 0 : sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return number;
}

static bool
read_domain(wxs_context *context, const wxs_request *request,
            struct query *query, wxs_response *response)
{
    char value[64];
    uint8_t uuid[WXS_UUID_SIZE];
    wxs_error error;

    read_parameter(request, "domain_id", value);
    if (*value == '\0')
        return true;
    if (!wxs_uuid_parse(value, strlen(value), uuid))
        return answer_invalid(response, "domain_id", "a valid UUID");
    wxs_uuid_format(uuid, value);
    query->domain = find_domain(context, value, &error);
    if (query->domain < 0)
        wxs_answer_internal(response, request, &error);
    else if (query->domain == 0)
        wxs_answer_error(response, 404, "not_found", "Domain not found");
    return query->domain > 0;
}

static bool
read_query(wxs_context *context, const wxs_request *request,
           struct query *query, wxs_response *response)
{
    return read_limit(request, query, response) &&
           read_order(request, query, response) &&
           read_type(request, query, response) &&
           read_after(request, query, response) &&
           read_message(request, query, response) &&
           read_domain(context, request, query, response);
}

static wxs_event_filter
filter_of(const wxs_context *context, const struct query *query)
{
    return (wxs_event_filter){.account = context->identity.account,
                              .domain = query->domain,
                              .message =
                                  query->by_message ? query->message : NULL,
                              .type = query->type,
                              .after = query->after,
                              .ascending = query->ascending};
}

/* Fills data with the events of the scan; one more than the page has tells that
 * there are more. */
static int
read_events(wxs_context *context, const struct query *query,
            wxs_event_scan *scan, json_t *data, bool *has_more,
            wxs_error *error)
{
    const wxs_event_row *row;
    json_t *event;
    int64_t last;
    int step;

    if (!wxs_event_parts_final(context->parts, &last, error))
        return -1;
    while ((step = wxs_event_scan_next(scan, &row, error)) > 0) {
        if (json_array_size(data) == (size_t)query->limit) {
            *has_more = true;
            return 0;
        }
        event = wxs_event_json(context->control, context->events, row,
                               row->id <= last, error);
        if (event == NULL || json_array_append_new(data, event) != 0)
            return -1;
    }
    return step;
}

/* Fills data with the page. */
static bool
read_page(wxs_context *context, const struct query *query, json_t *data,
          bool *has_more, wxs_error *error)
{
    const wxs_event_filter filter = filter_of(context, query);
    wxs_event_scan *scan;
    int step;

    *has_more = false;
    if (!wxs_event_scan_begin(context->parts, &filter, &scan, error))
        return false;
    step = read_events(context, query, scan, data, has_more, error);
    wxs_event_scan_end(scan);
    return step == 0;
}

void
wxs_events_list(wxs_context *context, const wxs_request *request,
                wxs_response *response)
{
    struct query query = {0};
    wxs_error error = {"out of memory"};
    json_t *data;
    bool has_more;

    if (!read_query(context, request, &query, response))
        return;
    data = json_array();
    if (data == NULL || !read_page(context, &query, data, &has_more, &error)) {
        json_decref(data);
        wxs_answer_internal(response, request, &error);
        return;
    }
    wxs_answer(response, 200,
               json_pack("{s:s, s:b, s:o}", "object", "list", "has_more",
                         has_more, "data", data));
}
