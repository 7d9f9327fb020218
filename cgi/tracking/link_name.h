#ifndef WXS_TRACKING_LINK_NAME_H
#define WXS_TRACKING_LINK_NAME_H

#include <jansson.h>
#include <stddef.h>

#define WXS_LINK_NAME_MAX 200  /* bytes of a link's name; more is cut off */
#define WXS_LINK_TAGS_MAX 1000 /* bytes of its tags as they are written */
#define WXS_LINK_TAG_MAX  10   /* tags of one link; more are dropped */

typedef enum {
    WXS_LINK_OTHER,
    WXS_LINK_NAME, /* data-waxseal-name, SparkPost's data-msys-linkname */
    WXS_LINK_TAGS, /* data-waxseal-tags, Amazon SES's ses:tags */
} wxs_link_name_type;

/* Does the attribute with this name give its link a name or tags? */
wxs_link_name_type wxs_link_name_kind(const char *name, size_t len);

/* Reads "key:value;key:value" into a JSON object of strings. White space around
 * keys and values is dropped, as are pairs without a key or not in UTF-8 and,
 * past the tenth, all others; a pair without ":" has an empty value; of two
 * with one key the last counts. NULL without memory. */
json_t *wxs_link_tags_json(const char *tags, size_t len);

#endif
