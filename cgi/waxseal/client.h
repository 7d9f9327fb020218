#ifndef WXS_WAXSEAL_CLIENT_H
#define WXS_WAXSEAL_CLIENT_H

#include <jansson.h>
#include <stdio.h>

#include "error.h"

/* Calls of the HTTP API, as any other client makes them. */
typedef struct wxs_client wxs_client;

/* Where the API is and which key to use; each may be NULL. */
typedef struct {
    const char *dir;
    const char *config_file;
    const char *url;
    const char *key_file;
    const char *account; /* id or name that the admin acts for */
    bool as_admin;       /* needs the admin key, for no account */
} wxs_client_options;

/* URL: options->url, else WAXSEAL_URL, else from dir's api.listen. Key:
 * key_file, else WAXSEAL_API_KEY, else dir/api.key, or dir/admin.key where the
 * admin is needed. NULL with error filled. */
wxs_client *wxs_client_open(const wxs_client_options *options,
                            wxs_error *error);

/* The id of the account that has this id or name; false with error filled. */
bool wxs_client_account(wxs_client *client, const char *what, char id[37],
                        wxs_error *error);

/* Sends data (len bytes) as it is, and writes the answer's body as it comes to
 * the standard output. */
bool wxs_client_pass(wxs_client *client, const char *path, const char *data,
                     size_t len, wxs_error *error);

/* Writes the body of the answer to a GET as it comes to out. What refuses the
 * request is in error, and nothing is written then; an answer that breaks off
 * fails too. */
bool wxs_client_download(wxs_client *client, const char *path, FILE *out,
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
