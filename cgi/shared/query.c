#include <string.h>

#include "http.h"
#include "percent.h"

/* The value of the parameter as it stands in the query, NULL if absent. */
static const char *
find_parameter(const char *query, const char *name, size_t *len)
{
    size_t name_len = strlen(name);

    while (*query != '\0') {
        size_t field = strcspn(query, "&");
        if (field >= name_len && memcmp(query, name, name_len) == 0 &&
            (field == name_len || query[name_len] == '=')) {
            size_t skip = field == name_len ? name_len : name_len + 1;
            *len = field - skip;
            return query + skip;
        }
        query += field;
        query += *query == '&';
    }
    return NULL;
}

bool
wxs_query_has(const wxs_request *request, const char *name)
{
    size_t len;

    return find_parameter(request->query, name, &len) != NULL;
}

bool
wxs_query_get(const wxs_request *request, const char *name, char *value,
              size_t cap)
{
    size_t len;
    const char *text = find_parameter(request->query, name, &len);

    return text != NULL && wxs_percent_decode(text, len, true, value, cap);
}

int
wxs_query_next(const char **rest, const char *name, char *value, size_t cap)
{
    size_t len;
    const char *text = find_parameter(*rest, name, &len);

    if (text == NULL)
        return 0;
    *rest = text + len;
    *rest += **rest == '&';
    return wxs_percent_decode(text, len, true, value, cap) ? 1 : -1;
}
