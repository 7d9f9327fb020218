#include "links.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call.h"
#include "clock.h"
#include "link_url.h"
#include "table_links.h"

#define ID_DIGITS      15         /* of 2^48 - 1 */
#define EXPIRES_IN_MAX 3153600000 /* 100 years, in seconds */

/* One request on its way to the answer. */
struct order {
    wxs_context *context;
    const wxs_request *request;
    wxs_response *response;
    const char *domain_name;
    const char *url; /* as asked for */
    wxs_tracking_fields fields;
    uint32_t expires; /* seconds since 1970, 0 = never */
    wxs_tracking_domain domain;
    wxs_buffer destination;
    uint64_t id; /* of a table link */
    char href[WXS_URL_MAX + 1];
};

/* ---- the request ---- */

static bool
read_expiry(const json_t *body, struct order *order)
{
    const json_t *field = wxs_optional(body, "expires_in");
    json_int_t seconds = json_integer_value(field);
    int64_t now = wxs_now_us() / 1000000;

    if (field == NULL)
        return true;
    if (!json_is_integer(field) || seconds < 1 ||
        seconds > (json_int_t)EXPIRES_IN_MAX || now + seconds > UINT32_MAX)
        return wxs_refuse_field(order->response, "expires_in",
                                "a number of seconds, at least 1, that ends "
                                "before the year 2106");
    order->expires = (uint32_t)(now + seconds);
    return true;
}

static bool
read_request(const json_t *body, struct order *order)
{
    order->fields = (wxs_tracking_fields){
        .mode = WXS_MODE_FULL,
        .table_links = true,
    };
    return wxs_field_string(body, "domain", true, 0, &order->domain_name,
                            order->response) &&
           wxs_field_string(body, "url", true, 0, &order->url,
                            order->response) &&
           read_expiry(body, order) &&
           wxs_tracking_fields_read(body, "", &order->fields, order->response);
}

static bool
read_destination(struct order *order)
{
    switch (wxs_link_url(order->url, strlen(order->url), &order->destination)) {
    case WXS_OK:
        return true;
    case WXS_NO_MEMORY:
        wxs_answer(order->response, 500, NULL);
        return false;
    case WXS_TOO_LONG:
        return wxs_refuse_field(order->response, "url",
                                "at most 8000 bytes long");
    default:
        return wxs_refuse_field(order->response, "url",
                                "an absolute http or https URL, without a "
                                "template's placeholder");
    }
}

static bool
has_host(struct order *order)
{
    const wxs_tracking_domain *domain = &order->domain;

    if (domain->host[0] != '\0' && !domain->killed)
        return true;
    wxs_answer_error(order->response, 422, "validation_error",
                     domain->killed
                         ? "The links of %s were withdrawn."
                         : "The Tracking record of %s is not verified yet.",
                     domain->name);
    return false;
}

/* ---- making the link ---- */

/* Stores the destination and waits until the link works. */
static wxs_status
store(struct order *order, wxs_error *error)
{
    wxs_table_entry entry = {
        .url = order->destination.data,
        .url_len = order->destination.len,
    };

    if (!wxs_table_links_store(order->domain.number, &entry, 1, error))
        return WXS_IO;
    order->id = entry.id;
    return wxs_table_links_wait(order->context->config, order->domain.number,
                                &entry, 1)
               ? WXS_OK
               : WXS_BUSY;
}

static wxs_status
mint(struct order *order, wxs_error *error)
{
    static const uint8_t no_message[WXS_MESSAGE_ID_SIZE];
    const wxs_workshop workshop = wxs_call_workshop(order->context);
    wxs_mode ceiling = order->domain.settings.mode;
    wxs_token token = {
        .type = WXS_TOKEN_CLICK,
        .expires = order->expires,
        .is_table = order->fields.table_links,
        .link_id = order->id,
        .rest = order->destination.data,
        .rest_len = order->destination.len,
    };
    wxs_minter minter = {.key = NULL};
    wxs_status status = WXS_IO;
    size_t len;

    if (order->fields.mode > ceiling)
        order->fields.mode = ceiling;
    if (wxs_workshop_minter(&workshop, &order->domain, no_message,
                            order->fields.mode, &minter, error)) {
        status = wxs_mint(&minter, &token, order->href, &len);
        if (status != WXS_OK)
            wxs_fail(error, "cannot mint a link: %s", wxs_status_text(status));
    }
    wxs_minter_free(&minter);
    return status;
}

/* A signed link that gets too long becomes a table link. */
static bool
make(struct order *order)
{
    wxs_status status = WXS_TOO_LONG;
    wxs_error error;

    if (!order->fields.table_links)
        status = mint(order, &error);
    if (status == WXS_TOO_LONG) {
        order->fields.table_links = true;
        status = store(order, &error);
        if (status == WXS_OK)
            status = mint(order, &error);
    }
    if (status == WXS_OK)
        return true;
    if (status != WXS_BUSY) {
        wxs_answer_internal(order->response, order->request, &error);
        return false;
    }
    wxs_answer_error(order->response, 503, "application_error",
                     "The link is not in service yet. Please try again.");
    order->response->retry_after = 1;
    return false;
}

static json_t *
id_json(uint64_t id)
{
    return json_sprintf("%" PRIu64, id);
}

static void
answer(const struct order *order)
{
    bool in_table = order->fields.table_links;
    char expires[WXS_TIME_TEXT];

    wxs_time_iso((int64_t)order->expires * 1000000, expires);
    wxs_answer(
        order->response, 201,
        json_pack("{s:s, s:o, s:s, s:s, s:s%, s:s, s:s, s:o}", "object", "link",
                  "id", in_table ? id_json(order->id) : json_null(), "domain",
                  order->domain.name, "type", in_table ? "table" : "signed",
                  "url", order->destination.data, order->destination.len,
                  "href", order->href, "mode",
                  wxs_mode_name(order->fields.mode), "expires_at",
                  order->expires == 0 ? json_null() : json_string(expires)));
}

void
wxs_links_create(wxs_context *context, const wxs_request *request,
                 wxs_response *response)
{
    struct order order = {
        .context = context,
        .request = request,
        .response = response,
    };
    json_t *body = wxs_body_object(request, response);

    if (body == NULL)
        return;
    if (read_request(body, &order) &&
        wxs_call_domain(context, request, order.domain_name, &order.domain,
                        response) &&
        read_destination(&order) && has_host(&order) && make(&order))
        answer(&order);
    wxs_tracking_domain_free(&order.domain);
    wxs_buffer_free(&order.destination);
    json_decref(body);
}

/* ---- looking one up ---- */

static json_t *
link_json(sqlite3_stmt *row, int64_t id)
{
    char created[WXS_TIME_TEXT];

    wxs_time_iso(sqlite3_column_int64(row, 3), created);
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:b}", "object", "link",
                     "id", id_json((uint64_t)id), "domain",
                     (const char *)sqlite3_column_text(row, 1), "type", "table",
                     "url", (const char *)sqlite3_column_text(row, 0),
                     "created_at", created, "killed",
                     sqlite3_column_type(row, 2) != SQLITE_NULL);
}

int
wxs_link_lookup(wxs_context *context, const wxs_request *request, int64_t *id,
                json_t **json, wxs_response *response)
{
    static const char sql[] =
        "SELECT l.url, d.name, l.killed_at, l.created_at FROM links l "
        "JOIN domains d ON d.number = l.domain WHERE l.id = ?1 "
        "AND d.account = ?2 AND (?3 = 0 OR d.number = ?3)";
    const char *text = request->param[0];
    size_t len = strlen(text);
    wxs_error error = {"out of memory"};
    sqlite3_stmt *row;
    int step = 0;

    if (len > 0 && len <= ID_DIGITS && strspn(text, "0123456789") == len) {
        *id = strtoll(text, NULL, 10);
        row = wxs_db_prepare(context->control, sql, &error);
        step = row == NULL ? -1 : 0;
        if (row != NULL) {
            sqlite3_bind_int64(row, 1, *id);
            sqlite3_bind_int64(row, 2, context->identity.account);
            sqlite3_bind_int64(row, 3, context->identity.domain);
            step = wxs_db_step(context->control, row, &error);
            if (step == 1 && json != NULL)
                *json = link_json(row, *id);
        }
        wxs_db_done(row);
    }
    if (step < 0)
        wxs_answer_internal(response, request, &error);
    if (step == 0)
        wxs_answer_error(response, 404, "not_found", "Link not found");
    return step;
}

void
wxs_links_get(wxs_context *context, const wxs_request *request,
              wxs_response *response)
{
    json_t *json = NULL;
    int64_t id;

    if (wxs_link_lookup(context, request, &id, &json, response) == 1)
        wxs_answer(response, 200, json);
}
