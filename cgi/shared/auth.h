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
} wxs_permission;

/* Who makes a request. */
typedef struct {
    int64_t account;
    char key_id[37];
    wxs_permission permission;
    int64_t domain; /* number that a sending key is limited to, 0 = any */
} wxs_identity;

/* Makes a key of 192 random bits and its hash; false without randomness. */
bool wxs_api_key_new(char key[WXS_API_KEY_TEXT],
                     uint8_t hash[WXS_API_KEY_HASH]);

/* Judges the Authorization header ("Bearer re_…") against control.db. False
 * after answering 401 missing_api_key, 403 invalid_api_key, or, where needed
 * is WXS_FULL_ACCESS and the key is not, 401 restricted_api_key. */
bool wxs_authenticate(wxs_db *control, const wxs_request *request,
                      wxs_permission needed, wxs_identity *identity,
                      wxs_response *response);

#endif
