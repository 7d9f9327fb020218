#ifndef WXS_TRACKING_UTM_H
#define WXS_TRACKING_UTM_H

#include "buffer.h"

#define WXS_UTM_COUNT     5
#define WXS_UTM_VALUE_MAX 200 /* bytes of one value before it is encoded */

/* The parameters that analytics read off a destination, in this order: source,
 * medium, campaign, term, content. NULL = not set. */
typedef struct {
    const char *value[WXS_UTM_COUNT];
} wxs_utm;

/* "source" and so on: what they are called in a request. */
extern const char *const wxs_utm_names[WXS_UTM_COUNT];

/* Bytes that wxs_utm_add() adds to a destination at most; 0: nothing is set. */
size_t wxs_utm_size(const wxs_utm *utm);

/* Appends the destination with the parameters behind its query. One that the
 * query has already is left as it is, every other byte too; values are
 * percent-encoded. url is not NUL-terminated. */
void wxs_utm_add(const wxs_utm *utm, const char *url, size_t len,
                 wxs_buffer *out);

#endif
