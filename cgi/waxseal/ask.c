#include "ask.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

json_t *
wxs_ask(const wxs_command *command, const wxs_client_options *access,
        const char *method, const char *path, json_t *body)
{
    wxs_error error;
    wxs_client *client = wxs_client_open(access, &error);
    json_t *answer = client == NULL ? NULL
                                    : wxs_client_call(client, method, path,
                                                      body, NULL, &error);

    wxs_client_close(client);
    json_decref(body);
    if (answer == NULL)
        (void)wxs_complain(command, &error);
    return answer;
}

/* Appends before, value percent-encoded, and behind. */
static bool
append(char *path, size_t cap, const char *before, const char *value,
       const char *behind, wxs_error *error)
{
    size_t used = strlen(path);
    char *encoded = curl_easy_escape(NULL, value, 0);
    int more;

    if (encoded == NULL)
        return wxs_fail(error, "out of memory");
    more = snprintf(path + used, cap - used, "%s%s%s", before, encoded, behind);
    curl_free(encoded);
    if (more > 0 && (size_t)more < cap - used)
        return true;
    path[used] = '\0';
    return wxs_fail(error, "the arguments are too long");
}

bool
wxs_ask_parameter(char *path, size_t cap, const char *name, const char *value,
                  wxs_error *error)
{
    char before[64];

    if (value == NULL)
        return true;
    (void)snprintf(before, sizeof(before),
                   "%c%s=", strchr(path, '?') == NULL ? '?' : '&', name);
    return append(path, cap, before, value, "", error);
}

bool
wxs_ask_segment(char *path, size_t cap, const char *segment, const char *suffix,
                wxs_error *error)
{
    if (*segment == '\0')
        return wxs_fail(error, "an argument is empty");
    return append(path, cap, "/", segment, suffix, error);
}
