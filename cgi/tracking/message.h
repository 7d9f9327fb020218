#ifndef WXS_TRACKING_MESSAGE_H
#define WXS_TRACKING_MESSAGE_H

#include "message_request.h"
#include "mime/mime_message.h"
#include "rewrite.h"
#include "workshop.h"

/* The List-Unsubscribe headers of a message. */
typedef struct {
    bool wanted;         /* false: the message gets none */
    bool one_click;      /* with List-Unsubscribe-Post (RFC 8058) */
    const char *url;     /* NULL = none; not both of them */
    const char *address; /* for mailto:, NULL = none */
} wxs_list_unsubscribe;

/* A message on its way from what is asked for it to what is to be sent: what
 * POST /messages and `waxseal rewrite` do. */
typedef struct {
    const wxs_message_request *request;
    const wxs_tracking_domain *domain;
    uint8_t id[WXS_MESSAGE_ID_SIZE];
    wxs_links_readiness links; /* whether any can be minted */
    wxs_tracking_fields how;   /* settings, request and ceilings together */
    wxs_mime_message *mime;    /* parsed, or NULL */
    wxs_body part[2];          /* html and text, unless there is mime */
    wxs_body *bodies;
    size_t body_count;
    wxs_minter minter; /* .key NULL while nothing is minted */
    wxs_rewritten rewritten;
    char unsubscribe[WXS_URL_MAX + 1]; /* the link, "" = none was minted */
    wxs_list_unsubscribe list;
    json_t *warnings; /* array of sentences */
} wxs_message;

/* Makes the message: everything but writing it out and storing it. The request
 * and the domain must outlive it. Free it whatever is returned. WXS_BUSY: table
 * links are not in service yet; WXS_BAD_FORMAT: the raw message cannot be read,
 * error says why; any other but WXS_OK is an internal failure, with error
 * filled. */
wxs_status wxs_message_make(const wxs_workshop *workshop,
                            const wxs_tracking_domain *domain,
                            const wxs_message_request *request,
                            wxs_message *message, wxs_error *error);

/* Writes the body with its edits; malloc()ed, NULL without memory. */
char *wxs_message_body(const wxs_body *body, size_t *len);

/* Sender, recipients and subject: of the request, else of the raw message. */
const char *wxs_message_from(const wxs_message *message);
const char *wxs_message_subject(const wxs_message *message);
const json_t *wxs_message_to(const wxs_message *message);

void wxs_message_free(wxs_message *message);

#endif
