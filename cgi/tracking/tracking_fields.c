#include "tracking_fields.h"

#include <stdio.h>
#include <string.h>

#define PATH_SIZE 64

const json_t *
wxs_optional(const json_t *object, const char *name)
{
    const json_t *field = json_object_get(object, name);

    return json_is_null(field) ? NULL : field;
}

bool
wxs_refuse_field(wxs_response *response, const char *field, const char *rule)
{
    wxs_answer_error(response, 422, "validation_error",
                     "The `%s` field must be %s.", field, rule);
    return false;
}

bool
wxs_read_switch(const json_t *object, const char *name, const char *path,
                bool *value, wxs_response *response)
{
    const json_t *field = wxs_optional(object, name);

    if (field == NULL)
        return true;
    if (!json_is_boolean(field))
        return wxs_refuse_field(response, path, "a boolean");
    *value = json_is_true(field);
    return true;
}

static const char *
path_of(char path[PATH_SIZE], const char *under, const char *name)
{
    (void)snprintf(path, PATH_SIZE, "%s%s", under, name);
    return path;
}

static bool
read_flag(const json_t *object, const char *under, const char *name,
          bool *value, wxs_response *response)
{
    char path[PATH_SIZE];

    return wxs_read_switch(object, name, path_of(path, under, name), value,
                           response);
}

static bool
read_mode(const json_t *object, const char *under, wxs_mode *mode,
          wxs_response *response)
{
    const json_t *field = wxs_optional(object, "mode");
    char path[PATH_SIZE];

    if (field == NULL || wxs_mode_read(json_string_value(field), mode))
        return true;
    return wxs_refuse_field(response, path_of(path, under, "mode"),
                            "off, anonymous, pseudonymous or full");
}

/* A field with two words; *value says whether it is the second. */
static bool
read_choice(const json_t *object, const char *under, const char *name,
            const char *const words[2], bool *value, wxs_response *response)
{
    const json_t *field = wxs_optional(object, name);
    const char *text = json_string_value(field);
    char path[PATH_SIZE];
    char rule[PATH_SIZE];

    if (field == NULL)
        return true;
    for (int i = 0; text != NULL && i < 2; i++) {
        if (strcmp(text, words[i]) == 0) {
            *value = i == 1;
            return true;
        }
    }
    (void)snprintf(rule, sizeof(rule), "%s or %s", words[0], words[1]);
    return wxs_refuse_field(response, path_of(path, under, name), rule);
}

static bool
read_utm_value(const json_t *field, const char **value)
{
    *value = json_is_null(field) ? NULL : json_string_value(field);
    return field == NULL || json_is_null(field) ||
           (*value != NULL && **value != '\0' &&
            json_string_length(field) <= WXS_UTM_VALUE_MAX);
}

static bool
read_utm(const json_t *object, const char *under, wxs_utm *utm,
         wxs_response *response)
{
    const json_t *field = json_object_get(object, "utm");
    wxs_utm read = {{NULL}};
    char path[PATH_SIZE];

    if (field == NULL)
        return true;
    if (!json_is_null(field) && !json_is_object(field))
        return wxs_refuse_field(response, path_of(path, under, "utm"),
                                "an object");
    for (size_t i = 0; i < WXS_UTM_COUNT; i++)
        if (!read_utm_value(json_object_get(field, wxs_utm_names[i]),
                            &read.value[i]))
            return wxs_refuse_field(
                response, path_of(path, under, "utm"),
                "an object of strings of 1 to 200 bytes: source, medium, "
                "campaign, term, content");
    *utm = read;
    return true;
}

bool
wxs_tracking_fields_read(const json_t *object, const char *under,
                         wxs_tracking_fields *fields, wxs_response *response)
{
    static const char *const links[2] = {"signed", "table"};
    static const char *const pixels[2] = {"bottom", "both"};

    return read_mode(object, under, &fields->mode, response) &&
           read_flag(object, under, "metadata", &fields->metadata, response) &&
           read_flag(object, under, "text", &fields->text_links, response) &&
           read_choice(object, under, "pixel", pixels, &fields->top_pixel,
                       response) &&
           read_choice(object, under, "links", links, &fields->table_links,
                       response) &&
           read_utm(object, under, &fields->utm, response);
}

void
wxs_utm_read_stored(const json_t *object, wxs_utm *utm)
{
    memset(utm, 0, sizeof(*utm));
    for (size_t i = 0; i < WXS_UTM_COUNT; i++)
        if (!read_utm_value(json_object_get(object, wxs_utm_names[i]),
                            &utm->value[i]))
            utm->value[i] = NULL;
}
