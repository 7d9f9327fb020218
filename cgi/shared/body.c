#include <string.h>

#include "http.h"

#define DEPTH_MAX 32

/* Deepest nesting of arrays and objects, brackets in strings left out. jansson
 * itself would recurse far deeper. */
static size_t
nesting(const char *body, size_t len)
{
    size_t depth = 0;
    size_t deepest = 0;
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        char c = body[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (in_string)
            continue;
        else if (c == '{' || c == '[')
            deepest = ++depth > deepest ? depth : deepest;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return deepest;
}

static void
answer_parse_error(wxs_response *response, const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_invalid_utf8:
        wxs_answer_error(response, 422, "validation_error",
                         "The request body is not valid UTF-8.");
        break;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        wxs_answer_error(response, 422, "validation_error",
                         "The request body must not contain U+0000.");
        break;
    case json_error_out_of_memory:
        wxs_answer(response, 500, NULL);
        break;
    default:
        wxs_answer_error(response, 400, "validation_error",
                         "The request body is not valid JSON: %s (line %d, "
                         "column %d).",
                         error->text, error->line, error->column);
    }
}

/* Reads any body but an empty one; NULL after answering. */
static json_t *
parse(const wxs_request *request, wxs_response *response)
{
    json_error_t error;
    json_t *body;

    if (memchr(request->body, '\0', request->body_len) != NULL) {
        wxs_answer_error(response, 422, "validation_error",
                         "The request body must not contain U+0000.");
        return NULL;
    }
    if (nesting(request->body, request->body_len) > DEPTH_MAX) {
        wxs_answer_error(response, 422, "validation_error",
                         "The request body is nested over %d levels deep.",
                         DEPTH_MAX);
        return NULL;
    }
    body = json_loadb(request->body, request->body_len,
                      JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (body == NULL)
        answer_parse_error(response, &error);
    return body;
}

static json_t *
read_body(const wxs_request *request, bool may_be_array, wxs_response *response)
{
    json_t *body =
        request->body_len == 0 ? json_object() : parse(request, response);

    if (body == NULL) {
        if (response->status == 0)
            wxs_answer(response, 500, NULL);
        return NULL;
    }
    if (json_is_object(body) || (may_be_array && json_is_array(body)))
        return body;
    json_decref(body);
    wxs_answer_error(response, 422, "validation_error",
                     "The request body must be a JSON object%s.",
                     may_be_array ? " or an array of them" : "");
    return NULL;
}

json_t *
wxs_body_object(const wxs_request *request, wxs_response *response)
{
    return read_body(request, false, response);
}

json_t *
wxs_body_object_or_array(const wxs_request *request, wxs_response *response)
{
    return read_body(request, true, response);
}

/* The field, NULL if it is absent or null; *ok is false after answering that a
 * required one is. */
static const json_t *
find_field(const json_t *body, const char *name, bool required, bool *ok,
           wxs_response *response)
{
    const json_t *field = json_object_get(body, name);

    *ok = true;
    if (field != NULL && !json_is_null(field))
        return field;
    if (required) {
        *ok = false;
        wxs_answer_error(response, 422, "missing_required_field",
                         "Missing `%s` field.", name);
    }
    return NULL;
}

bool
wxs_field_string(const json_t *body, const char *name, bool required,
                 size_t max, const char **value, wxs_response *response)
{
    bool ok;
    const json_t *field = find_field(body, name, required, &ok, response);

    if (field == NULL)
        return ok;
    if (!json_is_string(field)) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `%s` field must be a string.", name);
        return false;
    }
    if (max > 0 && json_string_length(field) > max) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `%s` field must be at most %zu bytes long.", name,
                         max);
        return false;
    }
    *value = json_string_value(field);
    return true;
}

bool
wxs_field_bool(const json_t *body, const char *name, bool required, bool *value,
               wxs_response *response)
{
    bool ok;
    const json_t *field = find_field(body, name, required, &ok, response);

    if (field == NULL)
        return ok;
    if (!json_is_boolean(field)) {
        wxs_answer_error(response, 422, "validation_error",
                         "The `%s` field must be a boolean.", name);
        return false;
    }
    *value = json_is_true(field);
    return true;
}
