#ifndef WXS_TRACKING_MESSAGE_REQUEST_H
#define WXS_TRACKING_MESSAGE_REQUEST_H

#include "../../core/token.h"
#include "http.h"

#define WXS_BODY_PART_MAX ((size_t)16 << 20) /* bytes of html, of text */

/* What POST /messages asks for. Everything points into the JSON. */
typedef struct {
    const char *domain; /* name or id, not yet looked up */
    const char *from;   /* these four: NULL if absent */
    const char *subject;
    const json_t *to;   /* array of strings */
    const json_t *tags; /* object of strings */
    const char *html;   /* NULL if absent; not both of html and text */
    size_t html_len;
    const char *text;
    size_t text_len;
    bool opens; /* false: the request switches them off */
    bool clicks;
    wxs_mode mode;
    bool table_links; /* short links, kept in the lookup table */
} wxs_message_request;

/* False after answering 422 that names the field, or 413. */
bool wxs_message_request_read(const json_t *body, wxs_message_request *message,
                              wxs_response *response);

#endif
