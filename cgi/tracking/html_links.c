#include "html_links.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "entities.h"
#include "html_tokenizer.h"
#include "link_url.h"
#include "opt_out.h"

/* The tag that is being read. */
struct tag {
    bool is_link; /* a start tag of an element that can be one */
    bool has_href;
    bool opted_out;
    wxs_html_span href;
};

struct finder {
    wxs_html_tokenizer tokenizer;
    struct tag tag;
    wxs_buffer value; /* decoded */
    wxs_buffer text;  /* becomes wxs_html_links.text */
    size_t room;      /* of links->link */
    wxs_html_links *links;
};

static bool
is_link_element(const wxs_html_tokenizer *tokenizer)
{
    /* v:* are the shapes of VML; fill and imagedata have another href */
    static const char *const names[] = {
        "a",           "area",    "v:arc",       "v:curve",    "v:group",
        "v:image",     "v:line",  "v:oval",      "v:polyline", "v:rect",
        "v:roundrect", "v:shape", "v:shapetype",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (wxs_html_is(tokenizer, tokenizer->name, names[i]))
            return true;
    return false;
}

static void
read_attribute(const wxs_html_tokenizer *tokenizer, struct tag *tag)
{
    wxs_html_span name = tokenizer->attribute;
    wxs_html_span value = tokenizer->value;
    const char *html = tokenizer->html;

    if (!wxs_html_is(tokenizer, name, "href")) {
        tag->opted_out |=
            wxs_opt_out(html + name.start, name.end - name.start,
                        html + value.start, value.end - value.start);
    } else if (!tag->has_href) { /* of two the first counts */
        tag->has_href = true;
        tag->href = value;
    }
}

static bool
add_link(struct finder *finder, size_t url)
{
    wxs_html_links *links = finder->links;

    if (links->count == finder->room) {
        size_t room = finder->room == 0 ? 16 : finder->room * 2;
        wxs_html_link *link =
            reallocarray(links->link, room, sizeof(links->link[0]));

        if (link == NULL)
            return false;
        links->link = link;
        finder->room = room;
    }
    links->link[links->count++] = (wxs_html_link){
        .start = finder->tag.href.start,
        .end = finder->tag.href.end,
        .url = url,
        .url_len = finder->text.len - url,
    };
    return true;
}

/* The tag is complete: is it a link? False without memory. */
static bool
judge_tag(struct finder *finder)
{
    const struct tag *tag = &finder->tag;
    size_t url = finder->text.len;

    if (!tag->is_link || !tag->has_href || tag->opted_out)
        return true;
    finder->value.len = 0;
    wxs_html_decode(finder->tokenizer.html + tag->href.start,
                    tag->href.end - tag->href.start, &finder->value);
    if (finder->value.failed)
        return false;
    switch (
        wxs_link_url(finder->value.data, finder->value.len, &finder->text)) {
    case WXS_OK:
        return add_link(finder, url);
    case WXS_TOO_LONG:
        finder->links->too_long++;
        return true;
    case WXS_NO_MEMORY:
        return false;
    default:
        return true;
    }
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
            finder->tag = (struct tag){.is_link = is_link_element(tokenizer)};
            break;
        case WXS_HTML_END_TAG:
            finder->tag = (struct tag){.is_link = false};
            if (!tokenizer->in_conditional &&
                wxs_html_is(tokenizer, tokenizer->name, "body"))
                finder->links->pixel = tokenizer->tag;
            break;
        case WXS_HTML_ATTRIBUTE:
            if (finder->tag.is_link)
                read_attribute(tokenizer, &finder->tag);
            break;
        case WXS_HTML_TAG_END:
            if (!judge_tag(finder))
                return false;
        }
    }
}

bool
wxs_html_links_find(const char *html, size_t len, wxs_html_links *links,
                    wxs_error *error)
{
    struct finder finder = {.links = links};
    bool ok;

    memset(links, 0, sizeof(*links));
    links->pixel = len;
    wxs_html_start(&finder.tokenizer, html, len);
    ok = find_links(&finder);
    links->text = finder.text.data;
    links->text_len = finder.text.len;
    wxs_buffer_free(&finder.value);
    if (ok)
        return true;
    wxs_html_links_free(links);
    return wxs_fail(error, "out of memory while reading the links");
}

void
wxs_html_links_free(wxs_html_links *links)
{
    free(links->link);
    free(links->text);
    memset(links, 0, sizeof(*links));
}

/* A walk through the output; out is NULL while its length is counted. */
struct splice {
    const char *html;
    size_t pos; /* up to here html is done */
    char *out;
    size_t len;
};

static void
put(struct splice *splice, const char *data, size_t len)
{
    if (splice->out != NULL)
        memcpy(splice->out + splice->len, data, len);
    splice->len += len;
}

static void
put_upto(struct splice *splice, size_t end)
{
    put(splice, splice->html + splice->pos, end - splice->pos);
    splice->pos = end;
}

static void
put_pixel(struct splice *splice, const wxs_html_links *links, const char *pixel)
{
    if (pixel == NULL)
        return;
    put_upto(splice, links->pixel);
    put(splice, pixel, strlen(pixel));
}

static void
put_document(struct splice *splice, size_t len, const wxs_html_links *links,
             const char *const *href, const char *pixel)
{
    for (size_t i = 0; i < links->count; i++) {
        const wxs_html_link *link = &links->link[i];

        if (links->pixel <= link->start) {
            put_pixel(splice, links, pixel);
            pixel = NULL;
        }
        if (href[i] == NULL)
            continue;
        put_upto(splice, link->start);
        put(splice, href[i], strlen(href[i]));
        splice->pos = link->end;
    }
    put_pixel(splice, links, pixel);
    put_upto(splice, len);
}

char *
wxs_html_splice(const char *html, size_t len, const wxs_html_links *links,
                const char *const *href, const char *pixel, size_t *out_len)
{
    struct splice splice = {.html = html};
    char *out;

    put_document(&splice, len, links, href, pixel);
    out = malloc(splice.len + 1);
    if (out == NULL)
        return NULL;
    splice = (struct splice){.html = html, .out = out};
    put_document(&splice, len, links, href, pixel);
    out[splice.len] = '\0';
    *out_len = splice.len;
    return out;
}
