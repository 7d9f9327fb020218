#ifndef WXS_SHARED_IDEMPOTENCY_H
#define WXS_SHARED_IDEMPOTENCY_H

#include "service.h"

/* POST requests with the header Idempotency-Key: of the same key, request and
 * caller only the first is carried out, and its answer is given again for a
 * day. Only creations (201) are kept: whatever failed may be tried again. The
 * answers may hold secrets, so they are sealed under a key that is derived from
 * the caller's API key, which is not kept anywhere. */

typedef enum {
    WXS_IDEMPOTENT_NONE,     /* no such header, or not a POST */
    WXS_IDEMPOTENT_FIRST,    /* to be carried out, then kept or forgotten */
    WXS_IDEMPOTENT_ANSWERED, /* the response is there: an old one, or 400, 409,
                                413 */
} wxs_idempotent;

wxs_idempotent wxs_idempotency_begin(const wxs_request *request,
                                     const wxs_identity *identity,
                                     wxs_response *response);

/* Keeps the answer of a request that was WXS_IDEMPOTENT_FIRST if it is a
 * creation, else forgets the request. */
void wxs_idempotency_end(const wxs_request *request,
                         const wxs_identity *identity,
                         const wxs_response *response);

#endif
