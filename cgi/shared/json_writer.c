#include "json_writer.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "json_string.h"

static void
put(wxs_json_writer *json, const char *text, size_t len)
{
    wxs_buffer_add(&json->out, text, len);
}

static void
put_escaped(wxs_json_writer *json, unsigned char c)
{
    static const char letters[] = "btnvfr"; /* of 8 to 13 */
    char text[8] = {'\\', (char)c};

    if (c >= '\b' && c <= '\r' && c != '\v')
        text[1] = letters[c - '\b'];
    else if (c < 0x20)
        (void)snprintf(text, sizeof(text), "\\u%04X", c);
    put(json, text, strlen(text));
}

static void
put_string(wxs_json_writer *json, const char *text, size_t len)
{
    put(json, "\"", 1);
    for (;;) {
        size_t plain = wxs_json_plain_length(text, len);

        put(json, text, plain);
        text += plain;
        len -= plain;
        if (len == 0)
            break;
        if ((unsigned char)*text >= 0x80)
            json->invalid = true;
        else
            put_escaped(json, (unsigned char)*text);
        text++;
        len--;
    }
    put(json, "\"", 1);
}

/* What stands before a value: the comma, unless it is the first, and the name.
 */
static void
begin(wxs_json_writer *json, const char *name)
{
    size_t name_len = name == NULL ? 0 : strlen(name);
    char *start = wxs_buffer_extend(&json->out, name_len + sizeof(",\"\":"));
    char *at = start;

    if (start == NULL)
        return;
    if (json->out.len > 0 && at[-1] != '{' && at[-1] != '[')
        *at++ = ',';
    if (name != NULL) {
        *at++ = '"';
        memcpy(at, name, name_len);
        at += name_len;
        *at++ = '"';
        *at++ = ':';
    }
    json->out.len += (size_t)(at - start);
}

void
wxs_json_open(wxs_json_writer *json, const char *name, char bracket)
{
    begin(json, name);
    put(json, &bracket, 1);
}

void
wxs_json_close(wxs_json_writer *json, char bracket)
{
    put(json, &bracket, 1);
}

void
wxs_json_stringn(wxs_json_writer *json, const char *name, const char *value,
                 size_t len)
{
    begin(json, name);
    put_string(json, value, len);
}

void
wxs_json_string(wxs_json_writer *json, const char *name, const char *value)
{
    if (value == NULL)
        wxs_json_null(json, name);
    else
        wxs_json_stringn(json, name, value, strlen(value));
}

void
wxs_json_bool(wxs_json_writer *json, const char *name, bool value)
{
    begin(json, name);
    put(json, value ? "true" : "false", value ? 4 : 5);
}

void
wxs_json_integer(wxs_json_writer *json, const char *name, int64_t value)
{
    char text[24];

    begin(json, name);
    put(json, text,
        (size_t)snprintf(text, sizeof(text), "%lld", (long long)value));
}

void
wxs_json_null(wxs_json_writer *json, const char *name)
{
    begin(json, name);
    put(json, "null", 4);
}

void
wxs_json_time(wxs_json_writer *json, const char *name, int64_t us)
{
    char text[WXS_TIME_TEXT];

    if (us == 0) {
        wxs_json_null(json, name);
        return;
    }
    wxs_time_text(us, text);
    wxs_json_string(json, name, text);
}

void
wxs_json_raw(wxs_json_writer *json, const char *name, const char *value,
             size_t len)
{
    begin(json, name);
    put(json, value, len);
}

void
wxs_json_append(wxs_json_writer *json, const char *name,
                const wxs_json_writer *other)
{
    if (other->out.len > 0)
        wxs_json_raw(json, name, other->out.data, other->out.len);
    json->invalid = json->invalid || other->invalid;
    json->out.failed = json->out.failed || other->out.failed;
}

bool
wxs_json_done(const wxs_json_writer *json)
{
    return !json->out.failed && !json->invalid;
}

void
wxs_json_free(wxs_json_writer *json)
{
    wxs_buffer_free(&json->out);
    json->invalid = false;
}
