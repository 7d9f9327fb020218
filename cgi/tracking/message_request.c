#include "message_request.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "destination.h"

#define ADDRESS_MAX    1000 /* bytes */
#define SUBJECT_MAX    10000
#define RECIPIENTS_MAX 1000
#define TAGS_MAX       75
#define TAG_MAX        1000 /* bytes of a key, of a value */
#define HEADER_MAX     900  /* bytes that fit on a line of a header */

static bool
is_short_string(const json_t *value, size_t max)
{
    return json_is_string(value) && json_string_length(value) <= max;
}

static bool
answer_too_large(wxs_response *response, const char *name, size_t max)
{
    wxs_answer_error(response, 413, "validation_error",
                     "The `%s` field must be at most %zu bytes long.", name,
                     max);
    return false;
}

/* A string that may be long, which is apart then; *value is NULL if it is
 * absent. */
static bool
read_long(const wxs_message_request *message, const wxs_long_string *apart,
          const char **value, size_t *len, wxs_response *response)
{
    *value = apart->text;
    *len = apart->len;
    if (*value != NULL)
        return true;
    if (!wxs_field_string(message->body, apart->name, false, 0, value,
                          response))
        return false;
    if (*value != NULL)
        *len = json_string_length(json_object_get(message->body, apart->name));
    return true;
}

static bool
read_body_part(const wxs_message_request *message, const wxs_long_string *apart,
               const char **value, size_t *len, wxs_response *response)
{
    if (!read_long(message, apart, value, len, response))
        return false;
    return *len <= WXS_BODY_PART_MAX ||
           answer_too_large(response, apart->name, WXS_BODY_PART_MAX);
}

/* Decodes base64, which may be broken into lines, to out; its length, 0 if it
 * is none. */
static size_t
decode(EVP_ENCODE_CTX *decoder, const char *text, size_t len, char *out)
{
    unsigned char *to = (unsigned char *)out;
    int head = 0, tail = 0;

    EVP_DecodeInit(decoder);
    if (EVP_DecodeUpdate(decoder, to, &head, (const unsigned char *)text,
                         (int)len) < 0 ||
        EVP_DecodeFinal(decoder, to + head, &tail) != 1)
        return 0;
    return (size_t)head + (size_t)tail;
}

static bool
decode_mime(const char *text, size_t len, wxs_message_request *message,
            wxs_response *response)
{
    EVP_ENCODE_CTX *decoder = EVP_ENCODE_CTX_new();

    message->mime = malloc(len / 4 * 3 + 8);
    if (decoder == NULL || message->mime == NULL) {
        EVP_ENCODE_CTX_free(decoder);
        wxs_answer(response, 500, NULL);
        return false;
    }
    message->mime_len = decode(decoder, text, len, message->mime);
    EVP_ENCODE_CTX_free(decoder);
    return message->mime_len > 0 ||
           wxs_refuse_field(response, "mime", "a message in base64");
}

static bool
read_mime(wxs_message_request *message, const wxs_long_string *apart,
          wxs_response *response)
{
    const char *text;
    size_t len;

    if (!read_long(message, apart, &text, &len, response))
        return false;
    if (text == NULL)
        return true;
    if (len / 4 * 3 > WXS_MIME_MAX / 40 * 41)
        return answer_too_large(response, "mime", WXS_MIME_MAX);
    if (!decode_mime(text, len, message, response))
        return false;
    if (message->mime_len > WXS_MIME_MAX)
        return answer_too_large(response, "mime", WXS_MIME_MAX);
    return true;
}

static bool
read_bodies(wxs_message_request *message, wxs_response *response)
{
    if (!read_body_part(message, &message->apart[0], &message->html,
                        &message->html_len, response) ||
        !read_body_part(message, &message->apart[1], &message->text,
                        &message->text_len, response) ||
        !read_mime(message, &message->apart[2], response))
        return false;
    if (message->html == NULL && message->text == NULL &&
        message->mime == NULL) {
        wxs_answer_error(response, 422, "missing_required_field",
                         "Missing `html`, `text` or `mime` field.");
        return false;
    }
    if (message->mime != NULL &&
        (message->html != NULL || message->text != NULL))
        return wxs_refuse_field(response, "mime",
                                "the only body, without `html` and `text`");
    return true;
}

static bool
read_recipients(const json_t *body, const json_t **to, wxs_response *response)
{
    const json_t *list = wxs_optional(body, "to");
    const json_t *address;
    size_t i;

    *to = list;
    if (list == NULL)
        return true;
    if (!json_is_array(list) || json_array_size(list) > RECIPIENTS_MAX)
        return wxs_refuse_field(response, "to",
                                "an array of at most 1000 strings");
    json_array_foreach(list, i, address)
    {
        if (!is_short_string(address, ADDRESS_MAX))
            return wxs_refuse_field(
                response, "to",
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

    *tags = wxs_optional(body, "tags");
    if (*tags == NULL)
        return true;
    if (!json_is_object(list) || json_object_size(list) > TAGS_MAX)
        return wxs_refuse_field(response, "tags",
                                "an object of at most 75 strings");
    json_object_foreach(list, key, value)
    {
        if (strlen(key) > TAG_MAX || !is_short_string(value, TAG_MAX))
            return wxs_refuse_field(
                response, "tags",
                "an object of strings of at most 1000 bytes each");
    }
    return true;
}

/* May it stand in <mailto:...> of a header? */
static bool
is_plain_address(const char *address)
{
    for (const char *c = address; *c != '\0'; c++)
        if (*c <= ' ' || *c == 0x7f || strchr("<>,\"()\\", *c) != NULL)
            return false;
    return strchr(address, '@') != NULL && address[0] != '@';
}

/* May it stand in <https:...> of a header? */
static bool
is_plain_url(const char *url)
{
    return wxs_destination_check(url, strlen(url)) == WXS_OK &&
           strpbrk(url, "<>,") == NULL;
}

/* true, false, or an object with url, mailto or both */
static bool
read_unsubscribe(const json_t *body, wxs_message_request *message,
                 wxs_response *response)
{
    const json_t *field = wxs_optional(body, "unsubscribe");
    const json_t *url = wxs_optional(field, "url");
    const json_t *address = wxs_optional(field, "mailto");

    message->unsubscribe = json_is_true(field) || json_is_object(field);
    if (field == NULL || json_is_boolean(field))
        return true;
    if (!json_is_object(field))
        return wxs_refuse_field(response, "unsubscribe",
                                "a boolean or an object");
    message->unsubscribe_url = json_string_value(url);
    message->unsubscribe_address = json_string_value(address);
    if (url != NULL && (!is_short_string(url, HEADER_MAX) ||
                        !is_plain_url(message->unsubscribe_url)))
        return wxs_refuse_field(response, "unsubscribe.url",
                                "an http or https URL of at most 900 bytes");
    if (address != NULL && (!is_short_string(address, HEADER_MAX) ||
                            !is_plain_address(message->unsubscribe_address)))
        return wxs_refuse_field(response, "unsubscribe.mailto",
                                "an email address");
    return true;
}

/* Looks at the tracking fields too, so that they are refused here. */
static bool
read_tracking(const json_t *body, wxs_message_request *message,
              wxs_response *response)
{
    const json_t *tracking = wxs_optional(body, "tracking");
    wxs_tracking_fields unused = {.mode = WXS_MODE_FULL};

    message->tracking = tracking;
    if (tracking != NULL && !json_is_object(tracking))
        return wxs_refuse_field(response, "tracking", "an object");
    return wxs_read_switch(tracking, "opens", "tracking.opens", &message->opens,
                           response) &&
           wxs_read_switch(tracking, "clicks", "tracking.clicks",
                           &message->clicks, response) &&
           wxs_tracking_fields_read(tracking, "tracking.", &unused, response);
}

static bool
read_fields(const json_t *body, wxs_message_request *message,
            wxs_response *response)
{
    return wxs_field_string(body, "domain", true, 0, &message->domain,
                            response) &&
           read_bodies(message, response) &&
           wxs_field_string(body, "from", false, ADDRESS_MAX, &message->from,
                            response) &&
           wxs_field_string(body, "subject", false, SUBJECT_MAX,
                            &message->subject, response) &&
           read_recipients(body, &message->to, response) &&
           read_tags(body, &message->tags, response) &&
           read_unsubscribe(body, message, response) &&
           read_tracking(body, message, response);
}

bool
wxs_message_request_read(const wxs_request *request,
                         wxs_message_request *message, wxs_response *response)
{
    *message = (wxs_message_request){
        .apart = {{.name = "html"}, {.name = "text"}, {.name = "mime"}},
        .opens = true,
        .clicks = true,
    };
    message->body = wxs_body_object_apart(request, message->apart, 3, response);
    return message->body != NULL &&
           read_fields(message->body, message, response);
}

void
wxs_message_request_free(wxs_message_request *message)
{
    free(message->mime);
    message->mime = NULL;
    wxs_long_strings_free(message->apart, 3);
    json_decref(message->body);
    message->body = NULL;
}
