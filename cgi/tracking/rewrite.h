#ifndef WXS_TRACKING_REWRITE_H
#define WXS_TRACKING_REWRITE_H

#include <jansson.h>

#include "message_request.h"
#include "minter.h"

#define WXS_MESSAGE_LINKS_MAX 100000 /* tracked in one message */

typedef struct {
    char *html; /* malloc()ed, NUL-terminated */
    size_t html_len;
    json_t *links;   /* array of {index, url, href} */
    size_t too_long; /* links left alone, over WXS_DESTINATION_MAX */
    size_t too_many; /* links left alone, over WXS_MESSAGE_LINKS_MAX */
} wxs_rewritten;

/* Rewrites the message's HTML: its links if clicks, a pixel if opens. Table
 * links are stored and in service when it returns. The caller frees *result,
 * whatever is returned. WXS_BUSY: the lookup table has not taken them in yet;
 * any other but WXS_OK has error filled. */
wxs_status wxs_rewrite(const wxs_config *config,
                       const wxs_tracking_domain *domain,
                       const wxs_minter *minter,
                       const wxs_message_request *message, bool clicks,
                       bool opens, wxs_rewritten *result, wxs_error *error);

void wxs_rewritten_free(wxs_rewritten *result);

#endif
