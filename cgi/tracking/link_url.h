#ifndef WXS_TRACKING_LINK_URL_H
#define WXS_TRACKING_LINK_URL_H

#include "../../core/status.h"
#include "buffer.h"

/* Appends the destination that the decoded value of an href leads to.
 *
 * White space around it and tab, CR and LF in it are dropped as browsers do;
 * what remains must be "http://" or "https://" (scheme in any case) and no
 * template. Its ASCII bytes are kept, except that characters illegal in a URL
 * are percent-encoded, as is what is not ASCII; a host that is not ASCII
 * becomes A-labels (UTS 46, non-transitional).
 *
 * WXS_OK; WXS_NOT_FOUND: no such URL, or one that could not be rewritten
 * without a change of where it leads: a host with illegal characters, a "\"
 * that browsers read as "/" before the query. WXS_TOO_LONG: over
 * WXS_DESTINATION_MAX. WXS_NO_MEMORY. *url is as before unless WXS_OK. */
wxs_status wxs_link_url(const char *value, size_t len, wxs_buffer *url);

#endif
