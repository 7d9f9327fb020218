#include "tags.h"

#include <string.h>
#include <strings.h>

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static wxs_span
trim(wxs_span span)
{
    while (span.length > 0 && is_space(span.data[0])) {
        span.data++;
        span.length--;
    }
    while (span.length > 0 && is_space(span.data[span.length - 1])) {
        span.length--;
    }
    return span;
}

/* Cuts the text up to the delimiter, or all of it, off the front of rest. */
static wxs_span
cut(wxs_span *rest, char delimiter)
{
    const char *end =
        rest->length == 0 ? NULL : memchr(rest->data, delimiter, rest->length);
    wxs_span part = {rest->data,
                     end == NULL ? rest->length : (size_t)(end - rest->data)};
    size_t used = end == NULL ? rest->length : part.length + 1;

    rest->data += used;
    rest->length -= used;
    return part;
}

static bool
is_name(wxs_span name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!letter && (i == 0 || (c != '_' && (c < '0' || c > '9')))) {
            return false;
        }
    }
    return name.length > 0;
}

bool
wxs_tags_parse(const char *data, size_t length, wxs_tags *tags)
{
    wxs_span rest = {data, length};

    tags->count = 0;
    while (rest.length > 0) {
        wxs_span value = trim(cut(&rest, ';'));

        if (value.length == 0 && rest.length == 0) {
            break; /* what follows the last ";" */
        }
        if (value.length == 0 ||
            memchr(value.data, '=', value.length) == NULL) {
            return false;
        }
        wxs_span name = trim(cut(&value, '='));

        if (!is_name(name) || tags->count == WXS_TAGS_MAX) {
            return false;
        }
        for (size_t i = 0; i < tags->count; i++) {
            if (tags->tag[i].name.length == name.length &&
                memcmp(tags->tag[i].name.data, name.data, name.length) == 0) {
                return false;
            }
        }
        tags->tag[tags->count++] = (wxs_tag){name, trim(value)};
    }
    return true;
}

wxs_span
wxs_tags_get(const wxs_tags *tags, const char *name)
{
    for (size_t i = 0; i < tags->count; i++) {
        if (wxs_span_is(tags->tag[i].name, name)) {
            return tags->tag[i].value;
        }
    }
    return (wxs_span){NULL, 0};
}

bool
wxs_span_is(wxs_span span, const char *text)
{
    return strlen(text) == span.length &&
           (span.length == 0 || memcmp(span.data, text, span.length) == 0);
}

bool
wxs_span_is_nocase(wxs_span span, const char *text)
{
    return strlen(text) == span.length &&
           (span.length == 0 || strncasecmp(span.data, text, span.length) == 0);
}

bool
wxs_span_lists(wxs_span span, const char *word)
{
    while (span.length > 0) {
        if (wxs_span_is_nocase(trim(cut(&span, ':')), word)) {
            return true;
        }
    }
    return false;
}
