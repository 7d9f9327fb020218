#include "html_links.h"

#include <string.h>
#include <strings.h>

#include "entities.h"
#include "html_tokenizer.h"
#include "link_name.h"
#include "link_url.h"
#include "opt_out.h"

#define NO_TRACK    "+notrack" /* Postal: https+notrack://... */
#define UNSUBSCRIBE "waxseal:unsubscribe"

/* The tag that is being read. */
struct tag {
    bool is_link; /* a start tag of an element that can be one */
    bool is_body;
    bool has_href;
    bool opted_out;
    wxs_html_span href;
    wxs_html_span name; /* empty = none */
    wxs_html_span tags;
};

struct finder {
    wxs_html_tokenizer tokenizer;
    struct tag tag;
    wxs_buffer value; /* decoded */
    wxs_found_links *links;
};

static bool
is_link_element(const wxs_html_tokenizer *tokenizer)
{
    /* v:* are the shapes of VML; fill and imagedata have another href */
    static const char *const shapes[] = {
        "arc",      "curve", "group",     "image", "line",      "oval",
        "polyline", "rect",  "roundrect", "shape", "shapetype",
    };
    wxs_html_span name = tokenizer->name;
    char first = tokenizer->html[name.start];

    if (first == 'a' || first == 'A')
        return name.end - name.start == 1 ||
               wxs_html_is(tokenizer, name, "area");
    if ((first != 'v' && first != 'V') || name.end - name.start < 3 ||
        tokenizer->html[name.start + 1] != ':')
        return false;
    name.start += 2;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (wxs_html_is(tokenizer, name, shapes[i]))
            return true;
    return false;
}

static void
read_attribute(const wxs_html_tokenizer *tokenizer, struct tag *tag)
{
    wxs_html_span name = tokenizer->attribute;
    wxs_html_span value = tokenizer->value;
    const char *html = tokenizer->html;
    size_t name_len = name.end - name.start;

    if (wxs_html_is(tokenizer, name, "href")) {
        if (!tag->has_href) /* of two the first counts */
            tag->href = value;
        tag->has_href = true;
        return;
    }
    switch (wxs_link_name_kind(html + name.start, name_len)) {
    case WXS_LINK_NAME:
        tag->name = value;
        break;
    case WXS_LINK_TAGS:
        tag->tags = value;
        break;
    default:
        tag->opted_out |=
            wxs_opt_out(html + name.start, name_len, html + value.start,
                        value.end - value.start);
    }
}

/* Appends the decoded text of a span to links->text; its length, cut to max at
 * the end of a character. */
static size_t
add_decoded(struct finder *finder, wxs_html_span span, size_t max)
{
    wxs_buffer *text = &finder->links->text;
    size_t start = text->len;

    wxs_html_decode(finder->tokenizer.html + span.start, span.end - span.start,
                    text);
    if (!text->failed && text->len - start > max) {
        text->len = start + max;
        while (text->len > start &&
               ((unsigned char)text->data[text->len] & 0xc0) == 0x80)
            text->len--;
    }
    return text->len - start;
}

static bool
add_link(struct finder *finder, size_t url)
{
    const struct tag *tag = &finder->tag;
    wxs_buffer *text = &finder->links->text;
    wxs_found_link link = {
        .kind = WXS_FOUND_LINK,
        .start = tag->href.start,
        .end = tag->href.end,
        .url = url,
        .url_len = text->len - url,
    };

    link.name = text->len;
    link.name_len = add_decoded(finder, tag->name, WXS_LINK_NAME_MAX);
    link.tags = text->len;
    link.tags_len = add_decoded(finder, tag->tags, WXS_LINK_TAGS_MAX);
    return !text->failed && wxs_found_links_add(finder->links, &link);
}

/* A link that is none of http: "waxseal:unsubscribe", or one whose scheme says
 * that it is not to be tracked and whose rest is what the reader wants. */
static bool
add_special(struct finder *finder)
{
    const char *value = finder->tokenizer.html + finder->tag.href.start;
    size_t len = finder->tag.href.end - finder->tag.href.start;
    size_t scheme = len >= 5 && strncasecmp(value, "https", 5) == 0  ? 5
                    : len >= 4 && strncasecmp(value, "http", 4) == 0 ? 4
                                                                     : 0;
    size_t cut = strlen(NO_TRACK);
    wxs_found_link link = {
        .kind = WXS_FOUND_CUT,
        .start = finder->tag.href.start + scheme,
    };

    if (wxs_html_is(&finder->tokenizer, finder->tag.href, UNSUBSCRIBE)) {
        link.kind = WXS_FOUND_UNSUBSCRIBE;
        link.end = finder->tag.href.end;
        return wxs_found_links_add(finder->links, &link);
    }
    if (scheme == 0 || len < scheme + cut + 3 ||
        strncasecmp(value + scheme, NO_TRACK "://", cut + 3) != 0)
        return true;
    link.end = link.start + cut;
    return wxs_found_links_add(finder->links, &link);
}

/* The tag is complete: is it a link? False without memory. */
static bool
judge_tag(struct finder *finder)
{
    const struct tag *tag = &finder->tag;
    const char *value = finder->tokenizer.html + tag->href.start;
    size_t len = tag->href.end - tag->href.start;
    size_t url = finder->links->text.len;

    if (!tag->is_link || !tag->has_href)
        return true;
    if (tag->opted_out)
        return add_special(finder);
    if (memchr(value, '&', len) != NULL || memchr(value, '\0', len) != NULL) {
        finder->value.len = 0;
        wxs_html_decode(value, len, &finder->value);
        if (finder->value.failed)
            return false;
        value = finder->value.data;
        len = finder->value.len;
    }
    switch (wxs_link_url(value, len, &finder->links->text)) {
    case WXS_OK:
        return add_link(finder, url);
    case WXS_TOO_LONG:
        finder->links->too_long++;
        return true;
    case WXS_NO_MEMORY:
        return false;
    default:
        return add_special(finder);
    }
}

static void
note_start_tag(struct finder *finder)
{
    const wxs_html_tokenizer *tokenizer = &finder->tokenizer;

    finder->tag = (struct tag){
        .is_link = is_link_element(tokenizer),
        .is_body = !tokenizer->in_conditional && !finder->links->has_top &&
                   wxs_html_is(tokenizer, tokenizer->name, "body"),
    };
}

static void
note_end_tag(struct finder *finder)
{
    const wxs_html_tokenizer *tokenizer = &finder->tokenizer;

    finder->tag = (struct tag){.is_link = false};
    if (!tokenizer->in_conditional &&
        wxs_html_is(tokenizer, tokenizer->name, "body"))
        finder->links->pixel = tokenizer->tag;
}

static bool
find_links(struct finder *finder)
{
    wxs_html_tokenizer *tokenizer = &finder->tokenizer;

    for (;;) {
        switch (wxs_html_next(tokenizer)) {
        case WXS_HTML_END:
            return true;
        case WXS_HTML_START_TAG:
            note_start_tag(finder);
            break;
        case WXS_HTML_END_TAG:
            note_end_tag(finder);
            break;
        case WXS_HTML_ATTRIBUTE:
            if (finder->tag.is_link)
                read_attribute(tokenizer, &finder->tag);
            break;
        case WXS_HTML_TAG_END:
            if (finder->tag.is_body) {
                finder->links->top = tokenizer->pos;
                finder->links->has_top = true;
            }
            if (!judge_tag(finder))
                return false;
        }
    }
}

bool
wxs_html_links_find(const char *html, size_t len, wxs_found_links *links,
                    wxs_error *error)
{
    struct finder finder = {.links = links};
    bool ok;

    memset(links, 0, sizeof(*links));
    links->pixel = len;
    wxs_html_start(&finder.tokenizer, html, len);
    ok = find_links(&finder);
    wxs_buffer_free(&finder.value);
    if (ok)
        return true;
    wxs_found_links_free(links);
    return wxs_fail(error, "out of memory while reading the links");
}
