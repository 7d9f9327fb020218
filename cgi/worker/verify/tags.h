#ifndef WXS_VERIFY_TAGS_H
#define WXS_VERIFY_TAGS_H

#include <stdbool.h>
#include <stddef.h>

/* Tag lists, "v=DKIM1; k=rsa; p=...", RFC 6376 3.2. */

#define WXS_TAGS_MAX 32

typedef struct {
    const char *data; /* into the record, not NUL-terminated */
    size_t length;
} wxs_span;

typedef struct {
    wxs_span name;
    wxs_span value; /* without white space around it */
} wxs_tag;

typedef struct {
    wxs_tag tag[WXS_TAGS_MAX];
    size_t count;
} wxs_tags;

/* False if the text is no tag list: a part without "=", an ill-formed name, a
 * name that occurs twice, or more than WXS_TAGS_MAX tags. The spans point into
 * data. */
bool wxs_tags_parse(const char *data, size_t length, wxs_tags *tags);

/* The value of a tag, names being case-sensitive; data is NULL without it. */
wxs_span wxs_tags_get(const wxs_tags *tags, const char *name);

/* Comparisons with text; the first is byte by byte. */
bool wxs_span_is(wxs_span span, const char *text);
bool wxs_span_is_nocase(wxs_span span, const char *text);

/* Does a list of words with ":" between them hold the word (any case)? */
bool wxs_span_lists(wxs_span span, const char *word);

#endif
