#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "clock.h"
#include "link_url.h"
#include "links.h"
#include "table_links.h"

#define EXPIRES_IN_MAX 3153600000 /* 100 years, in seconds */
#define LINKS_MAX      1000       /* in one call */

/* One link on its way to the answer. */
struct link {
    const char *url; /* as asked for */
    wxs_tracking_fields fields;
    uint32_t expires; /* seconds since 1970, 0 = never */
    wxs_buffer destination;
    uint64_t id; /* of a table link */
    char href[WXS_URL_MAX + 1];
};

/* A call: one link, or an array of them for the same domain. */
struct order {
    wxs_context *context;
    const wxs_request *request;
    wxs_response *response;
    const char *domain_name;
    wxs_tracking_domain domain;
    bool is_array;
    struct link *link;
    size_t count;
};

/* ---- the request ---- */

static bool
read_expiry(const json_t *body, struct link *link, wxs_response *response)
{
    const json_t *field = wxs_optional(body, "expires_in");
    json_int_t seconds = json_integer_value(field);
    int64_t now = wxs_now_us() / 1000000;

    if (field == NULL)
        return true;
    if (!json_is_integer(field) || seconds < 1 ||
        seconds > (json_int_t)EXPIRES_IN_MAX || now + seconds > UINT32_MAX)
        return wxs_refuse_field(response, "expires_in",
                                "a number of seconds, at least 1, that ends "
                                "before the year 2106");
    link->expires = (uint32_t)(now + seconds);
    return true;
}

static bool
read_destination(struct link *link, wxs_response *response)
{
    switch (wxs_link_url(link->url, strlen(link->url), &link->destination)) {
    case WXS_OK:
        return true;
    case WXS_NO_MEMORY:
        wxs_answer(response, 500, NULL);
        return false;
    case WXS_TOO_LONG:
        return wxs_refuse_field(response, "url", "at most 8000 bytes long");
    default:
        return wxs_refuse_field(response, "url",
                                "an absolute http or https URL, without a "
                                "template's placeholder");
    }
}

static bool
read_link(const json_t *body, struct order *order, struct link *link)
{
    wxs_response *response = order->response;
    const char *domain = NULL;

    link->fields = (wxs_tracking_fields){
        .mode = WXS_MODE_FULL,
        .table_links = true,
    };
    if (!json_is_object(body)) {
        wxs_answer_error(response, 422, "validation_error",
                         "The request body must be a JSON object or an array "
                         "of them.");
        return false;
    }
    if (!wxs_field_string(body, "domain", true, 0, &domain, response) ||
        !wxs_field_string(body, "url", true, 0, &link->url, response) ||
        !read_expiry(body, link, response) ||
        !wxs_tracking_fields_read(body, "", &link->fields, response) ||
        !read_destination(link, response))
        return false;
    if (order->domain_name == NULL)
        order->domain_name = domain;
    return strcmp(order->domain_name, domain) == 0 ||
           wxs_refuse_field(response, "domain",
                            "the same in all links of a call");
}

/* Says which of the links an answer is about. */
static void
name_link(size_t index, wxs_response *response)
{
    char message[512], name[48];
    int status = response->status;

    (void)snprintf(
        message, sizeof(message), "%s",
        json_string_value(json_object_get(response->json, "message")));
    (void)snprintf(name, sizeof(name), "%s",
                   json_string_value(json_object_get(response->json, "name")));
    wxs_answer_error(response, status, name, "Link %zu: %s", index, message);
}

static bool
read_request(const json_t *body, struct order *order)
{
    order->is_array = json_is_array(body);
    order->count = order->is_array ? json_array_size(body) : 1;
    if (order->count == 0 || order->count > LINKS_MAX) {
        wxs_answer_error(order->response, 422, "validation_error",
                         "The request body must have 1 to %d links.",
                         LINKS_MAX);
        order->count = 0;
        return false;
    }
    order->link = calloc(order->count, sizeof(*order->link));
    if (order->link == NULL) {
        order->count = 0;
        wxs_answer(order->response, 500, NULL);
        return false;
    }
    for (size_t i = 0; i < order->count; i++) {
        const json_t *item = order->is_array ? json_array_get(body, i) : body;

        if (read_link(item, order, &order->link[i]))
            continue;
        if (order->is_array && order->response->status == 422)
            name_link(i, order->response);
        return false;
    }
    return true;
}

static bool
can_mint(struct order *order)
{
    const wxs_tracking_domain *domain = &order->domain;
    wxs_links_readiness links =
        wxs_tracking_domain_links(domain, order->context->config);

    if (links == WXS_LINKS_READY && !domain->killed)
        return true;
    wxs_answer_error(order->response, 422, "validation_error",
                     domain->killed ? "The links of %s were withdrawn."
                     : links == WXS_LINKS_NO_HOST
                         ? "The Tracking record of %s is not verified yet."
                         : "%s wants https only, and its tracking host has no "
                           "certificate yet.",
                     domain->name);
    return false;
}

/* ---- making the links ---- */

static wxs_status
mint(const struct order *order, struct link *link, wxs_error *error)
{
    static const uint8_t no_message[WXS_MESSAGE_ID_SIZE];
    const wxs_workshop workshop = wxs_call_workshop(order->context);
    wxs_mode ceiling = order->domain.settings.mode;
    wxs_token token = {
        .type = WXS_TOKEN_CLICK,
        .expires = link->expires,
        .is_table = link->fields.table_links,
        .link_id = link->id,
        .rest = link->destination.data,
        .rest_len = link->destination.len,
    };
    wxs_minter minter = {.key = NULL};
    wxs_status status = WXS_IO;
    size_t len;

    if (link->fields.mode > ceiling)
        link->fields.mode = ceiling;
    if (wxs_workshop_minter(&workshop, &order->domain, no_message,
                            link->fields.mode, &minter, error)) {
        status = wxs_mint(&minter, &token, link->href, &len);
        if (status != WXS_OK)
            wxs_fail(error, "cannot mint a link: %s", wxs_status_text(status));
    }
    wxs_minter_free(&minter);
    return status;
}

/* A signed link that gets too long becomes a table link. */
static wxs_status
mint_signed(struct order *order, wxs_error *error)
{
    for (size_t i = 0; i < order->count; i++) {
        struct link *link = &order->link[i];
        wxs_status status;

        if (link->fields.table_links)
            continue;
        status = mint(order, link, error);
        if (status == WXS_TOO_LONG)
            link->fields.table_links = true;
        else if (status != WXS_OK)
            return status;
    }
    return WXS_OK;
}

static wxs_status
mint_from_table(struct order *order, const wxs_table_entry *entry,
                size_t entries, wxs_error *error)
{
    for (size_t i = 0; i < entries; i++) {
        struct link *link = &order->link[entry[i].index];
        wxs_status status;

        link->id = entry[i].id;
        status = mint(order, link, error);
        if (status != WXS_OK)
            return status;
    }
    return WXS_OK;
}

/* Stores the destinations of table links in one transaction, and waits until
 * the links work. */
static wxs_status
make_table_links(struct order *order, wxs_error *error)
{
    int64_t domain = order->domain.number;
    wxs_table_entry *entry = calloc(order->count, sizeof(*entry));
    wxs_status status = WXS_IO;
    size_t entries = 0;

    if (entry == NULL) {
        wxs_fail(error, "out of memory");
        return WXS_NO_MEMORY;
    }
    for (size_t i = 0; i < order->count; i++) {
        const wxs_buffer *url = &order->link[i].destination;

        if (order->link[i].fields.table_links)
            entry[entries++] = (wxs_table_entry){
                .url = url->data, .url_len = url->len, .index = (uint32_t)i};
    }
    if (entries == 0)
        status = WXS_OK;
    else if (wxs_table_links_store(domain, entry, entries, error))
        status =
            wxs_table_links_wait(order->context->config, domain, entry, entries)
                ? mint_from_table(order, entry, entries, error)
                : WXS_BUSY;
    free(entry);
    return status;
}

static bool
make(struct order *order)
{
    wxs_error error;
    wxs_status status = mint_signed(order, &error);

    if (status == WXS_OK)
        status = make_table_links(order, &error);
    if (status == WXS_OK)
        return true;
    if (status != WXS_BUSY) {
        wxs_answer_internal(order->response, order->request, &error);
        return false;
    }
    wxs_answer_error(order->response, 503, "application_error",
                     "The %s not in service yet. Please try again.",
                     order->is_array ? "links are" : "link is");
    order->response->retry_after = 1;
    return false;
}

static json_t *
link_json(const struct order *order, const struct link *link)
{
    bool in_table = link->fields.table_links;
    char expires[WXS_TIME_TEXT];

    wxs_time_iso((int64_t)link->expires * 1000000, expires);
    return json_pack(
        "{s:s, s:o, s:s, s:s, s:s%, s:s, s:s, s:o}", "object", "link", "id",
        in_table ? wxs_link_id_json((int64_t)link->id) : json_null(), "domain",
        order->domain.name, "type", in_table ? "table" : "signed", "url",
        link->destination.data, link->destination.len, "href", link->href,
        "mode", wxs_mode_name(link->fields.mode), "expires_at",
        link->expires == 0 ? json_null() : json_string(expires));
}

static void
answer(const struct order *order)
{
    json_t *list;

    if (!order->is_array) {
        wxs_answer(order->response, 201, link_json(order, order->link));
        return;
    }
    list = json_array();
    for (size_t i = 0; i < order->count; i++) {
        if (json_array_append_new(list, link_json(order, &order->link[i])) !=
            0) {
            json_decref(list);
            wxs_answer(order->response, 500, NULL);
            return;
        }
    }
    wxs_answer(order->response, 201,
               json_pack("{s:s, s:o}", "object", "list", "data", list));
}

static void
clean_up(struct order *order)
{
    for (size_t i = 0; i < order->count; i++)
        wxs_buffer_free(&order->link[i].destination);
    free(order->link);
    wxs_tracking_domain_free(&order->domain);
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
    json_t *body = wxs_body_object_or_array(request, response);

    if (body == NULL)
        return;
    if (read_request(body, &order) &&
        wxs_call_domain(context, request, order.domain_name, &order.domain,
                        response) &&
        can_mint(&order) && make(&order))
        answer(&order);
    clean_up(&order);
    json_decref(body);
}
