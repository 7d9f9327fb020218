#include "edits.h"

#include <stdlib.h>
#include <string.h>

char *
wxs_edits_apply(const char *text, size_t len, const wxs_edit *edits,
                size_t count, size_t *out_len)
{
    size_t total = len;
    size_t done = 0;
    char *out;
    char *to;

    for (size_t i = 0; i < count; i++)
        total += edits[i].len - (edits[i].end - edits[i].start);
    out = malloc(total + 1);
    if (out == NULL)
        return NULL;
    to = out;
    for (size_t i = 0; i < count; i++) {
        memcpy(to, text + done, edits[i].start - done);
        to += edits[i].start - done;
        memcpy(to, edits[i].text, edits[i].len);
        to += edits[i].len;
        done = edits[i].end;
    }
    memcpy(to, text + done, len - done);
    out[total] = '\0';
    *out_len = total;
    return out;
}
