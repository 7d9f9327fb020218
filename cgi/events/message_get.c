#include "message_get.h"

#include <string.h>

#include "../../core/token.h"
#include "clock.h"
#include "event_text.h"
#include "metrics/metric.h"
#include "uuid.h"

#define BIT(metric) (UINT64_C(1) << (metric))

static const uint64_t message_metrics =
    BIT(WXS_METRIC_OPENED) | BIT(WXS_METRIC_CLICKED) |
    BIT(WXS_METRIC_UNSUBSCRIBED) | BIT(WXS_METRIC_HUMAN_OPENED) |
    BIT(WXS_METRIC_HUMAN_CLICKED);
static const uint64_t link_metrics =
    BIT(WXS_METRIC_CLICKED) | BIT(WXS_METRIC_HUMAN_CLICKED);

/* What has been put together of the message. */
typedef struct {
    const wxs_context *context;
    const uint8_t *id;
    int64_t domain; /* number, 0 = not known */
    json_t *object;
    bool is_known;
} view;

static bool
set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

static json_t *
text_column(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return wxs_event_string(text, (size_t)sqlite3_column_bytes(row, column));
}

static json_t *
json_column(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    json_t *json = text == NULL ? NULL : json_loads(text, 0, NULL);

    return json != NULL ? json : json_null();
}

static const char *
mode_name(int mode)
{
    static const char *const names[] = {
        [WXS_MODE_OFF] = "off",
        [WXS_MODE_ANONYMOUS] = "anonymous",
        [WXS_MODE_PSEUDONYMOUS] = "pseudonymous",
        [WXS_MODE_FULL] = "full",
    };

    return mode >= 0 && (size_t)mode < sizeof(names) / sizeof(names[0])
               ? names[mode]
               : "full";
}

/* The next statement about the message in the account; NULL with error
 * filled. */
static sqlite3_stmt *
prepare(const view *v, wxs_db *db, const char *sql, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);

    if (row != NULL) {
        sqlite3_bind_blob(row, 1, v->id, WXS_UUID_SIZE, SQLITE_STATIC);
        sqlite3_bind_int64(row, 2, v->context->identity.account);
    }
    return row;
}

/* What was told at send time; null where that is not known, or no longer. */
static bool
read_message(view *v, wxs_error *error)
{
    static const char sql[] =
        "SELECT domain, created_at, sender, recipients, subject, tags, mode "
        "FROM messages WHERE id = ?1 AND account = ?2";
    wxs_db *db = v->context->events;
    sqlite3_stmt *row = prepare(v, db, sql, error);
    char at[WXS_TIME_TEXT];
    bool ok = true;
    int step;

    if (row == NULL)
        return false;
    step = wxs_db_step(db, row, error);
    if (step == 1) {
        v->is_known = true;
        v->domain = sqlite3_column_int64(row, 0);
        wxs_time_text(sqlite3_column_int64(row, 1), at);
        ok = set(v->object, "created_at", json_string(at)) &&
             set(v->object, "from", text_column(row, 2)) &&
             set(v->object, "to", json_column(row, 3)) &&
             set(v->object, "subject", text_column(row, 4)) &&
             set(v->object, "tags", json_column(row, 5)) &&
             set(v->object, "mode",
                 json_string(mode_name(sqlite3_column_int(row, 6))));
        if (!ok)
            (void)wxs_fail(error, "out of memory");
    }
    wxs_db_done(row);
    return ok && step >= 0;
}

enum {
    LINK,
    URL,
    DOMAIN,
    FIRST_AT,
    LAST_AT,
    OPENS,
    CLICKS,
    UNSUBSCRIBES,
    HUMAN_OPENS,
    HUMAN_CLICKS
};

static bool
set_times(json_t *object, sqlite3_stmt *row)
{
    char first[WXS_TIME_TEXT], last[WXS_TIME_TEXT];

    wxs_time_iso(sqlite3_column_int64(row, FIRST_AT) * 1000, first);
    wxs_time_iso(sqlite3_column_int64(row, LAST_AT) * 1000, last);
    return set(object, "first_at", json_string(first)) &&
           set(object, "last_at", json_string(last));
}

/* Adds a row of counts: that of the message, or of one of its links. */
static bool
add_counts(view *v, sqlite3_stmt *row, json_t *links)
{
    const wxs_counts counts = {
        .opened = sqlite3_column_int64(row, OPENS),
        .clicked = sqlite3_column_int64(row, CLICKS),
        .unsubscribed = sqlite3_column_int64(row, UNSUBSCRIBES),
        .human_opened = sqlite3_column_int64(row, HUMAN_OPENS),
        .human_clicked = sqlite3_column_int64(row, HUMAN_CLICKS),
    };
    json_t *link;

    if (sqlite3_column_int64(row, LINK) == 0) {
        json_t *sums = json_object_get(v->object, "counts");
        v->is_known = true;
        if (v->domain == 0)
            v->domain = sqlite3_column_int64(row, DOMAIN);
        return wxs_metrics_set(sums, message_metrics, &counts) &&
               set_times(sums, row);
    }
    link = json_object();
    return link != NULL && json_array_append_new(links, link) == 0 &&
           set(link, "link", text_column(row, URL)) &&
           wxs_metrics_set(link, link_metrics, &counts) && set_times(link, row);
}

static bool
read_counts(view *v, wxs_error *error)
{
    static const char sql[] =
        "SELECT link, (SELECT url FROM links WHERE id = link), domain, "
        "first_at, last_at, opens, clicks, unsubscribes, human_opens, "
        "human_clicks FROM message_counts WHERE message = ?1 AND account = ?2 "
        "ORDER BY link = 0 DESC, clicks DESC, link";
    json_t *links = json_object_get(v->object, "links");
    wxs_db *db = v->context->counts;
    sqlite3_stmt *row = prepare(v, db, sql, error);
    int step = -1;

    if (row == NULL)
        return false;
    while ((step = wxs_db_step(db, row, error)) == 1) {
        if (!add_counts(v, row, links)) {
            (void)wxs_fail(error, "out of memory");
            step = -1;
            break;
        }
    }
    wxs_db_done(row);
    return step == 0;
}

static bool
read_domain(view *v, wxs_error *error)
{
    wxs_db *db = v->context->control;
    sqlite3_stmt *row =
        wxs_db_prepare(db, "SELECT id FROM domains WHERE number = ?", error);
    int step;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, v->domain);
    step = wxs_db_step(db, row, error);
    if (step == 1 && !set(v->object, "domain_id", text_column(row, 0)))
        step = -1;
    wxs_db_done(row);
    return step >= 0;
}

/* The object with everything that may stay unknown; NULL without memory. */
static json_t *
object_make(const uint8_t id[WXS_UUID_SIZE])
{
    const wxs_counts none = {0};
    char text[WXS_UUID_TEXT];
    json_t *object;

    wxs_uuid_format(id, text);
    object = json_pack("{s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:n, s:n, "
                       "s:{s:n, s:n}, s:[]}",
                       "object", "message", "id", text, "domain_id",
                       "created_at", "from", "to", "subject", "tags", "mode",
                       "counts", "first_at", "last_at", "links");
    if (object != NULL && !wxs_metrics_set(json_object_get(object, "counts"),
                                           message_metrics, &none)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

void
wxs_message_get(wxs_context *context, const wxs_request *request,
                wxs_response *response)
{
    uint8_t id[WXS_UUID_SIZE];
    wxs_error error = {"out of memory"};
    view v = {.context = context, .id = id};

    if (!wxs_uuid_parse(request->param[0], strlen(request->param[0]), id)) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `id` must be a valid UUID.");
        return;
    }
    v.object = object_make(id);
    if (v.object == NULL || !read_message(&v, &error) ||
        !read_counts(&v, &error) || !read_domain(&v, &error)) {
        wxs_answer_internal(response, request, &error);
    } else if (!v.is_known) {
        wxs_answer_error(response, 404, "not_found", "Message not found");
    } else {
        wxs_answer(response, 200, v.object);
        return;
    }
    json_decref(v.object);
}
