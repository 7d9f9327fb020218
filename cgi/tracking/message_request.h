#ifndef WXS_TRACKING_MESSAGE_REQUEST_H
#define WXS_TRACKING_MESSAGE_REQUEST_H

#include "tracking_fields.h"

#define WXS_BODY_PART_MAX ((size_t)16 << 20) /* bytes of html, of text */
#define WXS_MIME_MAX      ((size_t)32 << 20) /* bytes of a raw message */

/* What is asked for a message. Everything but mime points into the JSON. */
typedef struct {
    const char *domain; /* name or id, not yet looked up */
    const char *from;   /* these four: NULL if absent */
    const char *subject;
    const json_t *to;   /* array of strings */
    const json_t *tags; /* object of strings */
    const char *html;   /* NULL if absent */
    size_t html_len;
    const char *text;
    size_t text_len;
    char *mime; /* raw message, instead of html and text; owned */
    size_t mime_len;
    bool unsubscribe;                /* make List-Unsubscribe headers */
    const char *unsubscribe_url;     /* the sender's own link, or NULL */
    const char *unsubscribe_address; /* for mailto:, or NULL */
    bool opens;                      /* false: switched off by the request */
    bool clicks;
    const json_t *tracking; /* the object with the tracking fields, or NULL */
} wxs_message_request;

/* Reads the body of a request. False after answering 422 that names the field,
 * or 413. Free it in both cases. */
bool wxs_message_request_read(const json_t *body, wxs_message_request *message,
                              wxs_response *response);

void wxs_message_request_free(wxs_message_request *message);

#endif
