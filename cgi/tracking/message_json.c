#include "message_json.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_name.h"
#include "unsubscribe.h"
#include "uuid.h"

/* A value of the JSON library, of a few words. */
static void
write_tree(wxs_json_writer *json, const char *name, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);

    if (text == NULL)
        json->out.failed = true;
    else
        wxs_json_raw(json, name, text, strlen(text));
    free(text);
}

static void
write_link(wxs_json_writer *json, const wxs_tracked_link *link)
{
    json_t *tags;

    wxs_json_open(json, NULL, '{');
    wxs_json_integer(json, "index", link->index);
    wxs_json_stringn(json, "url", link->url, link->url_len);
    wxs_json_stringn(json, "href", link->href, link->href_len);
    if (link->name_len > 0)
        wxs_json_stringn(json, "name", link->name, link->name_len);
    if (link->tags_len > 0) {
        tags = wxs_link_tags_json(link->tags, link->tags_len);
        write_tree(json, "tags", tags);
        json_decref(tags);
    }
    wxs_json_close(json, '}');
}

static void
write_links(wxs_json_writer *json, const wxs_rewritten *rewritten)
{
    wxs_json_open(json, "links", '[');
    for (size_t i = 0; i < rewritten->count; i++)
        write_link(json, &rewritten->link[i]);
    wxs_json_close(json, ']');
}

static void
write_edited(wxs_json_writer *json, const char *name, const wxs_body *body)
{
    size_t len;
    char *text = wxs_message_body(body, &len);

    if (text == NULL)
        json->out.failed = true;
    else
        wxs_json_stringn(json, name, text, len);
    free(text);
}

/* The body of this kind as it is to be sent, null if there is none. */
static void
write_body(wxs_json_writer *json, const wxs_message *message, bool is_html)
{
    const char *name = is_html ? "html" : "text";
    const wxs_body *body = NULL;

    for (size_t i = 0; i < message->body_count && body == NULL; i++) {
        if (message->bodies[i].is_html == is_html)
            body = &message->bodies[i];
    }
    if (body == NULL)
        wxs_json_null(json, name);
    else if (body->edit_count == 0)
        wxs_json_stringn(json, name, body->text, body->len);
    else
        write_edited(json, name, body);
}

static void
write_base64(wxs_json_writer *json, const char *name, const char *bytes,
             size_t len)
{
    char *text = malloc(len / 3 * 4 + 5);

    if (text == NULL) {
        json->out.failed = true;
        return;
    }
    wxs_json_stringn(json, name, text,
                     (size_t)EVP_EncodeBlock((unsigned char *)text,
                                             (const unsigned char *)bytes,
                                             (int)len));
    free(text);
}

static void
write_mime(wxs_json_writer *json, const wxs_message *message)
{
    char *lines = wxs_unsubscribe_lines(message);
    char *bytes = NULL;
    wxs_error error;
    size_t len;

    if (lines != NULL)
        bytes = wxs_mime_write(message->mime, lines, &len, &error);
    free(lines);
    if (bytes == NULL)
        json->out.failed = true;
    else
        write_base64(json, "mime", bytes, len);
    free(bytes);
}

/* "<url>, <mailto:address>", whichever there are. */
static void
write_list_unsubscribe(wxs_json_writer *json, const wxs_list_unsubscribe *list)
{
    char text[WXS_URL_MAX + 1000]; /* addresses are short */
    bool both = list->url != NULL && list->address != NULL;
    int len = snprintf(
        text, sizeof(text), "%s%s%s%s%s%s%s", list->url != NULL ? "<" : "",
        list->url != NULL ? list->url : "", list->url != NULL ? ">" : "",
        both ? ", " : "", list->address != NULL ? "<mailto:" : "",
        list->address != NULL ? list->address : "",
        list->address != NULL ? ">" : "");

    if (len < 0 || (size_t)len >= sizeof(text))
        json->out.failed = true;
    else
        wxs_json_stringn(json, "List-Unsubscribe", text, (size_t)len);
}

/* The headers to send the message with; a raw message has them already. */
static void
write_headers(wxs_json_writer *json, const wxs_list_unsubscribe *list)
{
    wxs_json_open(json, "headers", '{');
    if (list->wanted)
        write_list_unsubscribe(json, list);
    if (list->wanted && list->one_click)
        wxs_json_string(json, "List-Unsubscribe-Post", WXS_ONE_CLICK);
    wxs_json_close(json, '}');
}

void
wxs_message_json(wxs_json_writer *json, const wxs_message *message)
{
    char id[WXS_UUID_TEXT];

    wxs_uuid_format(message->id, id);
    wxs_json_open(json, NULL, '{');
    wxs_json_string(json, "object", "message");
    wxs_json_string(json, "id", id);
    wxs_json_string(json, "mode", wxs_mode_name(message->how.mode));
    if (message->mime != NULL) {
        write_mime(json, message);
    } else {
        write_body(json, message, true);
        write_body(json, message, false);
    }
    write_headers(json, &message->list);
    wxs_json_string(json, "unsubscribe_url",
                    message->unsubscribe[0] == '\0' ? NULL
                                                    : message->unsubscribe);
    write_links(json, &message->rewritten);
    write_tree(json, "warnings", message->warnings);
    wxs_json_close(json, '}');
}
