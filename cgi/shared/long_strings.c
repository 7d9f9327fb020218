#include "long_strings.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "json_string.h"

#define LONG_MIN 512 /* bytes */

/* Looks at a body as little as it can. What it does not understand it leaves to
 * the JSON library, which reads the whole then. */
typedef struct {
    const char *at;
    const char *end;
    const char *copied; /* up to here it is in rest, or apart */
    wxs_buffer rest;
} scan;

static void
skip_space(scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' ||
                              *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool
take(scan *s, char c)
{
    skip_space(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

/* Moves behind a string that begins at a quote. */
static bool
skip_string(scan *s)
{
    s->at++;
    while (s->at < s->end && *s->at != '"')
        s->at += *s->at == '\\' ? 2 : 1;
    if (s->at >= s->end)
        return false;
    s->at++;
    return true;
}

/* Moves behind a value, to the comma or bracket that ends it. */
static bool
skip_value(scan *s)
{
    size_t depth = 0;

    while (s->at < s->end) {
        char c = *s->at;

        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            return true;
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        if (c != '"')
            s->at++;
        else if (!skip_string(s))
            return false;
    }
    return false;
}

/* The named string, unless it was found before. A name with escapes is not
 * recognised. */
static wxs_long_string *
find(const char *name, size_t len, wxs_long_string *strings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strings[i].text == NULL && strlen(strings[i].name) == len &&
            memcmp(strings[i].name, name, len) == 0)
            return &strings[i];
    }
    return NULL;
}

/* Decodes the string whose quote is next. */
static bool
decode(scan *s, wxs_long_string *string)
{
    const char *start = s->at + 1;
    size_t room = (size_t)(s->end - start);
    char *text = malloc(room + 1);
    size_t taken;

    if (text == NULL)
        return false;
    taken = wxs_json_string_decode(start, room, text, &string->len);
    s->at = start + taken;
    if (taken < LONG_MIN) {
        free(text);
        return taken > 0;
    }
    string->text = realloc(text, string->len + 1);
    if (string->text == NULL)
        string->text = text;
    string->text[string->len] = '\0';
    wxs_buffer_add(&s->rest, s->copied, (size_t)(start - s->copied));
    s->copied = s->at - 1;
    return true;
}

static bool
scan_member(scan *s, wxs_long_string *strings, size_t count)
{
    wxs_long_string *wanted;
    const char *name;

    skip_space(s);
    if (s->at == s->end || *s->at != '"')
        return false;
    name = s->at + 1;
    if (!skip_string(s))
        return false;
    wanted = find(name, (size_t)(s->at - 1 - name), strings, count);
    if (!take(s, ':'))
        return false;
    skip_space(s);
    if (wanted != NULL && s->at < s->end && *s->at == '"')
        return decode(s, wanted);
    return skip_value(s);
}

/* Decodes what is long; the rest is in s->rest and behind s->copied. */
static bool
scan_object(scan *s, wxs_long_string *strings, size_t count)
{
    if (!take(s, '{'))
        return false;
    do {
        if (!scan_member(s, strings, count))
            return false;
    } while (take(s, ','));
    wxs_buffer_add(&s->rest, s->copied, (size_t)(s->end - s->copied));
    wxs_buffer_add_byte(&s->rest, '\0');
    return !s->rest.failed;
}

json_t *
wxs_body_object_apart(const wxs_request *request, wxs_long_string *strings,
                      size_t count, wxs_response *response)
{
    scan s = {.at = request->body,
              .end = request->body + request->body_len,
              .copied = request->body};
    wxs_request rest = *request;
    json_t *body = NULL;

    if (request->body_len >= LONG_MIN && scan_object(&s, strings, count)) {
        rest.body = s.rest.data;
        rest.body_len = s.rest.len - 1;
        body = wxs_body_object(&rest, response);
    }
    wxs_buffer_free(&s.rest);
    if (body != NULL)
        return body;
    /* what is wrong is said of the whole */
    wxs_long_strings_free(strings, count);
    return wxs_body_object(request, response);
}

void
wxs_long_strings_free(wxs_long_string *strings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(strings[i].text);
        strings[i].text = NULL;
        strings[i].len = 0;
    }
}
