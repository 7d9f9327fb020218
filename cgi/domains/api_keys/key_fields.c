#include "key_fields.h"

#include <string.h>

#include "utf8.h"

static size_t
count_characters(const char *text)
{
    size_t count = 0;
    size_t len = strlen(text);

    while (len > 0) {
        size_t size = wxs_utf8_length(text, len);
        size = size > 0 ? size : 1;
        text += size;
        len -= size;
        count++;
    }
    return count;
}

bool
wxs_parse_key_name(const json_t *body, char name[WXS_KEY_NAME_TEXT],
                   wxs_response *response)
{
    const char *text = NULL;

    if (!wxs_field_string(body, "name", true, 0, &text, response))
        return false;
    if (text[strspn(text, " ")] == '\0') {
        wxs_answer_error(response, 422, "missing_required_field",
                         "Missing `name` field.");
        return false;
    }
    if (count_characters(text) > WXS_KEY_NAME_CHARACTERS) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `name` field must have %d characters or less.",
                         WXS_KEY_NAME_CHARACTERS);
        return false;
    }
    memcpy(name, text, strlen(text) + 1);
    return true;
}
