#include "mime_message.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "addresses.h"
#include "mime_parts.h"

#define RECIPIENTS_MAX 1000
#define ENCODING_LINE  "Content-Transfer-Encoding: quoted-printable"

struct wxs_mime_message {
    const char *raw;
    size_t len;
    bool crlf; /* lines end so */
    GMimeMessage *parsed;
    wxs_mime_head head;
    wxs_mime_parts parts;
    wxs_body *bodies;    /* one for each part */
    wxs_buffer *decoded; /* the same: bytes, if they are encoded */
    wxs_buffer *utf8;    /* the same: text, if it had to be converted */
};

static GMimeMessage *
parse(const char *raw, size_t len)
{
    GMimeStream *stream;
    GMimeParser *parser;
    GMimeMessage *message;

    wxs_mime_start();
    stream = g_mime_stream_mem_new_with_buffer(raw, len);
    parser = g_mime_parser_new_with_stream(stream);
    g_object_unref(stream);
    g_mime_parser_set_persist_stream(parser, TRUE);
    message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    return message;
}

/* ---- the head ---- */

static char *
copy(const char *text)
{
    return text == NULL || *text == '\0' ? NULL : strdup(text);
}

static char *
addresses_text(InternetAddressList *list)
{
    char *text = list == NULL
                     ? NULL
                     : internet_address_list_to_string(list, NULL, FALSE);
    char *result = copy(text);

    g_free(text);
    return result;
}

static json_t *
addresses_array(InternetAddressList *list)
{
    int count = list == NULL ? 0 : internet_address_list_length(list);
    json_t *array = count == 0 ? NULL : json_array();

    for (int i = 0; array != NULL && i < count && i < RECIPIENTS_MAX; i++) {
        char *text = internet_address_to_string(
            internet_address_list_get_address(list, i), NULL, FALSE);

        /* what is not UTF-8 is left out */
        if (text != NULL)
            (void)json_array_append_new(array, json_string(text));
        g_free(text);
    }
    return array;
}

/* The http and https URLs among the <...> of a List-Unsubscribe. */
static json_t *
unsubscribe_urls(const char *value)
{
    json_t *array = json_array();

    while (value != NULL && (value = strchr(value, '<')) != NULL) {
        size_t len = strcspn(++value, ">");

        if (strncasecmp(value, "http", 4) == 0)
            (void)json_array_append_new(array, json_stringn(value, len));
        value += len;
    }
    return array;
}

static void
read_head(wxs_mime_message *message)
{
    GMimeObject *object = GMIME_OBJECT(message->parsed);
    wxs_mime_head *head = &message->head;
    const char *unsubscribe =
        g_mime_object_get_header(object, "List-Unsubscribe");

    head->from = addresses_text(g_mime_message_get_from(message->parsed));
    head->to = addresses_array(g_mime_message_get_to(message->parsed));
    head->subject = copy(g_mime_message_get_subject(message->parsed));
    head->tracking =
        copy(g_mime_object_get_header(object, "X-Waxseal-Tracking"));
    head->has_unsubscribe = unsubscribe != NULL;
    head->unsubscribe_urls = unsubscribe_urls(unsubscribe);
    head->is_signed =
        g_mime_object_get_header(object, "DKIM-Signature") != NULL ||
        g_mime_object_get_header(object, "ARC-Message-Signature") != NULL;
}

/* ---- the bodies ---- */

/* The bytes of a part without its transfer encoding. */
static const char *
bytes_of(const wxs_mime_message *message, size_t i, size_t *len)
{
    const wxs_mime_part *part = &message->parts.part[i];

    if (part->encoding != WXS_ENCODING_NONE) {
        *len = message->decoded[i].len;
        return *len == 0 ? "" : message->decoded[i].data;
    }
    *len = part->content_end - part->content;
    return message->raw + part->content;
}

/* Makes a body of a part; one that cannot be read stays empty. */
static bool
read_body(wxs_mime_message *message, size_t i)
{
    const wxs_mime_part *part = &message->parts.part[i];
    wxs_body *body = &message->bodies[i];
    const char *bytes;
    size_t len;

    if (part->encoding != WXS_ENCODING_NONE)
        wxs_decode_part(part->encoding, message->raw + part->content,
                        part->content_end - part->content,
                        &message->decoded[i]);
    if (message->decoded[i].failed)
        return false;
    bytes = bytes_of(message, i, &len);
    *body = (wxs_body){.is_html = part->is_html, .text = bytes, .len = len};
    switch (wxs_charset_judge(part->charset, bytes, len)) {
    case WXS_CHARSET_FOREIGN:
        message->head.foreign++;
        *body = (wxs_body){.is_html = false, .text = ""};
        return true;
    case WXS_CHARSET_CONVERT:
        if (!wxs_charset_convert(part->charset, bytes, len, &message->utf8[i]))
            return false;
        body->text = message->utf8[i].data;
        body->len = message->utf8[i].len;
        return true;
    default:
        return true;
    }
}

static bool
read_bodies(wxs_mime_message *message)
{
    size_t count = message->parts.count;

    message->bodies = calloc(count + 1, sizeof(message->bodies[0]));
    message->decoded = calloc(count + 1, sizeof(message->decoded[0]));
    message->utf8 = calloc(count + 1, sizeof(message->utf8[0]));
    if (message->bodies == NULL || message->decoded == NULL ||
        message->utf8 == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!read_body(message, i))
            return false;
    return true;
}

wxs_mime_message *
wxs_mime_parse(const char *raw, size_t len, wxs_error *error)
{
    wxs_mime_message *message = calloc(1, sizeof(*message));
    const char *eol = memchr(raw, '\n', len);

    if (message == NULL) {
        wxs_fail(error, "out of memory while reading a message");
        return NULL;
    }
    message->raw = raw;
    message->len = len;
    message->crlf = eol != NULL && eol > raw && eol[-1] == '\r';
    message->parsed = parse(raw, len);
    if (message->parsed == NULL) {
        wxs_fail(error, "it has no headers, or is no message at all");
        wxs_mime_free(message);
        return NULL;
    }
    read_head(message);
    wxs_mime_parts_find(message->parsed, raw, len, &message->parts);
    message->head.foreign = message->parts.foreign;
    if (message->parts.failed || !read_bodies(message)) {
        wxs_fail(error, "out of memory while reading a message");
        wxs_mime_free(message);
        return NULL;
    }
    return message;
}

const wxs_mime_head *
wxs_mime_get_head(const wxs_mime_message *message)
{
    return &message->head;
}

wxs_body *
wxs_mime_bodies(wxs_mime_message *message, size_t *count)
{
    *count = message->parts.count;
    return message->bodies;
}

/* ---- writing ---- */

/* What replaces spans of the raw message, and what owns the new texts. */
struct output {
    wxs_edit *edits;
    size_t count;
    wxs_buffer *texts; /* one for each part, and one for the head */
};

static void
put(struct output *output, size_t start, size_t end, const char *text,
    size_t len)
{
    output->edits[output->count++] = (wxs_edit){
        .start = start,
        .end = end,
        .text = len == 0 ? "" : text,
        .len = len,
    };
}

/* The part's bytes with the edits made. */
static char *
edit_bytes(wxs_mime_message *message, size_t i, size_t *len)
{
    const wxs_body *body = &message->bodies[i];
    const char *bytes = bytes_of(message, i, len);

    if (message->utf8[i].data != NULL &&
        !wxs_charset_map(message->parts.part[i].charset, bytes, *len,
                         body->edits, body->edit_count))
        return NULL;
    return wxs_edits_apply(bytes, *len, body->edits, body->edit_count, len);
}

static void
put_encoding(const wxs_mime_message *message, const wxs_mime_part *part,
             struct output *output)
{
    static const char crlf[] = ENCODING_LINE "\r\n";
    static const char lf[] = ENCODING_LINE "\n";

    put(output, part->header, part->header_end, message->crlf ? crlf : lf,
        message->crlf ? sizeof(crlf) - 1 : sizeof(lf) - 1);
}

/* Text that ends a line does so in its encoding too. */
static void
add_last_eol(const wxs_mime_message *message, const wxs_mime_part *part,
             wxs_buffer *text)
{
    if (part->encoding == WXS_ENCODING_BASE64 &&
        part->content_end > part->content &&
        message->raw[part->content_end - 1] == '\n')
        wxs_buffer_add(text, message->crlf ? "\r\n" : "\n",
                       message->crlf ? 2 : 1);
}

static bool
write_part(wxs_mime_message *message, size_t i, struct output *output)
{
    const wxs_mime_part *part = &message->parts.part[i];
    wxs_encoding encoding = part->encoding;
    wxs_buffer *text = &output->texts[i];
    size_t len;
    char *bytes;

    if (message->bodies[i].edit_count == 0)
        return true;
    bytes = edit_bytes(message, i, &len);
    if (bytes == NULL)
        return false;
    if (encoding == WXS_ENCODING_NONE && part->has_place &&
        wxs_has_long_line(bytes, len)) {
        encoding = WXS_ENCODING_QUOTED_PRINTABLE;
        put_encoding(message, part, output);
    }
    wxs_encode_part(encoding, bytes, len, message->crlf, text);
    add_last_eol(message, part, text);
    free(bytes);
    put(output, part->content, part->content_end, text->data, text->len);
    return !text->failed;
}

/* Behind the line that some mailboxes begin a message with. */
static size_t
head_start(const wxs_mime_message *message)
{
    const char *eol;

    if (message->len < 5 || memcmp(message->raw, "From ", 5) != 0)
        return 0;
    eol = memchr(message->raw, '\n', message->len);
    return eol == NULL ? 0 : (size_t)(eol - message->raw) + 1;
}

static void
write_headers(const wxs_mime_message *message, const char *headers,
              struct output *output)
{
    wxs_buffer *text = &output->texts[message->parts.count];

    for (; *headers != '\0'; headers++) {
        if (*headers == '\n' && message->crlf)
            wxs_buffer_add_byte(text, '\r');
        wxs_buffer_add_byte(text, *headers);
    }
    put(output, head_start(message), head_start(message), text->data,
        text->len);
}

static int
compare_edits(const void *a, const void *b)
{
    const wxs_edit *x = a;
    const wxs_edit *y = b;

    if (x->start == y->start) /* insertions first */
        return x->end < y->end ? -1 : x->end > y->end;
    return x->start < y->start ? -1 : 1;
}

static char *
write_message(wxs_mime_message *message, const char *headers,
              struct output *output, size_t *out_len)
{
    write_headers(message, headers, output);
    for (size_t i = 0; i < message->parts.count; i++)
        if (!write_part(message, i, output))
            return NULL;
    qsort(output->edits, output->count, sizeof(output->edits[0]),
          compare_edits);
    return wxs_edits_apply(message->raw, message->len, output->edits,
                           output->count, out_len);
}

char *
wxs_mime_write(wxs_mime_message *message, const char *headers, size_t *out_len,
               wxs_error *error)
{
    size_t count = message->parts.count;
    struct output output = {
        .edits = calloc(2 * count + 1, sizeof(wxs_edit)),
        .texts = calloc(count + 1, sizeof(wxs_buffer)),
    };
    char *out = NULL;

    if (output.edits != NULL && output.texts != NULL)
        out = write_message(message, headers, &output, out_len);
    for (size_t i = 0; output.texts != NULL && i <= count; i++)
        wxs_buffer_free(&output.texts[i]);
    free(output.texts);
    free(output.edits);
    if (out == NULL)
        wxs_fail(error, "out of memory while writing a message");
    return out;
}

void
wxs_mime_free(wxs_mime_message *message)
{
    if (message == NULL)
        return;
    for (size_t i = 0; i < message->parts.count; i++) {
        if (message->bodies != NULL)
            wxs_body_free(&message->bodies[i]);
        if (message->decoded != NULL)
            wxs_buffer_free(&message->decoded[i]);
        if (message->utf8 != NULL)
            wxs_buffer_free(&message->utf8[i]);
    }
    free(message->bodies);
    free(message->decoded);
    free(message->utf8);
    wxs_mime_parts_free(&message->parts);
    free(message->head.from);
    free(message->head.subject);
    free(message->head.tracking);
    json_decref(message->head.to);
    json_decref(message->head.unsubscribe_urls);
    if (message->parsed != NULL)
        g_object_unref(message->parsed);
    free(message);
}
