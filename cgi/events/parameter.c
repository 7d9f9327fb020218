#include "parameter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "time_read.h"

#define WORD_MAX 64

void
wxs_parameter_read(const wxs_request *request, const char *name, char *value,
                   size_t cap)
{
    value[0] = '\0';
    if (wxs_query_has(request, name) &&
        (!wxs_query_get(request, name, value, cap) || *value == '\0'))
        memcpy(value, "?", 2);
}

bool
wxs_parameter_refuse(wxs_response *response, const char *name,
                     const char *allowed)
{
    wxs_answer_error(response, 422, "validation_error",
                     "The `%s` parameter must be %s.", name, allowed);
    return false;
}

/* "a, b or c" */
static void
list_words(const char *const *words, char *text, size_t cap)
{
    size_t used = 0;

    for (size_t i = 0; words[i] != NULL && used < cap; i++) {
        const char *before = i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ";
        int n = snprintf(text + used, cap - used, "%s%s", before, words[i]);
        used += n > 0 ? (size_t)n : 0;
    }
}

bool
wxs_parameter_word(const wxs_request *request, const char *name,
                   const char *const *words, int *which, wxs_response *response)
{
    char value[WORD_MAX], allowed[256] = "";

    *which = -1;
    wxs_parameter_read(request, name, value, sizeof(value));
    if (value[0] == '\0')
        return true;
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) == 0) {
            *which = i;
            return true;
        }
    }
    list_words(words, allowed, sizeof(allowed));
    return wxs_parameter_refuse(response, name, allowed);
}

bool
wxs_parameter_limit(const wxs_request *request, int max, int *limit,
                    wxs_response *response)
{
    char value[WORD_MAX], allowed[64];
    long number;

    wxs_parameter_read(request, "limit", value, sizeof(value));
    if (value[0] == '\0')
        return true;
    number = strspn(value, "0123456789") == strlen(value) && strlen(value) <= 6
                 ? strtol(value, NULL, 10)
                 : 0;
    (void)snprintf(allowed, sizeof(allowed), "a number between 1 and %d", max);
    if (number < 1 || number > max)
        return wxs_parameter_refuse(response, "limit", allowed);
    *limit = (int)number;
    return true;
}

bool
wxs_parameter_time(const wxs_request *request, const char *name, int64_t *us,
                   wxs_response *response)
{
    char value[WORD_MAX];
    bool is_date;

    wxs_parameter_read(request, name, value, sizeof(value));
    return value[0] == '\0' || wxs_time_read(value, us, &is_date) ||
           wxs_parameter_refuse(
               response, name,
               "a date (2026-11-25) or a time (2026-11-25T09:00:00Z)");
}
