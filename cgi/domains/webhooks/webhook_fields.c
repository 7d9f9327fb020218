#include "webhook_fields.h"

#include <string.h>

#define TYPE_MAX 64

/* Whatever existing applications subscribe to is accepted; the domain.* ones,
 * email.opened and email.clicked are sent. */
static const char *const types[] = {
    "email.sent",
    "email.scheduled",
    "email.delivered",
    "email.delivery_delayed",
    "email.complained",
    "email.bounced",
    "email.opened",
    "email.clicked",
    "email.received",
    "email.failed",
    "email.suppressed",
    "contact.created",
    "contact.updated",
    "contact.deleted",
    "contact.topics.updated",
    "domain.created",
    "domain.updated",
    "domain.deleted",
    "suppression.added",
    "suppression.removed",
    "topic.created",
    "topic.updated",
    "topic.deleted",
    "inbox.created",
    "inbox.updated",
    "inbox.deleted",
    "inbox.thread.created",
    "inbox.thread.folder.updated",
    "inbox.thread.assigned",
    "inbox.thread.unassigned",
    "inbox.thread.labels.updated",
    "inbox.email.received",
    "inbox.email.sent",
    "inbox.draft.created",
    "inbox.draft.updated",
    "inbox.draft.sent",
    "inbox.draft.deleted",
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static bool
refuse(wxs_response *response, const char *message)
{
    wxs_answer_error(response, 422, "validation_error", "%s", message);
    return false;
}

static bool
parse_endpoint(const json_t *body, bool required, const wxs_networks *allow,
               wxs_webhook *webhook, wxs_response *response)
{
    const char *text = NULL;
    wxs_error error;

    if (!wxs_field_string(body, "endpoint", required, WXS_ENDPOINT_MAX, &text,
                          response))
        return false;
    if (text == NULL)
        return true;
    if (!wxs_endpoint_allowed(text, allow, &error))
        return refuse(response, error.text);
    memcpy(webhook->endpoint, text, strlen(text) + 1);
    return true;
}

/* The index of the type, TYPES if it is none. */
static size_t
find_type(const json_t *item)
{
    const char *text = json_string_value(item);
    size_t i = 0;

    while (i < TYPES && (text == NULL || strcmp(text, types[i]) != 0))
        i++;
    return i;
}

static bool
refuse_type(const json_t *item, wxs_response *response)
{
    const char *text = json_string_value(item);

    if (text == NULL)
        return refuse(response, "The `events` field must be an array of "
                                "strings.");
    wxs_answer_error(response, 422, "validation_error",
                     "The `events` field has a type that does not exist: "
                     "`%.*s`.",
                     TYPE_MAX, text);
    return false;
}

/* Writes the chosen types as a JSON array; they need no escapes. */
static void
write_types(const bool chosen[TYPES], char events[2048])
{
    size_t used = 0;

    for (size_t i = 0; i < TYPES; i++) {
        size_t len = strlen(types[i]);

        if (!chosen[i])
            continue;
        events[used] = used == 0 ? '[' : ',';
        events[used + 1] = '"';
        memcpy(events + used + 2, types[i], len);
        events[used + 2 + len] = '"';
        used += len + 3;
    }
    memcpy(events + used, "]", 2);
}

static bool
parse_events(const json_t *body, bool required, wxs_webhook *webhook,
             wxs_response *response)
{
    const json_t *field = json_object_get(body, "events");
    bool chosen[TYPES] = {false};

    if (field == NULL || json_is_null(field)) {
        if (!required)
            return true;
        wxs_answer_error(response, 422, "missing_required_field",
                         "Missing `events` field.");
        return false;
    }
    if (!json_is_array(field) || json_array_size(field) == 0)
        return refuse(response, "The `events` field must be an array with at "
                                "least one type of event.");
    for (size_t i = 0; i < json_array_size(field); i++) {
        const json_t *item = json_array_get(field, i);
        size_t type = find_type(item);

        if (type == TYPES)
            return refuse_type(item, response);
        chosen[type] = true;
    }
    write_types(chosen, webhook->events);
    return true;
}

static bool
parse_status(const json_t *body, wxs_webhook *webhook, wxs_response *response)
{
    static const char *const words[] = {"enabled", "disabled"};
    const char *text = NULL;

    if (!wxs_field_string(body, "status", false, 0, &text, response))
        return false;
    if (text == NULL)
        return true;
    for (size_t i = 0; i < 2; i++) {
        if (strcmp(text, words[i]) == 0) {
            memcpy(webhook->status, words[i], strlen(words[i]) + 1);
            return true;
        }
    }
    return refuse(response, "The `status` field must be `enabled` or "
                            "`disabled`.");
}

bool
wxs_webhook_parse(const json_t *body, bool required, const wxs_networks *allow,
                  wxs_webhook *webhook, wxs_response *response)
{
    return parse_endpoint(body, required, allow, webhook, response) &&
           parse_events(body, required, webhook, response) &&
           parse_status(body, webhook, response);
}
