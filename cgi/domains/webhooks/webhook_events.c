#include <string.h>

#include "clock.h"
#include "delivery_store.h"
#include "page.h"
#include "routes.h"
#include "webhook_lookup.h"
#include "webhook_outbox.h"

#define LIMIT_DEFAULT 20

/* These lists are walked in one direction only. */
static bool
parse_page(const wxs_request *request, wxs_page *page, wxs_response *response)
{
    if (!wxs_page_parse(request, page, response))
        return false;
    if (page->limit < 0)
        page->limit = LIMIT_DEFAULT;
    if (page->before[0] == '\0')
        return true;
    wxs_answer_error(response, 422, "validation_error",
                     "The pagination parameter `before` cannot be used with "
                     "this list.");
    return false;
}

/* Reads the webhook and the event of the route; false after answering. */
static bool
lookup(const wxs_context *context, const wxs_request *request,
       wxs_webhook *webhook, int64_t *message, wxs_response *response)
{
    wxs_error error;
    int found;

    if (!wxs_webhook_lookup(context->control, context, request, webhook,
                            response))
        return false;
    found = wxs_delivery_find(context->webhooks, webhook->number,
                              request->param[1], message, &error);
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_answer_error(response, 404, "not_found", "Webhook event not found");
    return found == 1;
}

/* Answers with the rows of a walk, which it ends. */
static void
answer_list(const wxs_context *context, const wxs_request *request,
            const wxs_page *page, sqlite3_stmt *rows, wxs_error *error,
            json_t *(*item)(sqlite3_stmt *row, wxs_error *error),
            wxs_response *response)
{
    wxs_page_list list = wxs_page_begin(page);

    if (rows != NULL &&
        wxs_page_fill(&list, context->webhooks, rows, item, error))
        wxs_page_answer(&list, response);
    else
        wxs_answer_internal(response, request, error);
    wxs_db_done(rows);
    json_decref(list.data);
}

void
wxs_webhooks_events(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    int64_t cursor = INT64_MAX;
    wxs_webhook webhook;
    wxs_page page;
    wxs_error error;
    int found = 1;

    if (!wxs_webhook_lookup(context->control, context, request, &webhook,
                            response) ||
        !parse_page(request, &page, response))
        return;
    if (page.after[0] != '\0')
        found = wxs_delivery_find(context->webhooks, webhook.number, page.after,
                                  &cursor, &error);
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        wxs_page_refuse(&page, response);
    else
        answer_list(context, request, &page,
                    wxs_delivery_walk(context->webhooks, webhook.number, cursor,
                                      wxs_page_rows(&page), &error),
                    &error, wxs_delivery_item, response);
}

void
wxs_webhooks_event(wxs_context *context, const wxs_request *request,
                   wxs_response *response)
{
    wxs_webhook webhook;
    int64_t message;
    wxs_error error;
    json_t *json;

    if (!lookup(context, request, &webhook, &message, response))
        return;
    json =
        wxs_delivery_json(context->webhooks, webhook.number, message, &error);
    if (json == NULL)
        wxs_answer_internal(response, request, &error);
    else
        wxs_answer(response, 200, json);
}

void
wxs_webhooks_attempts(wxs_context *context, const wxs_request *request,
                      wxs_response *response)
{
    int64_t message, cursor = INT64_MAX;
    wxs_webhook webhook;
    wxs_page page;
    wxs_error error;

    if (!lookup(context, request, &webhook, &message, response) ||
        !parse_page(request, &page, response))
        return;
    if (page.after[0] != '\0' && !wxs_attempt_id_parse(page.after, &cursor)) {
        wxs_page_refuse(&page, response);
        return;
    }
    answer_list(context, request, &page,
                wxs_attempt_walk(context->webhooks, webhook.number, message,
                                 cursor, wxs_page_rows(&page), &error),
                &error, wxs_attempt_item, response);
}

static bool
replay(wxs_db *db, wxs_webhook *webhook, void *id, wxs_response *response,
       wxs_error *error)
{
    if (strcmp(webhook->status, "enabled") != 0) {
        wxs_answer_error(response, 422, "validation_error",
                         "The webhook is disabled: enable it before its "
                         "events are replayed.");
        return false;
    }
    return wxs_webhook_replay(db, webhook->account, webhook->number, id,
                              wxs_now_us(), error);
}

void
wxs_webhooks_replay(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    char id[sizeof(request->param[1])];
    wxs_webhook webhook;
    int64_t message;

    if (!lookup(context, request, &webhook, &message, response))
        return;
    memcpy(id, request->param[1], sizeof(id));
    if (wxs_webhook_apply(context, request, replay, id, &webhook, response))
        wxs_answer(
            response, 200,
            json_pack("{s:s, s:s}", "object", "webhook_event", "id", id));
}
