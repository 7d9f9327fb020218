#ifndef WXS_SHARED_AUTH_H
#define WXS_SHARED_AUTH_H

#include <stdint.h>

#include "db.h"
#include "http.h"

#define WXS_API_KEY_TEXT 40 /* "re_" + 8 + "_" + 24 characters and the NUL */
#define WXS_API_KEY_HASH 32 /* SHA-256 of that text */

typedef enum {
    WXS_FULL_ACCESS,
    WXS_SENDING_ACCESS,
    WXS_ADMIN, /* the operator, on behalf of any account or of none */
} wxs_permission;

/* Who makes a request. */
typedef struct {
    int64_t account;
    char key_id[37];
    wxs_permission permission;
    int64_t domain; /* number that a sending key is limited to, 0 = any */
    int rate_limit; /* of the account as a whole, 0 = none of its own */
} wxs_identity;

/* Makes a key of 192 random bits and its hash; false without randomness. */
bool wxs_api_key_new(char key[WXS_API_KEY_TEXT],
                     uint8_t hash[WXS_API_KEY_HASH]);

/* Judges the Authorization header ("Bearer re_…") against control.db. False
 * after answering 401 missing_api_key, 403 invalid_api_key, or 401
 * restricted_api_key where the key is not as needed: each may what is below it
 * in the order admin, full_access, sending_access. The admin acts with
 * full_access for the account that the request names; without one it is 422
 * where needed is not WXS_ADMIN, and 404 if there is no such account. */
bool wxs_authenticate(wxs_db *control, const wxs_request *request,
                      wxs_permission needed, wxs_identity *identity,
                      wxs_response *response);

#endif
