#include "text_links.h"

#include <string.h>
#include <strings.h>

#include "link_url.h"

#define NO_TRACK "+notrack"
#define OPT_OUT  "[[data-msys-clicktrack"

/* Is the byte part of a word, so that a scheme behind it does not begin? */
static bool
is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c == '_';
}

/* Length of the typographic character at text that ends a URL, else 0: the
 * quotation marks U+2018 to U+201F and U+2039 to U+203A, guillemets, and
 * ideographic space and full stop. */
static size_t
stop_character(const char *text, size_t len)
{
    const unsigned char *c = (const unsigned char *)text;

    if (len >= 2 && c[0] == 0xc2 && (c[1] == 0xab || c[1] == 0xbb))
        return 2;
    if (len < 3)
        return 0;
    if (c[0] == 0xe2 && c[1] == 0x80 &&
        ((c[2] >= 0x98 && c[2] <= 0x9f) || c[2] == 0xb9 || c[2] == 0xba))
        return 3;
    return c[0] == 0xe3 && c[1] == 0x80 && c[2] <= 0x82 ? 3 : 0;
}

static size_t
url_end(const char *text, size_t len, size_t start)
{
    size_t end = start;

    while (end < len && (unsigned char)text[end] > ' ' && text[end] != 0x7f &&
           strchr("<>\"`|\\^", text[end]) == NULL &&
           stop_character(text + end, len - end) == 0)
        end++;
    return end;
}

/* The bracket that a closing one belongs to, else '\0'. */
static char
opener_of(char c)
{
    return c == ')' ? '(' : c == ']' ? '[' : c == '}' ? '{' : '\0';
}

/* How many more of the brackets close than open. */
static size_t
surplus(const char *text, size_t start, size_t end, char close)
{
    size_t opened = 0;
    size_t closed = 0;

    for (size_t i = start; i < end; i++) {
        opened += text[i] == opener_of(close);
        closed += text[i] == close;
    }
    return closed > opened ? closed - opened : 0;
}

/* Gives the sentence its punctuation back. */
static size_t
trim_end(const char *text, size_t start, size_t end)
{
    size_t extra[3] = {surplus(text, start, end, ')'),
                       surplus(text, start, end, ']'),
                       surplus(text, start, end, '}')};

    while (end > start) {
        char last = text[end - 1];
        size_t *more = last == ')'   ? &extra[0]
                       : last == ']' ? &extra[1]
                       : last == '}' ? &extra[2]
                                     : NULL;

        if (more != NULL ? *more == 0 : strchr(".,;:!?'*_~", last) == NULL)
            break;
        if (more != NULL)
            (*more)--;
        end--;
    }
    return end;
}

/* Length of "http://" or the like at text, 0 if there is none. */
static size_t
scheme_at(const char *text, size_t len)
{
    size_t scheme = 4;

    if (len < 8 || strncasecmp(text, "http", 4) != 0)
        return 0;
    if (text[4] == 's' || text[4] == 'S')
        scheme = 5;
    return len >= scheme + 3 && memcmp(text + scheme, "://", 3) == 0
               ? scheme + 3
               : 0;
}

/* Length of "http" or "https" if "+notrack://" follows, else 0. */
static size_t
no_track_at(const char *text, size_t len)
{
    const size_t cut = strlen(NO_TRACK "://");

    for (size_t scheme = 4; scheme <= 5; scheme++)
        if (len > scheme + cut && strncasecmp(text, "https", scheme) == 0 &&
            strncasecmp(text + scheme, NO_TRACK "://", cut) == 0)
            return scheme;
    return 0;
}

static bool
opts_out(const char *text, size_t len, size_t end)
{
    size_t marker = strlen(OPT_OUT);

    return len - end > marker &&
           strncasecmp(text + end, OPT_OUT, marker) == 0 &&
           memmem(text + end, len - end < 64 ? len - end : 64, "0", 1) != NULL;
}

static bool
add_link(const char *text, size_t start, size_t end, wxs_found_links *links)
{
    wxs_found_link link = {
        .kind = WXS_FOUND_LINK,
        .start = start,
        .end = end,
        .url = links->text.len,
    };

    switch (wxs_link_url(text + start, end - start, &links->text)) {
    case WXS_OK:
        link.url_len = links->text.len - link.url;
        return wxs_found_links_add(links, &link);
    case WXS_TOO_LONG:
        links->too_long++;
        return true;
    case WXS_NO_MEMORY:
        return false;
    default:
        return true;
    }
}

/* A URL begins at pos; sets *next to where to go on. */
static bool
judge_url(const char *text, size_t len, size_t pos, size_t *next,
          wxs_found_links *links)
{
    size_t end = url_end(text, len, pos);
    const char *marker =
        memmem(text + pos, end - pos, OPT_OUT, strlen(OPT_OUT));
    size_t url = marker == NULL ? end : (size_t)(marker - text);

    *next = end;
    if (opts_out(text, len, url))
        return true;
    return add_link(text, pos, trim_end(text, pos, url), links);
}

/* The ":" of the first "://" from pos on, or NULL. */
static const char *
find_scheme_end(const char *text, size_t len, size_t pos)
{
    const char *end = text + len;
    const char *colon = memchr(text + pos, ':', len - pos);

    while (colon != NULL && (end - colon < 3 || memcmp(colon, "://", 3) != 0))
        colon = memchr(colon + 1, ':', (size_t)(end - colon) - 1);
    return colon;
}

static bool
find_links(const char *text, size_t len, wxs_found_links *links)
{
    size_t pos = 0;

    while (pos < len) {
        const char *colon = find_scheme_end(text, len, pos);
        size_t at, cut;

        if (colon == NULL)
            return true;
        at = (size_t)(colon - text);
        while (at > pos && is_word(text[at - 1]))
            at--;
        if (at > pos + 4 && text[at - 1] == '+') /* http+notrack */
            for (at--; at > pos && is_word(text[at - 1]);)
                at--;
        cut = no_track_at(text + at, len - at);
        if (cut != 0) {
            const wxs_found_link link = {.kind = WXS_FOUND_CUT,
                                         .start = at + cut,
                                         .end = at + cut + strlen(NO_TRACK)};

            if (!wxs_found_links_add(links, &link))
                return false;
        }
        pos = (size_t)(colon - text) + 3;
        if (cut == 0 && scheme_at(text + at, len - at) != 0 &&
            !judge_url(text, len, at, &pos, links))
            return false;
    }
    return true;
}

bool
wxs_text_links_find(const char *text, size_t len, wxs_found_links *links,
                    wxs_error *error)
{
    memset(links, 0, sizeof(*links));
    if (find_links(text, len, links))
        return true;
    wxs_found_links_free(links);
    return wxs_fail(error, "out of memory while reading the links");
}
