/* Request bodies: an object, or an answer that says what is wrong. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *body = malloc(size + 1);
    wxs_request request = {.body = body, .body_len = size};
    wxs_response response = {0};
    const char *text = NULL;
    bool flag = false;
    json_t *object;

    if (body == NULL)
        abort();
    memcpy(body, data, size);
    body[size] = '\0';
    object = wxs_body_object(&request, &response);
    if (object == NULL) {
        if (response.json == NULL ||
            (response.status != 400 && response.status != 422))
            abort();
    } else {
        if (response.status != 0)
            abort();
        if (wxs_field_string(object, "name", true, 10, &text, &response) &&
            strlen(text) > 10)
            abort();
        wxs_field_bool(object, "flag", false, &flag, &response);
        json_decref(object);
    }
    wxs_response_clear(&response);
    free(body);
    return 0;
}
