#ifndef WXS_WAXSEAL_CLIENT_H
#define WXS_WAXSEAL_CLIENT_H

#include <jansson.h>

#include "error.h"

/* Calls of the HTTP API, as any other client makes them. */
typedef struct wxs_client wxs_client;

/* Where the API is and which key to use; each may be NULL. */
typedef struct {
    const char *dir;
    const char *config_file;
    const char *url;
    const char *key_file;
} wxs_client_options;

/* URL: options->url, else WAXSEAL_URL, else from dir's api.listen. Key:
 * key_file, else WAXSEAL_API_KEY, else dir/api.key. NULL with error filled. */
wxs_client *wxs_client_open(const wxs_client_options *options,
                            wxs_error *error);

void wxs_client_close(wxs_client *client); /* accepts NULL */

/* Sends body (NULL for none, not taken over) and returns the answer's JSON
 * object, which the caller owns. NULL with the API's own message or what went
 * wrong on the way in error; *status is the HTTP status, 0 without an answer,
 * and may be NULL. */
json_t *wxs_client_call(wxs_client *client, const char *method,
                        const char *path, const json_t *body, long *status,
                        wxs_error *error);

#endif
