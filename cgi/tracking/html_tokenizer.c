#include "html_tokenizer.h"

#include <string.h>
#include <strings.h>

void
wxs_html_start(wxs_html_tokenizer *t, const char *html, size_t len)
{
    memset(t, 0, sizeof(*t));
    t->html = html;
    t->len = len;
    t->bound = len;
}

bool
wxs_html_is(const wxs_html_tokenizer *t, wxs_html_span span, const char *name)
{
    size_t len = strlen(name);

    return span.end - span.start == len &&
           (t->html[span.start] | 0x20) == name[0] &&
           strncasecmp(t->html + span.start, name, len) == 0;
}

/* Which characters end what. */
enum {
    SPACE = 1,
    ENDS_NAME = 2,  /* of an attribute */
    ENDS_VALUE = 4, /* without quotes */
};

static const unsigned char classes[256] = {
    [' '] = SPACE | ENDS_NAME | ENDS_VALUE,
    ['\t'] = SPACE | ENDS_NAME | ENDS_VALUE,
    ['\n'] = SPACE | ENDS_NAME | ENDS_VALUE,
    ['\f'] = SPACE | ENDS_NAME | ENDS_VALUE,
    ['\r'] = SPACE | ENDS_NAME | ENDS_VALUE,
    ['>'] = ENDS_NAME | ENDS_VALUE,
    ['/'] = ENDS_NAME,
    ['='] = ENDS_NAME,
};

static bool
is(char c, int class)
{
    return (classes[(unsigned char)c] & class) != 0;
}

static bool
is_space(char c)
{
    return is(c, SPACE);
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
starts_with(const wxs_html_tokenizer *t, size_t pos, const char *text)
{
    size_t len = strlen(text);

    return pos <= t->bound && t->bound - pos >= len &&
           strncasecmp(t->html + pos, text, len) == 0;
}

/* Offset of the first c from pos on, or the bound. */
static size_t
find(const wxs_html_tokenizer *t, size_t pos, char c)
{
    const char *hit =
        pos < t->bound ? memchr(t->html + pos, c, t->bound - pos) : NULL;

    return hit == NULL ? t->bound : (size_t)(hit - t->html);
}

static void
skip_spaces(wxs_html_tokenizer *t)
{
    while (t->pos < t->bound && is_space(t->html[t->pos]))
        t->pos++;
}

/* Is text ("<script", "</title") a tag at pos, with the name ending there? */
static bool
is_tag_at(const wxs_html_tokenizer *t, size_t pos, const char *text)
{
    size_t end = pos + strlen(text);

    return starts_with(t, pos, text) && end < t->bound &&
           (is_space(t->html[end]) || t->html[end] == '/' ||
            t->html[end] == '>');
}

/* Where the script ends: "<!--" hides one more level of script tags in it, up
 * to "-->" (the standard's "script data double escaped" states). */
static size_t
script_end(const wxs_html_tokenizer *t)
{
    enum {
        PLAIN,
        ESCAPED,
        DOUBLE_ESCAPED
    } state = PLAIN;
    size_t dashes = 0;

    for (size_t pos = t->pos; pos < t->bound; pos++) {
        if (t->html[pos] == '>' && state != PLAIN && pos >= dashes + 2 &&
            t->html[pos - 1] == '-' && t->html[pos - 2] == '-') {
            state = PLAIN;
        } else if (t->html[pos] != '<') {
            continue;
        } else if (is_tag_at(t, pos, "</script")) {
            if (state != DOUBLE_ESCAPED)
                return pos;
            state = ESCAPED;
        } else if (state == PLAIN && starts_with(t, pos, "<!--")) {
            state = ESCAPED;
            dashes = pos + 2;
        } else if (state == ESCAPED && is_tag_at(t, pos, "<script")) {
            state = DOUBLE_ESCAPED;
        }
    }
    return t->bound;
}

static size_t
raw_text_end(const wxs_html_tokenizer *t, const char *end_tag)
{
    size_t pos = find(t, t->pos, '<');

    while (pos < t->bound && !is_tag_at(t, pos, end_tag))
        pos = find(t, pos + 1, '<');
    return pos;
}

/* After the start tag of an element whose content is not HTML: to its end. */
static void
skip_raw_text(wxs_html_tokenizer *t)
{
    static const char *const end_tags[] = {
        "</style",  "</title",   "</textarea", "</xmp",
        "</iframe", "</noembed", "</noframes",
    };

    /* "a", "td" and most others: none of them begins so */
    if (memchr("sStTxXiInNpP", t->html[t->name.start], 12) == NULL ||
        t->name.end - t->name.start < 3)
        return;
    if (wxs_html_is(t, t->name, "script"))
        t->pos = script_end(t);
    if (wxs_html_is(t, t->name, "plaintext"))
        t->pos = t->bound;
    for (size_t i = 0; i < sizeof(end_tags) / sizeof(end_tags[0]); i++)
        if (wxs_html_is(t, t->name, end_tags[i] + 2))
            t->pos = raw_text_end(t, end_tags[i]);
}

/* Finds the end of the comment whose content starts at pos: *content is the
 * end of the content; returns the offset behind the comment. */
static size_t
comment_end(const wxs_html_tokenizer *t, size_t pos, size_t *content)
{
    const char *html = t->html;

    *content = pos;
    if (starts_with(t, pos, ">"))
        return pos + 1;
    if (starts_with(t, pos, "->"))
        return pos + 2;
    for (size_t end = find(t, pos, '>'); end < t->bound;
         end = find(t, end + 1, '>')) {
        size_t tail = html[end - 1] == '!' ? 3 : 2;

        *content = end - tail;
        if (end >= pos + tail && html[end - tail] == '-' &&
            html[end - tail + 1] == '-')
            return end + 1;
    }
    *content = t->bound;
    return t->bound;
}

/* The offset behind "[if ...]>" if the comment starts with it, else 0. */
static size_t
condition_end(const wxs_html_tokenizer *t, size_t pos, size_t end)
{
    while (pos < end && is_space(t->html[pos]))
        pos++;
    if (end - pos < 3 || strncasecmp(t->html + pos, "[if", 3) != 0)
        return 0;
    for (pos += 3; pos + 1 < end; pos++)
        if (t->html[pos] == ']' && t->html[pos + 1] == '>')
            return pos + 2;
    return 0;
}

/* At "<!--". A conditional comment inside another only has its head skipped:
 * what bounds it is the end of the outer one. */
static void
enter_comment(wxs_html_tokenizer *t)
{
    size_t start = t->pos + 4;
    size_t content = t->bound;
    size_t after = t->bound;
    size_t head;

    if (!t->in_conditional)
        after = comment_end(t, start, &content);
    head = condition_end(t, start, content);
    if (head == 0) {
        t->pos = after;
        return;
    }
    if (!t->in_conditional) {
        t->in_conditional = true;
        t->resume = after;
        t->bound = content;
    }
    t->pos = head;
}

static bool
leave_conditional(wxs_html_tokenizer *t)
{
    if (!t->in_conditional)
        return false;
    t->in_conditional = false;
    t->in_tag = false;
    t->pos = t->resume;
    t->bound = t->len;
    return true;
}

/* Comments that end at the first ">": <!...>, <?...>, </...> */
static void
skip_bogus_comment(wxs_html_tokenizer *t)
{
    size_t end = find(t, t->pos, '>');

    t->pos = end < t->bound ? end + 1 : end;
}

static wxs_html_kind
enter_tag(wxs_html_tokenizer *t, size_t name)
{
    t->tag = t->pos;
    t->in_tag = true;
    t->is_end_tag = name - t->pos == 2;
    t->pos = name;
    while (t->pos < t->bound && !is_space(t->html[t->pos]) &&
           t->html[t->pos] != '/' && t->html[t->pos] != '>')
        t->pos++;
    t->name = (wxs_html_span){name, t->pos};
    return t->is_end_tag ? WXS_HTML_END_TAG : WXS_HTML_START_TAG;
}

static wxs_html_kind
next_in_text(wxs_html_tokenizer *t)
{
    while ((t->pos = find(t, t->pos, '<')) < t->bound) {
        size_t next = t->pos + 1;
        char c = next < t->bound ? t->html[next] : '\0';

        if (is_letter(c))
            return enter_tag(t, next);
        if (c == '/' && next + 1 < t->bound) {
            if (is_letter(t->html[next + 1]))
                return enter_tag(t, next + 1);
            skip_bogus_comment(t);
        } else if (starts_with(t, t->pos, "<!--")) {
            enter_comment(t);
        } else if (c == '!' || c == '?') {
            skip_bogus_comment(t);
        } else {
            t->pos = next;
        }
    }
    return WXS_HTML_END;
}

/* At the first byte of a value. False if its closing quote is missing. */
static bool
read_value(wxs_html_tokenizer *t)
{
    char quote = t->pos < t->bound ? t->html[t->pos] : '\0';

    if (quote == '"' || quote == '\'') {
        t->value.start = t->pos + 1;
        t->value.end = find(t, t->value.start, quote);
        t->pos = t->value.end;
        if (t->pos == t->bound)
            return false;
        t->pos++;
        return true;
    }
    t->value.start = t->pos;
    while (t->pos < t->bound && !is(t->html[t->pos], ENDS_VALUE))
        t->pos++;
    t->value.end = t->pos;
    return true;
}

static wxs_html_kind
next_in_tag(wxs_html_tokenizer *t)
{
    while (t->pos < t->bound &&
           (is_space(t->html[t->pos]) || t->html[t->pos] == '/'))
        t->pos++;
    if (t->pos == t->bound)
        return WXS_HTML_END;
    if (t->html[t->pos] == '>') {
        t->pos++;
        t->in_tag = false;
        if (!t->is_end_tag)
            skip_raw_text(t);
        return WXS_HTML_TAG_END;
    }
    t->attribute.start = t->pos++; /* even a "=" starts a name */
    while (t->pos < t->bound && !is(t->html[t->pos], ENDS_NAME))
        t->pos++;
    t->attribute.end = t->pos;
    t->value = (wxs_html_span){t->pos, t->pos};
    skip_spaces(t);
    if (t->pos < t->bound && t->html[t->pos] == '=') {
        t->pos++;
        skip_spaces(t);
        if (!read_value(t))
            return WXS_HTML_END;
    }
    return WXS_HTML_ATTRIBUTE;
}

wxs_html_kind
wxs_html_next(wxs_html_tokenizer *t)
{
    wxs_html_kind kind;

    do
        kind = t->in_tag ? next_in_tag(t) : next_in_text(t);
    while (kind == WXS_HTML_END && leave_conditional(t));
    return kind;
}
