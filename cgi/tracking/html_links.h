#ifndef WXS_TRACKING_HTML_LINKS_H
#define WXS_TRACKING_HTML_LINKS_H

#include "error.h"
#include "found_links.h"

/* Finds the links of an HTML document or fragment: href of a, area and VML
 * shapes (v:*), also inside Outlook's conditional comments, whose value, after
 * entity decoding and after trimming and dropping tab, CR and LF as browsers
 * do, is an absolute http or https URL. Left alone: other schemes, //host,
 * fragments, values with a template placeholder, links with an opt-out
 * attribute, and anything inside script, style and other raw text. The
 * destination keeps its ASCII bytes; other bytes and characters illegal in a
 * URL are percent-encoded as UTF-8, an IDN host becomes punycode. Found as well
 * are a scheme that asks not to be tracked (https+notrack), to have that cut
 * out, and the value "waxseal:unsubscribe".
 *
 * html: len bytes of UTF-8, or what should be, however broken as HTML. Time is
 * linear in len. The caller frees *links. False: out of memory. */
bool wxs_html_links_find(const char *html, size_t len, wxs_found_links *links,
                         wxs_error *error);

#endif
