#ifndef WXS_STORE_TAG_SETS_H
#define WXS_STORE_TAG_SETS_H

#include <stddef.h>
#include <stdint.h>

#include "db.h"

#define WXS_TAGS_A_MESSAGE 64 /* further ones are not counted */

/* A tag that messages have. */
typedef struct wxs_tag {
    int64_t item; /* stands for name and value in keys of sums */
    char *name;
    char *value;
} wxs_tag;

/* The tags of a message. */
typedef struct wxs_tag_set {
    char *text; /* JSON, as messages have it */
    struct wxs_tag_set *next;
    size_t count;
    wxs_tag tag[WXS_TAGS_A_MESSAGE];
} wxs_tag_set;

/* Sets that were read lately: many messages have the same. */
typedef struct {
    wxs_tag_set *bucket[4096];
    size_t count;
} wxs_tag_sets;

/* The tags of a message of events.db. *set is NULL if it has none or is not
 * known; it is good until wxs_tag_sets_trim() or _clear(). */
bool wxs_tag_sets_of(wxs_tag_sets *sets, wxs_db *events,
                     const uint8_t message[16], const wxs_tag_set **set,
                     wxs_error *error);

void wxs_tag_sets_trim(wxs_tag_sets *sets); /* when there are too many */
void wxs_tag_sets_clear(wxs_tag_sets *sets);

#endif
