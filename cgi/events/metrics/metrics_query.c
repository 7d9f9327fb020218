#include "metrics_query.h"

#include <string.h>

#include "domain_number.h"
#include "metric.h"
#include "parameter.h"
#include "time_read.h"

#define LIST_CAP  4096 /* bytes of one parameter with commas in it */
#define WORD_CAP  64
#define DAY_US    INT64_C(86400000000)
#define SPAN_DAYS 6

static const char *const granularities[] = {"hourly", "daily", "weekly",
                                            "monthly", NULL};

const char *
wxs_granularity_name(wxs_granularity granularity)
{
    return granularities[granularity];
}

/* What a list's items are read with; false after answering. */
typedef struct {
    const wxs_context *context;
    const wxs_request *request;
    wxs_metrics_query *query;
    wxs_response *response;
} reading;

typedef bool item_reader(const reading *r, const char *item, size_t len);

/* A list has commas, or its parameter is repeated, or both. */
static bool
read_list(const reading *r, const char *name, const char *allowed,
          item_reader *read)
{
    const char *rest = r->request->query;
    char value[LIST_CAP];
    int found;

    while ((found = wxs_query_next(&rest, name, value, sizeof(value))) == 1) {
        for (const char *item = value; *item != '\0';) {
            size_t len = strcspn(item, ",");
            if (len > 0 && !read(r, item, len))
                return false;
            item += len;
            item += *item == ',';
        }
    }
    return found == 0 || wxs_parameter_refuse(r->response, name, allowed);
}

#define METRICS_ALLOWED    "a list of known metrics, such as opened,clicked"
#define DIMENSIONS_ALLOWED "a list of period, domain and email"
#define IDS_ALLOWED        "a list of at most 100 ids"

static bool
read_metric(const reading *r, const char *item, size_t len)
{
    wxs_metric metric = wxs_metric_find(item, len);

    if (metric == WXS_METRIC_COUNT)
        return wxs_parameter_refuse(r->response, "metrics", METRICS_ALLOWED);
    r->query->metrics |= UINT64_C(1) << metric;
    return true;
}

static bool
is_word(const char *item, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(item, word, len) == 0;
}

static bool
read_dimension(const reading *r, const char *item, size_t len)
{
    if (is_word(item, len, "period"))
        r->query->by_period = true;
    else if (is_word(item, len, "domain"))
        r->query->by_domain = true;
    else if (is_word(item, len, "email"))
        r->query->by_email = true;
    else
        return wxs_parameter_refuse(r->response, "dimensions",
                                    DIMENSIONS_ALLOWED);
    return true;
}

static bool
read_domain(const reading *r, const char *item, size_t len)
{
    wxs_metrics_query *q = r->query;
    char id[WXS_UUID_TEXT];
    int64_t number;

    if (len >= sizeof(id) || q->domain_count == WXS_METRICS_IDS_MAX)
        return wxs_parameter_refuse(r->response, "domain_id", IDS_ALLOWED);
    memcpy(id, item, len);
    id[len] = '\0';
    number = wxs_domain_number_ask(r->context, r->request, id, r->response);
    for (size_t i = 0; i < q->domain_count; i++) {
        if (q->domains[i] == number)
            return true;
    }
    q->domains[q->domain_count] = number;
    q->domain_count += number > 0;
    return number > 0;
}

static bool
read_message(const reading *r, const char *item, size_t len)
{
    wxs_metrics_query *q = r->query;

    if (q->message_count == WXS_METRICS_IDS_MAX ||
        !wxs_uuid_parse(item, len, q->messages[q->message_count]))
        return wxs_parameter_refuse(r->response, "email_id", IDS_ALLOWED);
    for (size_t i = 0; i < q->message_count; i++) {
        if (memcmp(q->messages[i], q->messages[q->message_count],
                   WXS_UUID_SIZE) == 0)
            return true;
    }
    q->message_count++;
    return true;
}

static bool
read_lists(const reading *r)
{
    wxs_metrics_query *q = r->query;

    if (!read_list(r, "metrics", METRICS_ALLOWED, read_metric) ||
        !read_list(r, "dimensions", DIMENSIONS_ALLOWED, read_dimension) ||
        !read_list(r, "domain_id", IDS_ALLOWED, read_domain) ||
        !read_list(r, "email_id", IDS_ALLOWED, read_message))
        return false;
    if (q->metrics == 0)
        q->metrics = (UINT64_C(1) << WXS_METRIC_DEFAULT) - 1;
    if (q->by_email && q->message_count == 0) {
        wxs_answer_error(r->response, 422, "validation_error",
                         "The dimension `email` needs `email_id`: name up to "
                         "100 messages.");
        return false;
    }
    if (wxs_query_has(r->request, "broadcast_id")) {
        wxs_answer_error(r->response, 422, "validation_error",
                         "There are no broadcasts here: leave `broadcast_id` "
                         "out.");
        return false;
    }
    return true;
}

/* The names of the tz database, and nothing that could be another file. */
static bool
is_zone_name(const char *name)
{
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789_+-/") == strlen(name) &&
           name[0] != '/' && name[0] != '+' && name[0] != '-' &&
           (name[0] < '0' || name[0] > '9');
}

static bool
read_zone(const reading *r)
{
    char name[WORD_CAP];

    wxs_parameter_read(r->request, "timezone", name, sizeof(name));
    if (name[0] == '\0' || strcmp(name, "UTC") == 0)
        r->query->zone = g_time_zone_new_utc();
    else if (is_zone_name(name))
        r->query->zone = g_time_zone_new_identifier(name);
    return r->query->zone != NULL ||
           wxs_parameter_refuse(r->response, "timezone",
                                "an IANA time zone such as Europe/Berlin");
}

/* The midnight in the zone that begins the day, days later than the date,
 * which is a midnight in UTC. */
static int64_t
local_midnight(GTimeZone *zone, int64_t date_us, int days)
{
    GDateTime *utc = g_date_time_new_from_unix_utc(date_us / 1000000);
    GDateTime *day = g_date_time_add_days(utc, days);
    GDateTime *local = g_date_time_new(
        zone, g_date_time_get_year(day), g_date_time_get_month(day),
        g_date_time_get_day_of_month(day), 0, 0, 0);
    int64_t us = g_date_time_to_unix(local) * 1000000;

    g_date_time_unref(utc);
    g_date_time_unref(day);
    g_date_time_unref(local);
    return us;
}

/* Reads a time; a date is the whole day. *limit is where it begins, or ends. */
static bool
read_limit(const reading *r, const char *name, bool is_end, int64_t *shown,
           int64_t *limit)
{
    char value[WORD_CAP];
    bool is_date;
    int64_t us;

    wxs_parameter_read(r->request, name, value, sizeof(value));
    if (value[0] == '\0')
        return true;
    /* the end of the year 9999 is out of the reach of calendars */
    if (!wxs_time_read(value, &us, &is_date) || value[0] == '9' || us < 0)
        return wxs_parameter_refuse(
            r->response, name,
            "a date (2026-11-25) or a time (2026-11-25T09:00:00Z)");
    *shown = is_date ? local_midnight(r->query->zone, us, 0) : us;
    *limit = is_date && is_end ? local_midnight(r->query->zone, us, 1) : *shown;
    return true;
}

static bool
read_span(const reading *r, int64_t now)
{
    wxs_metrics_query *q = r->query;

    q->end = q->shown_end = now;
    if (!read_limit(r, "end_date", true, &q->shown_end, &q->end))
        return false;
    if (q->end > now)
        q->end = now;
    if (q->shown_end > now)
        q->shown_end = now;
    q->start = q->shown_start = q->shown_end - SPAN_DAYS * DAY_US;
    if (!read_limit(r, "start_date", false, &q->shown_start, &q->start))
        return false;
    if (q->start <= q->end)
        return true;
    wxs_answer_error(r->response, 422, "validation_error",
                     "`start_date` must not be after `end_date`, nor in the "
                     "future.");
    return false;
}

static bool
read_granularity(const reading *r)
{
    int which;

    if (!wxs_parameter_word(r->request, "granularity", granularities, &which,
                            r->response))
        return false;
    r->query->granularity = which < 0 ? WXS_DAILY : (wxs_granularity)which;
    return true;
}

bool
wxs_metrics_query_read(const wxs_context *context, const wxs_request *request,
                       int64_t now, wxs_metrics_query *query,
                       wxs_response *response)
{
    const reading r = {context, request, query, response};

    *query = (wxs_metrics_query){0};
    if (read_zone(&r) && read_span(&r, now) && read_granularity(&r) &&
        read_lists(&r))
        return true;
    wxs_metrics_query_clear(query);
    return false;
}

void
wxs_metrics_query_clear(wxs_metrics_query *query)
{
    if (query->zone != NULL)
        g_time_zone_unref(query->zone);
    query->zone = NULL;
}
