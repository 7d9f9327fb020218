#ifndef WXS_WAXSEAL_ASK_H
#define WXS_WAXSEAL_ASK_H

#include <stddef.h>

#include "args.h"
#include "client.h"

/* A command that is one call of the API. */

/* Opens the client, calls and closes it. body may be NULL and is taken over.
 * Returns the answer, which the caller owns; NULL after complaining, when the
 * exit code is 1. */
json_t *wxs_ask(const wxs_command *command, const wxs_client_options *access,
                const char *method, const char *path, json_t *body);

/* Appends "?name=value", or with "&" where the path has a query already, the
 * value percent-encoded. A NULL value appends nothing. False with error filled
 * if it does not fit into cap bytes. */
bool wxs_ask_parameter(char *path, size_t cap, const char *name,
                       const char *value, wxs_error *error);

/* Appends "/segment" and suffix, the segment percent-encoded. */
bool wxs_ask_segment(char *path, size_t cap, const char *segment,
                     const char *suffix, wxs_error *error);

#endif
