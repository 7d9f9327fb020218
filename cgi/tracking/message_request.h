#ifndef WXS_TRACKING_MESSAGE_REQUEST_H
#define WXS_TRACKING_MESSAGE_REQUEST_H

#include "long_strings.h"
#include "tracking_fields.h"

#define WXS_BODY_PART_MAX ((size_t)16 << 20) /* bytes of html, of text */
#define WXS_MIME_MAX      ((size_t)32 << 20) /* bytes of a raw message */

/* What is asked for a message. Everything but mime points into the body. */
typedef struct {
    json_t *body;             /* owned; without what is */
    wxs_long_string apart[3]; /* apart: html, text, mime */
    const char *domain;       /* name or id, not yet looked up */
    const char *from;         /* these four: NULL if absent */
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

/* Reads the body of a request, which must outlive it. False after answering
 * 400, 422 that names the field, or 413. Free it in both cases. */
bool wxs_message_request_read(const wxs_request *request,
                              wxs_message_request *message,
                              wxs_response *response);

void wxs_message_request_free(wxs_message_request *message);

#endif
