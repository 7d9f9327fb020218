#ifndef WXS_TRACKING_HTML_LINKS_H
#define WXS_TRACKING_HTML_LINKS_H

#include <stddef.h>

#include "error.h"

/* A link found in HTML: which bytes to replace, and where it leads. */
typedef struct {
    size_t start; /* of the attribute's value, without its quotes */
    size_t end;   /* first byte behind the value */
    size_t url;   /* offset of the destination in wxs_html_links.text */
    size_t url_len;
} wxs_html_link;

typedef struct {
    wxs_html_link *link; /* in document order, not overlapping */
    size_t count;
    size_t too_long; /* links left alone, over WXS_DESTINATION_MAX */
    size_t pixel;    /* where a pixel goes: the last </body>, or the end */
    char *text;      /* the destinations, one after the other */
    size_t text_len;
} wxs_html_links;

/* Finds the links of an HTML document or fragment: href of a, area and VML
 * shapes (v:*), also inside Outlook's conditional comments, whose value, after
 * entity decoding and after trimming and dropping tab, CR and LF as browsers
 * do, is an absolute http or https URL. Left alone: other schemes, //host,
 * fragments, values with a template placeholder, links with an opt-out
 * attribute, and anything inside script, style and other raw text. The
 * destination keeps its ASCII bytes; other bytes and characters illegal in a
 * URL are percent-encoded as UTF-8, an IDN host becomes punycode.
 *
 * html: len bytes of valid UTF-8, however broken as HTML. Time is linear in
 * len. The caller frees *links. False: out of memory. */
bool wxs_html_links_find(const char *html, size_t len, wxs_html_links *links,
                         wxs_error *error);

void wxs_html_links_free(wxs_html_links *links);

/* Writes the document with link i's value replaced by href[i] (NUL-terminated;
 * NULL leaves the link as it is) and, if pixel is not NULL, pixel inserted at
 * links->pixel. Not a byte besides changes. The result is malloc()ed,
 * NUL-terminated, its length in *out_len. NULL: out of memory. */
char *wxs_html_splice(const char *html, size_t len, const wxs_html_links *links,
                      const char *const *href, const char *pixel,
                      size_t *out_len);

#endif
