#include "message_json.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "link_name.h"
#include "unsubscribe.h"
#include "uuid.h"

/* Adds name and tags, where a link has them. */
static bool
add_name(json_t *item, const wxs_tracked_link *link)
{
    json_t *tags;

    if (link->name_len > 0 &&
        json_object_set_new(item, "name",
                            json_stringn(link->name, link->name_len)) != 0)
        return false;
    if (link->tags_len == 0)
        return true;
    tags = wxs_link_tags_json(link->tags, link->tags_len);
    return json_object_set_new(item, "tags", tags) == 0;
}

static json_t *
links_json(const wxs_rewritten *rewritten)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < rewritten->count; i++) {
        const wxs_tracked_link *link = &rewritten->link[i];
        json_t *item = json_pack(
            "{s:I, s:s%, s:s%}", "index", (json_int_t)link->index, "url",
            link->url, link->url_len, "href", link->href, link->href_len);

        if (item == NULL || !add_name(item, link) ||
            json_array_append_new(list, item) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

/* The body of this kind as it is to be sent, null if there is none. */
static json_t *
body_json(const wxs_message *message, bool is_html)
{
    for (size_t i = 0; message->mime == NULL && i < message->body_count; i++) {
        const wxs_body *body = &message->bodies[i];
        json_t *json;
        char *text;
        size_t len;

        if (body->is_html != is_html)
            continue;
        if (body->edit_count == 0)
            return json_stringn(body->text, body->len);
        text = wxs_message_body(body, &len);
        if (text == NULL)
            return NULL;
        json = json_stringn(text, len);
        free(text);
        return json;
    }
    return json_null();
}

static json_t *
base64_json(const char *bytes, size_t len)
{
    char *text = malloc(len / 3 * 4 + 5);
    json_t *json;
    int size;

    if (text == NULL)
        return NULL;
    size = EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes,
                           (int)len);
    json = json_stringn_nocheck(text, (size_t)size);
    free(text);
    return json;
}

static json_t *
mime_json(const wxs_message *message)
{
    char *lines = wxs_unsubscribe_lines(message);
    char *bytes = NULL;
    wxs_error error;
    json_t *json;
    size_t len;

    if (lines != NULL)
        bytes = wxs_mime_write(message->mime, lines, &len, &error);
    free(lines);
    if (bytes == NULL)
        return NULL;
    json = base64_json(bytes, len);
    free(bytes);
    return json;
}

/* The headers to send the message with; a raw message has them already. */
static json_t *
headers_json(const wxs_message *message)
{
    const wxs_list_unsubscribe *list = &message->list;
    json_t *object = json_object();
    json_t *value;

    if (object == NULL || !list->wanted)
        return object;
    if (list->address == NULL)
        value = json_sprintf("<%s>", list->url);
    else if (list->url == NULL)
        value = json_sprintf("<mailto:%s>", list->address);
    else
        value = json_sprintf("<%s>, <mailto:%s>", list->url, list->address);
    if (json_object_set_new(object, "List-Unsubscribe", value) == 0 &&
        (!list->one_click ||
         json_object_set_new(object, "List-Unsubscribe-Post",
                             json_string(WXS_ONE_CLICK)) == 0))
        return object;
    json_decref(object);
    return NULL;
}

/* What was asked for: html and text, or mime. */
static bool
add_bodies(json_t *answer, const wxs_message *message)
{
    if (message->mime != NULL)
        return json_object_set_new(answer, "mime", mime_json(message)) == 0;
    return json_object_set_new(answer, "html", body_json(message, true)) == 0 &&
           json_object_set_new(answer, "text", body_json(message, false)) == 0;
}

/* What every answer has, without the bodies. */
static bool
add_rest(json_t *answer, const wxs_message *message)
{
    return json_object_set_new(answer, "headers", headers_json(message)) == 0 &&
           json_object_set_new(answer, "unsubscribe_url",
                               message->unsubscribe[0] == '\0'
                                   ? json_null()
                                   : json_string(message->unsubscribe)) == 0 &&
           json_object_set_new(answer, "links",
                               links_json(&message->rewritten)) == 0 &&
           json_object_set(answer, "warnings", message->warnings) == 0;
}

json_t *
wxs_message_json(const wxs_message *message)
{
    char id[WXS_UUID_TEXT];
    json_t *answer;

    wxs_uuid_format(message->id, id);
    answer = json_pack("{s:s, s:s, s:s}", "object", "message", "id", id, "mode",
                       wxs_mode_name(message->how.mode));
    if (answer != NULL && add_bodies(answer, message) &&
        add_rest(answer, message))
        return answer;
    json_decref(answer);
    return NULL;
}
