#ifndef WXS_TRACKING_MIME_MIME_MESSAGE_H
#define WXS_TRACKING_MIME_MIME_MESSAGE_H

#include <jansson.h>

#include "../rewrite.h"

/* A raw message (RFC 5322, MIME): its bodies are read and written, every other
 * byte stays as it is. Left alone are attachments and messages inside, and all
 * that is signed or encrypted (multipart/signed, multipart/encrypted, S/MIME),
 * whose bytes must not change. */
typedef struct wxs_mime_message wxs_mime_message;

/* What the message says of itself. Texts are UTF-8, NULL = absent; all of it
 * belongs to the message. */
typedef struct {
    char *from;
    char *subject;
    json_t *to;               /* array of strings, NULL = none */
    char *tracking;           /* value of X-Waxseal-Tracking */
    json_t *unsubscribe_urls; /* http and https of List-Unsubscribe */
    bool has_unsubscribe;     /* there is a List-Unsubscribe */
    bool is_signed;           /* DKIM: a change would break it */
    size_t foreign;           /* text parts in encodings or charsets not read */
} wxs_mime_head;

/* Reads a message; raw must live until it is freed. NULL with error filled:
 * it is none, or there is no memory. */
wxs_mime_message *wxs_mime_parse(const char *raw, size_t len, wxs_error *error);

const wxs_mime_head *wxs_mime_get_head(const wxs_mime_message *message);

/* The bodies in their order in the message, HTML and plain text, for
 * wxs_rewrite(); they belong to the message. */
wxs_body *wxs_mime_bodies(wxs_mime_message *message, size_t *count);

/* Writes the message with the edits of its bodies made and headers ("Name:
 * value" lines, each ending in "\n"; "" = none) before its own. Bodies without
 * edits stay as they are; one that would have lines too long for mail becomes
 * quoted-printable. The result is malloc()ed. NULL with error filled. */
char *wxs_mime_write(wxs_mime_message *message, const char *headers,
                     size_t *out_len, wxs_error *error);

void wxs_mime_free(wxs_mime_message *message); /* accepts NULL */

#endif
