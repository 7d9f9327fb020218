#include "utm.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

const char *const wxs_utm_names[WXS_UTM_COUNT] = {
    "source", "medium", "campaign", "term", "content",
};

size_t
wxs_utm_size(const wxs_utm *utm)
{
    size_t size = 0;

    for (size_t i = 0; i < WXS_UTM_COUNT; i++)
        if (utm->value[i] != NULL) /* "&utm_", "=" and each byte as %XX */
            size += 6 + strlen(wxs_utm_names[i]) + 3 * strlen(utm->value[i]);
    return size;
}

/* Does the query, len bytes, have the parameter utm_<name>? */
static bool
has_parameter(const char *query, size_t len, const char *name)
{
    size_t name_len = strlen(name);

    for (const char *end = query + len; query < end; query++) {
        if ((size_t)(end - query) >= 4 + name_len &&
            strncasecmp(query, "utm_", 4) == 0 &&
            strncasecmp(query + 4, name, name_len) == 0 &&
            (query + 4 + name_len == end || query[4 + name_len] == '=' ||
             query[4 + name_len] == '&'))
            return true;
        query = memchr(query, '&', (size_t)(end - query));
        if (query == NULL)
            break;
    }
    return false;
}

static void
add_encoded(const char *value, wxs_buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;

        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
            (c >= 'A' && c <= 'Z') || strchr("-._~", c) != NULL) {
            wxs_buffer_add_byte(out, *value);
        } else {
            const char code[3] = {'%', digits[c >> 4], digits[c & 15]};
            wxs_buffer_add(out, code, sizeof(code));
        }
    }
}

void
wxs_utm_add(const wxs_utm *utm, const char *url, size_t len, wxs_buffer *out)
{
    const char *hash = memchr(url, '#', len);
    size_t head = hash == NULL ? len : (size_t)(hash - url);
    const char *mark = memchr(url, '?', head);
    const char *query = mark == NULL ? url + head : mark + 1;
    size_t query_len = (size_t)(url + head - query);
    char separator = mark == NULL ? '?' : '&';

    wxs_buffer_add(out, url, head);
    if (mark != NULL && (query_len == 0 || query[query_len - 1] == '&'))
        separator = '\0';
    for (size_t i = 0; i < WXS_UTM_COUNT; i++) {
        if (utm->value[i] == NULL ||
            has_parameter(query, query_len, wxs_utm_names[i]))
            continue;
        if (separator != '\0')
            wxs_buffer_add_byte(out, separator);
        wxs_buffer_add(out, "utm_", 4);
        wxs_buffer_add(out, wxs_utm_names[i], strlen(wxs_utm_names[i]));
        wxs_buffer_add_byte(out, '=');
        add_encoded(utm->value[i], out);
        separator = '&';
    }
    wxs_buffer_add(out, url + head, len - head);
}
