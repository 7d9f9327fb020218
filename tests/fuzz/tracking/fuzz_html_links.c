#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "destination.h"
#include "html_links.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
    if (!condition)
        abort();
}

/* Spans are ordered and in bounds, destinations are fit for a Location. */
static void
check_links(const wxs_html_links *links, size_t size)
{
    size_t end = 0;

    require(links->pixel <= size);
    for (size_t i = 0; i < links->count; i++) {
        const wxs_html_link *link = &links->link[i];

        require(link->start >= end && link->end > link->start);
        require(link->end <= size);
        require(links->pixel <= link->start || links->pixel >= link->end);
        require(link->url <= links->text_len);
        require(link->url_len <= links->text_len - link->url);
        require(wxs_destination_check(links->text + link->url, link->url_len) ==
                WXS_OK);
        end = link->end;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char pixel[] = "<img>";
    const char *html = (const char *)data;
    wxs_html_links links;
    wxs_error error;
    const char **href;
    char *out;
    size_t len;

    require(wxs_html_links_find(html, size, &links, &error));
    check_links(&links, size);
    href = calloc(links.count + 1, sizeof(*href));
    require(href != NULL);
    out = wxs_html_splice(html, size, &links, href, NULL, &len);
    require(out != NULL && len == size && memcmp(out, html, size) == 0);
    free(out);
    out = wxs_html_splice(html, size, &links, href, pixel, &len);
    require(out != NULL && len == size + strlen(pixel));
    require(memcmp(out, html, links.pixel) == 0);
    require(memcmp(out + links.pixel, pixel, strlen(pixel)) == 0);
    require(memcmp(out + links.pixel + strlen(pixel), html + links.pixel,
                   size - links.pixel) == 0);
    free(out);
    free(href);
    wxs_html_links_free(&links);
    return 0;
}
