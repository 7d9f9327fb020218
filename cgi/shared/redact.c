#include "redact.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define DEPTH_MAX 32

static bool
is_secret(const char *field)
{
    static const char *const secret[] = {"token", "private_key",
                                         "signing_secret", "password", "key"};

    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
        if (strcmp(field, secret[i]) == 0)
            return true;
    }
    return false;
}

/* Replaces secrets in json, which is changed; false without memory or where it
 * is nested too deep. */
static bool
replace(json_t *json, int depth)
{
    const char *name;
    void *next;
    size_t i;
    json_t *value;

    if (depth > DEPTH_MAX)
        return false;
    json_object_foreach_safe(json, next, name, value)
    {
        if (!is_secret(name) || !json_is_string(value)) {
            if (!replace(value, depth + 1))
                return false;
        } else if (json_object_set_new(json, name, json_string("[redacted]")) !=
                   0) {
            return false;
        }
    }
    json_array_foreach(json, i, value)
    {
        if (!replace(value, depth + 1))
            return false;
    }
    return true;
}

/* Takes over json. */
static char *
dump(json_t *json)
{
    char *text = NULL;

    if (json != NULL && replace(json, 0))
        text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(json);
    if (text != NULL && strlen(text) > WXS_REDACT_MAX) {
        free(text);
        text = NULL;
    }
    return text;
}

char *
wxs_redact_body(const char *body, size_t len)
{
    if (len == 0 || len > WXS_REDACT_MAX)
        return NULL;
    return dump(json_loadb(body, len, 0, NULL));
}

char *
wxs_redact_json(const json_t *json)
{
    return json == NULL ? NULL : dump(json_deep_copy(json));
}

void
wxs_redact_text(const char *text, char *copy, size_t cap)
{
    size_t len = strlen(text);
    size_t used = 0;

    while (len > 0) {
        size_t size = wxs_utf8_length(text, len);
        bool plain = size > 0 && (size > 1 || (*text >= ' ' && *text != 0x7f));
        size_t taken = size > 0 ? size : 1;

        if (used + (plain ? size : 1) >= cap)
            break;
        if (plain)
            memcpy(copy + used, text, size);
        else
            copy[used] = '?';
        used += plain ? size : 1;
        text += taken;
        len -= taken;
    }
    copy[used] = '\0';
}
