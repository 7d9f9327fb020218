#ifndef WXS_TRACKING_EDITS_H
#define WXS_TRACKING_EDITS_H

#include <stddef.h>

/* Replaces bytes start to end of a text by others, or inserts where start is
 * end. What it points to is not owned. */
typedef struct {
    size_t start;
    size_t end;
    const char *text;
    size_t len;
} wxs_edit;

/* Writes the text with the edits made, which are in order and do not overlap;
 * not a byte besides changes. The result is malloc()ed, NUL-terminated, its
 * length in *out_len. NULL: out of memory. */
char *wxs_edits_apply(const char *text, size_t len, const wxs_edit *edits,
                      size_t count, size_t *out_len);

#endif
