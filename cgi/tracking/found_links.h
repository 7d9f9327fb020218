#ifndef WXS_TRACKING_FOUND_LINKS_H
#define WXS_TRACKING_FOUND_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

typedef enum {
    WXS_FOUND_LINK,        /* becomes a tracking link */
    WXS_FOUND_CUT,         /* "+notrack", which is cut out of a scheme */
    WXS_FOUND_UNSUBSCRIBE, /* stands for the message's unsubscribe link */
} wxs_found_kind;

/* A link found in a body: which bytes to replace, and where it leads. */
typedef struct {
    wxs_found_kind kind;
    size_t start; /* of what is replaced */
    size_t end;
    size_t url; /* offset of the destination in wxs_found_links.text */
    size_t url_len;
    size_t name;     /* that the template gives the link, in .text too */
    size_t name_len; /* 0 = none */
    size_t tags;     /* "key:value;key:value", in .text */
    size_t tags_len;
} wxs_found_link;

typedef struct {
    wxs_found_link *link; /* in document order, not overlapping */
    size_t count;
    size_t room;     /* of link */
    size_t too_long; /* links left alone, over WXS_DESTINATION_MAX */
    size_t pixel;    /* where a pixel goes: the last </body>, or the end */
    size_t top;      /* where one at the top goes: behind <body> */
    bool has_top;    /* false: there is no such place */
    wxs_buffer text; /* destinations, names and tags */
} wxs_found_links;

/* False: out of memory. */
bool wxs_found_links_add(wxs_found_links *links, const wxs_found_link *link);

void wxs_found_links_free(wxs_found_links *links);

#endif
