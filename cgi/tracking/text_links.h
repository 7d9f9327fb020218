#ifndef WXS_TRACKING_TEXT_LINKS_H
#define WXS_TRACKING_TEXT_LINKS_H

#include "error.h"
#include "found_links.h"

/* Finds the links of plain text: what a mail client would make a link of, from
 * "http://" or "https://" (not inside a word) to white space, a control
 * character or one of <>"`{}|\^ and typographic quotation marks. Punctuation
 * at the end belongs to the sentence, a closing bracket too unless the URL
 * opens it (RFC 3986, appendix C). Left alone: values with a template
 * placeholder, and links with SparkPost's [[data-msys-clicktrack="0"]] behind
 * them. As in HTML, what is not ASCII is percent-encoded in the destination
 * and "+notrack" is cut out of a scheme.
 *
 * Time is linear in len. The caller frees *links; there is no place for a
 * pixel in them. False: out of memory. */
bool wxs_text_links_find(const char *text, size_t len, wxs_found_links *links,
                         wxs_error *error);

#endif
