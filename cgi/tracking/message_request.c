#include "message_request.h"

#include <string.h>

#define ADDRESS_MAX    1000 /* bytes */
#define SUBJECT_MAX    10000
#define RECIPIENTS_MAX 1000
#define TAGS_MAX       75
#define TAG_MAX        1000 /* bytes of a key, of a value */

static bool
refuse(wxs_response *response, const char *field, const char *rule)
{
    wxs_answer_error(response, 422, "validation_error",
                     "The `%s` field must be %s.", field, rule);
    return false;
}

/* The field, NULL if it is absent or null. */
static const json_t *
optional(const json_t *object, const char *name)
{
    const json_t *field = json_object_get(object, name);

    return json_is_null(field) ? NULL : field;
}

static bool
is_short_string(const json_t *value, size_t max)
{
    return json_is_string(value) && json_string_length(value) <= max;
}

static bool
read_body_part(const json_t *body, const char *name, const char **value,
               size_t *len, wxs_response *response)
{
    if (!wxs_field_string(body, name, false, 0, value, response))
        return false;
    if (*value == NULL)
        return true;
    *len = json_string_length(json_object_get(body, name));
    if (*len <= WXS_BODY_PART_MAX)
        return true;
    wxs_answer_error(response, 413, "validation_error",
                     "The `%s` field must be at most %zu bytes long.", name,
                     WXS_BODY_PART_MAX);
    return false;
}

static bool
read_recipients(const json_t *body, const json_t **to, wxs_response *response)
{
    const json_t *list = optional(body, "to");
    const json_t *address;
    size_t i;

    *to = list;
    if (list == NULL)
        return true;
    if (!json_is_array(list) || json_array_size(list) > RECIPIENTS_MAX)
        return refuse(response, "to", "an array of at most 1000 strings");
    json_array_foreach(list, i, address)
    {
        if (!is_short_string(address, ADDRESS_MAX))
            return refuse(response, "to",
                          "an array of strings of at most 1000 bytes each");
    }
    return true;
}

static bool
read_tags(const json_t *body, const json_t **tags, wxs_response *response)
{
    json_t *list = json_object_get(body, "tags");
    const json_t *value;
    const char *key;

    *tags = optional(body, "tags");
    if (*tags == NULL)
        return true;
    if (!json_is_object(list) || json_object_size(list) > TAGS_MAX)
        return refuse(response, "tags", "an object of at most 75 strings");
    json_object_foreach(list, key, value)
    {
        if (strlen(key) > TAG_MAX || !is_short_string(value, TAG_MAX))
            return refuse(response, "tags",
                          "an object of strings of at most 1000 bytes each");
    }
    return true;
}

static bool
read_switch(const json_t *tracking, const char *name, const char *path,
            bool *value, wxs_response *response)
{
    const json_t *field = optional(tracking, name);

    if (field == NULL)
        return true;
    if (!json_is_boolean(field))
        return refuse(response, path, "a boolean");
    *value = json_is_true(field);
    return true;
}

static bool
read_mode(const json_t *tracking, wxs_mode *mode, wxs_response *response)
{
    static const char *const names[] = {
        [WXS_MODE_OFF] = "off",
        [WXS_MODE_ANONYMOUS] = "anonymous",
        [WXS_MODE_PSEUDONYMOUS] = "pseudonymous",
        [WXS_MODE_FULL] = "full",
    };
    const json_t *field = optional(tracking, "mode");

    if (field == NULL)
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (json_is_string(field) &&
            strcmp(json_string_value(field), names[i]) == 0) {
            *mode = (wxs_mode)i;
            return true;
        }
    }
    return refuse(response, "tracking.mode",
                  "off, anonymous, pseudonymous or full");
}

static bool
read_links(const json_t *tracking, bool *table_links, wxs_response *response)
{
    const json_t *field = optional(tracking, "links");
    const char *value = json_string_value(field);

    if (field == NULL)
        return true;
    if (value != NULL && strcmp(value, "table") == 0)
        *table_links = true;
    else if (value == NULL || strcmp(value, "signed") != 0)
        return refuse(response, "tracking.links", "signed or table");
    return true;
}

static bool
read_tracking(const json_t *body, wxs_message_request *message,
              wxs_response *response)
{
    const json_t *tracking = optional(body, "tracking");

    if (tracking != NULL && !json_is_object(tracking))
        return refuse(response, "tracking", "an object");
    return read_switch(tracking, "opens", "tracking.opens", &message->opens,
                       response) &&
           read_switch(tracking, "clicks", "tracking.clicks", &message->clicks,
                       response) &&
           read_mode(tracking, &message->mode, response) &&
           read_links(tracking, &message->table_links, response);
}

bool
wxs_message_request_read(const json_t *body, wxs_message_request *message,
                         wxs_response *response)
{
    *message = (wxs_message_request){
        .opens = true,
        .clicks = true,
        .mode = WXS_MODE_FULL,
    };
    if (!wxs_field_string(body, "domain", true, 0, &message->domain,
                          response) ||
        !read_body_part(body, "html", &message->html, &message->html_len,
                        response) ||
        !read_body_part(body, "text", &message->text, &message->text_len,
                        response))
        return false;
    if (message->html == NULL && message->text == NULL) {
        wxs_answer_error(response, 422, "missing_required_field",
                         "Missing `html` or `text` field.");
        return false;
    }
    return wxs_field_string(body, "from", false, ADDRESS_MAX, &message->from,
                            response) &&
           wxs_field_string(body, "subject", false, SUBJECT_MAX,
                            &message->subject, response) &&
           read_recipients(body, &message->to, response) &&
           read_tags(body, &message->tags, response) &&
           read_tracking(body, message, response);
}
