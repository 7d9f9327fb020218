#include "usage.h"

#include <string.h>
#include <time.h>

#include "clock.h"

#define SECOND_US INT64_C(1000000)

/* Quotas of the account; -1 = none. */
typedef struct {
    int64_t domains;
    int64_t max_domains;
    int64_t rate_limit;
} quotas;

/* A span of calendar time in UTC, microseconds. */
typedef struct {
    int64_t start;
    int64_t end;
} span;

static bool
read_quotas(const wxs_context *context, quotas *q, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(
        context->control,
        "SELECT (SELECT count(*) FROM domains d WHERE d.account = a.number "
        "AND d.deleted_at IS NULL), coalesce(max_domains, -1), "
        "coalesce(rate_limit, -1) FROM accounts a WHERE number = ?",
        error);
    int step;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, context->identity.account);
    step = wxs_db_step(context->control, row, error);
    if (step == 1)
        *q = (quotas){sqlite3_column_int64(row, 0),
                      sqlite3_column_int64(row, 1),
                      sqlite3_column_int64(row, 2)};
    wxs_db_done(row);
    return step == 1 || (step == 0 && wxs_fail(error, "no such account"));
}

/* The day that now is in, or the month. */
static span
span_of(int64_t now, bool is_month)
{
    time_t seconds = (time_t)(now / SECOND_US);
    struct tm begin;
    struct tm end;

    (void)gmtime_r(&seconds, &begin);
    begin.tm_hour = begin.tm_min = begin.tm_sec = 0;
    if (is_month)
        begin.tm_mday = 1;
    end = begin;
    if (is_month)
        end.tm_mon++;
    else
        end.tm_mday++;
    return (span){timegm(&begin) * SECOND_US, timegm(&end) * SECOND_US};
}

static int64_t
count_messages(const wxs_context *context, const span *in, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(context->events,
                                       "SELECT count(*) FROM messages "
                                       "WHERE account = ? "
                                       "AND created_at BETWEEN ? AND ?",
                                       error);
    int64_t count = -1;

    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, context->identity.account);
    sqlite3_bind_int64(row, 2, in->start);
    sqlite3_bind_int64(row, 3, in->end - 1);
    if (wxs_db_step(context->events, row, error) == 1)
        count = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return count;
}

/* Messages made trackable in the span; NULL with error filled. */
static json_t *
messages_json(const wxs_context *context, bool is_month, wxs_error *error)
{
    const span in = span_of(wxs_now_us(), is_month);
    int64_t count = count_messages(context, &in, error);
    char resets[WXS_TIME_TEXT];

    if (count < 0)
        return NULL;
    wxs_time_text(in.end, resets);
    return json_pack("{s:I, s:n, s:I, s:i, s:s}", "used", (json_int_t)count,
                     "limit", "sent", (json_int_t)count, "received", 0,
                     "resets_at", resets);
}

static json_t *
limit_json(int64_t limit)
{
    return limit < 0 ? json_null() : json_integer(limit);
}

/* Takes over daily and monthly. What Waxseal does not have is used nought. */
static json_t *
usage_json(const wxs_context *context, const quotas *q, json_t *daily,
           json_t *monthly)
{
    int64_t rate =
        q->rate_limit > 0 ? q->rate_limit : context->config->api.rate_limit;

    return json_pack(
        "{s:s, s:{s:o, s:o}, s:{s:I, s:o}, s:{s:o, s:s},"
        " s:{s:i, s:i}, s:{s:i, s:i}, s:{s:i, s:n}, s:{s:i, s:i, s:n},"
        " s:{s:i, s:i, s:n}}",
        "object", "usage", "emails", "daily", daily, "monthly", monthly,
        "domains", "used", (json_int_t)q->domains, "limit",
        limit_json(q->max_domains), "rate_limit", "limit",
        limit_json(rate > 0 ? rate : -1), "duration", "1s", "contacts", "used",
        0, "limit", 0, "segments", "used", 0, "limit", 0, "broadcasts", "used",
        0, "limit", "ai_credits", "used", 0, "limit", 0, "next_increase_at",
        "automation_runs", "used", 0, "limit", 0, "resets_at");
}

void
wxs_usage_get(wxs_context *context, const wxs_request *request,
              wxs_response *response)
{
    wxs_error error = {"out of memory"};
    json_t *daily = NULL;
    json_t *monthly = NULL;
    quotas q = {0};

    if (read_quotas(context, &q, &error) &&
        (daily = messages_json(context, false, &error)) != NULL &&
        (monthly = messages_json(context, true, &error)) != NULL) {
        wxs_answer(response, 200, usage_json(context, &q, daily, monthly));
        return;
    }
    json_decref(daily);
    wxs_answer_internal(response, request, &error);
}
