#include <string.h>

#include "http.h"
#include "percent.h"

bool
wxs_query_get(const wxs_request *request, const char *name, char *value,
              size_t cap)
{
    const char *field = request->query;
    size_t name_len = strlen(name);

    while (*field != '\0') {
        size_t len = strcspn(field, "&");
        if (len >= name_len && memcmp(field, name, name_len) == 0 &&
            (len == name_len || field[name_len] == '=')) {
            size_t skip = len == name_len ? len : name_len + 1;
            return wxs_percent_decode(field + skip, len - skip, true, value,
                                      cap);
        }
        field += len;
        if (*field == '&')
            field++;
    }
    return false;
}
