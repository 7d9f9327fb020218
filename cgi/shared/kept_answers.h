#ifndef WXS_SHARED_KEPT_ANSWERS_H
#define WXS_SHARED_KEPT_ANSWERS_H

#include <openssl/sha.h>

#include "service.h"

/* Answers to requests with an Idempotency-Key, as databases keep them: sealed
 * under a key that only the caller's API key makes. What is behind
 * idempotency.h. */

#define WXS_KEPT_HASH SHA256_DIGEST_LENGTH
#define WXS_KEPT_US   INT64_C(86400000000) /* 24 hours */

/* Hashes of the Idempotency-Key, and of what must be the same when a request is
 * repeated. */
void wxs_kept_name(const wxs_request *request, uint8_t hash[WXS_KEPT_HASH]);
void wxs_kept_fingerprint(const wxs_request *request,
                          uint8_t hash[WXS_KEPT_HASH]);

/* The answer sealed; the caller frees it. NULL with error filled. */
uint8_t *wxs_kept_seal(const wxs_request *request, const wxs_response *response,
                       size_t *len, wxs_error *error);

/* Answers what a database knows of the request. The query's columns are
 * fingerprint and sealed answer, which is NULL while the request runs; its
 * parameters the caller, the name, and the time before which an answer is too
 * old. 1 answered, 0 it knows of none, -1 error filled. */
int wxs_kept_answer(wxs_db *db, const char *sql, const wxs_request *request,
                    const wxs_identity *identity, wxs_response *response,
                    wxs_error *error);

/* The same with what control.db and events.db keep. */
int wxs_kept_beside(wxs_context *context, const wxs_request *request,
                    wxs_response *response, wxs_error *error);

#endif
