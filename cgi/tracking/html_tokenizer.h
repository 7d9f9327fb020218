#ifndef WXS_TRACKING_HTML_TOKENIZER_H
#define WXS_TRACKING_HTML_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>

/* Tags and attributes of HTML, found the way the HTML standard's tokenizer
 * (13.2.5) finds them, whatever the document looks like: in time linear in its
 * length and without memory.
 *
 * What is not a tag is passed over: text, comments, the inside of script,
 * style, xmp, iframe, noembed, noframes, textarea, title and plaintext. The
 * inside of Outlook's conditional comments, <!--[if ...]> ... -->, is HTML to
 * Outlook and therefore here, up to where the comment ends for browsers.
 * Foreign content (svg, math) is not told apart: CDATA sections end at ">". */

typedef struct {
    size_t start;
    size_t end;
} wxs_html_span;

typedef enum {
    WXS_HTML_END,       /* nothing more; an unfinished tag was none */
    WXS_HTML_START_TAG, /* name; attributes and WXS_HTML_TAG_END follow */
    WXS_HTML_END_TAG,   /* the same of </name */
    WXS_HTML_ATTRIBUTE, /* attribute, value */
    WXS_HTML_TAG_END,   /* the ">" */
} wxs_html_kind;

typedef struct {
    const char *html;
    size_t len;
    size_t pos;
    size_t bound;        /* end of what is read now: len or of a comment */
    size_t resume;       /* where to go on after a conditional comment */
    bool in_conditional; /* inside a conditional comment */
    bool in_tag;
    bool is_end_tag;
    size_t tag;              /* offset of the "<" */
    wxs_html_span name;      /* of the tag */
    wxs_html_span attribute; /* its name */
    wxs_html_span value;     /* without quotes; empty if there is none */
} wxs_html_tokenizer;

void wxs_html_start(wxs_html_tokenizer *tokenizer, const char *html,
                    size_t len);

wxs_html_kind wxs_html_next(wxs_html_tokenizer *tokenizer);

/* Is the text of the span this name, which begins with a small letter? Letters
 * in any case. */
bool wxs_html_is(const wxs_html_tokenizer *tokenizer, wxs_html_span span,
                 const char *name);

#endif
