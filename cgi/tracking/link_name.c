#include "link_name.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

static bool
is(const char *name, size_t len, const char *wanted)
{
    return strlen(wanted) == len && strncasecmp(name, wanted, len) == 0;
}

wxs_link_name_type
wxs_link_name_kind(const char *name, size_t len)
{
    if (is(name, len, "data-waxseal-name") ||
        is(name, len, "data-msys-linkname"))
        return WXS_LINK_NAME;
    if (is(name, len, "data-waxseal-tags") || is(name, len, "ses:tags"))
        return WXS_LINK_TAGS;
    return WXS_LINK_OTHER;
}

static void
trim(const char **text, size_t *len)
{
    while (*len > 0 && (unsigned char)**text <= ' ') {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && (unsigned char)(*text)[*len - 1] <= ' ')
        (*len)--;
}

static bool
is_text(const char *text, size_t len)
{
    for (size_t i = 0, size; i < len; i += size) {
        size = text[i] == '\0' ? 0 : wxs_utf8_length(text + i, len - i);
        if (size == 0)
            return false;
    }
    return true;
}

static bool
add_pair(json_t *object, const char *pair, size_t len)
{
    const char *colon = memchr(pair, ':', len);
    const char *value = colon == NULL ? pair + len : colon + 1;
    size_t value_len = (size_t)(pair + len - value);
    size_t key_len = colon == NULL ? len : (size_t)(colon - pair);

    trim(&pair, &key_len);
    trim(&value, &value_len);
    if (key_len == 0 || !is_text(pair, key_len) || !is_text(value, value_len))
        return true;
    return json_object_setn_new(object, pair, key_len,
                                json_stringn(value, value_len)) == 0;
}

json_t *
wxs_link_tags_json(const char *tags, size_t len)
{
    json_t *object = json_object();
    const char *end = tags + len;

    while (object != NULL && tags < end &&
           json_object_size(object) < WXS_LINK_TAG_MAX) {
        const char *stop = memchr(tags, ';', (size_t)(end - tags));
        size_t pair = (size_t)((stop == NULL ? end : stop) - tags);

        if (!add_pair(object, tags, pair)) {
            json_decref(object);
            return NULL;
        }
        tags += stop == NULL ? pair : pair + 1;
    }
    return object;
}
