#ifndef WXS_SHARED_IDEMPOTENCY_H
#define WXS_SHARED_IDEMPOTENCY_H

#include "service.h"

/* POST requests with the header Idempotency-Key: of the same key, request and
 * caller only the first is carried out, and its answer is given again for a
 * day. Only creations (201) are kept: whatever failed may be tried again. The
 * answers may hold secrets, so they are sealed under a key that is derived from
 * the caller's API key, which is not kept anywhere.
 *
 * requests.db knows which requests run. The answer is kept beside what was
 * created, in one transaction with it, so that whoever asks again after a crash
 * gets it, or nothing has happened. */

typedef enum {
    WXS_IDEMPOTENT_NONE,     /* no such header, or not a POST */
    WXS_IDEMPOTENT_FIRST,    /* to be carried out, then kept or forgotten */
    WXS_IDEMPOTENT_ANSWERED, /* the response is there: an old one, or 400, 409,
                                413 */
} wxs_idempotent;

wxs_idempotent wxs_idempotency_begin(wxs_context *context,
                                     const wxs_request *request,
                                     wxs_response *response);

/* Commits what a creating call has changed through db, which comes of
 * wxs_write_begin() for control.db or events.db, and keeps the response, which
 * is complete: the answer to it. False after answering 500 instead; then
 * nothing has changed. */
bool wxs_commit_creation(wxs_db *db, const wxs_identity *identity,
                         const wxs_request *request, wxs_response *response);

/* Ends a request that was WXS_IDEMPOTENT_FIRST: keeps a creation whose answer
 * was not kept yet, forgets whatever failed. */
void wxs_idempotency_end(const wxs_request *request,
                         const wxs_identity *identity,
                         const wxs_response *response);

/* Removes some of the answers that are older than a day from control.db or
 * events.db; *more is set if there may be more. */
bool wxs_idempotency_tidy(wxs_db_kind kind, bool *more, wxs_error *error);

#endif
