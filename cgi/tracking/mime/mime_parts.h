#ifndef WXS_TRACKING_MIME_MIME_PARTS_H
#define WXS_TRACKING_MIME_MIME_PARTS_H

#include <gmime/gmime.h>
#include <stdbool.h>
#include <stddef.h>

#include "charset.h"
#include "part_encoding.h"

/* A text part of a message: where it is in the raw bytes. */
typedef struct {
    bool is_html;
    wxs_encoding encoding;
    char *charset;  /* NULL = none named; owned */
    size_t content; /* offset of the encoded content */
    size_t content_end;
    size_t header;     /* of the Content-Transfer-Encoding, or where one is
                        * to be put */
    size_t header_end; /* the same as header if there is none */
    bool has_place;    /* for such a header */
} wxs_mime_part;

typedef struct {
    wxs_mime_part *part;
    size_t count;
    size_t foreign; /* text parts in encodings that are not read */
    bool failed;    /* out of memory */
} wxs_mime_parts;

/* Finds the text parts of a message that was parsed from len raw bytes on a
 * persistent stream. The caller frees *parts. */
void wxs_mime_parts_find(GMimeMessage *message, const char *raw, size_t len,
                         wxs_mime_parts *parts);

void wxs_mime_parts_free(wxs_mime_parts *parts);

#endif
