#ifndef WXS_SHARED_LONG_STRINGS_H
#define WXS_SHARED_LONG_STRINGS_H

#include "http.h"

/* Bodies of requests in which a few strings are nearly all: reading them by the
 * JSON library, character by character, takes longer than what is done with
 * them. They are decoded apart, and the library reads the rest. */

/* A member of the outermost object. */
typedef struct {
    const char *name;
    char *text; /* owned; NULL if there is none, or it is short */
    size_t len;
} wxs_long_string;

/* wxs_body_object(), but the named members are decoded apart if they are long
 * strings: the object has empty strings for them. Answers and refuses the very
 * same as that. Free the strings in any case. */
json_t *wxs_body_object_apart(const wxs_request *request,
                              wxs_long_string *strings, size_t count,
                              wxs_response *response);

void wxs_long_strings_free(wxs_long_string *strings, size_t count);

#endif
